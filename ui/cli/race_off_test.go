//go:build !race

package cli

// scripts are all.
const scripts = "testdata/script/*.txtar"
