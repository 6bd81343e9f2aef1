//go:build race

package exec

// raceDetector tells tests that every step costs ten times as much.
const raceDetector = true
