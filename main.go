// Command authdance shows OAuth 2 and OpenID Connect flows step by step, in the
// terminal and offline. Everything is built in ui/cli; this only ends the process.
package main

import (
	"os"

	"authdance/ui/cli"
)

func main() { os.Exit(cli.Main()) }
