//go:build race

package cli

// scripts are those of commands in which several things happen at once; the
// others would only be slow under the race detector.
const scripts = "testdata/script/[lr]*.txtar"
