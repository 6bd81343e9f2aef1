package cli

import (
	"github.com/spf13/cobra"

	"authdance/flows/lab"
)

func (c *console) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list, _, _ := c.profiles().List()
	out := []string{labProfile + "\tthe built-in lab"}
	for _, p := range list {
		out = append(out, p.ID+"\t"+oneLine(p.Name))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func completeFaults(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	l, err := lab.New(lab.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer l.Close()
	var out []string
	for _, f := range l.Faults() {
		out = append(out, f.Key+"\t"+f.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func completeDialects(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, d := range lab.Dialects() {
		out = append(out, d.Name+"\t"+d.Product)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
