package cli

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"authdance/flows/lab"
	"authdance/flows/wire"
)

// labFlags are the flags of lab.
type labFlags struct {
	addr, apiAddr   string
	tlsAddr, keys   string
	faults, tenants []string
	dialect         string
	list, json      bool
}

func labCommand(c *console) *cobra.Command {
	f := &labFlags{}
	cmd := &cobra.Command{
		Use: "lab", Short: "Serve the lab on this computer until interrupted",
		Long: "Serve the lab, an authorization server with an API, on this computer until interrupted (Ctrl-C).\n" +
			"Its keys are new each time and nothing is kept: it is for learning and for tests. Each request is\n" +
			"one line on stderr: what was asked, what was answered, and why.",
		Example: "authdance lab --addr 127.0.0.1:9400\nauthdance lab --fault nonce_mismatch --dialect entra\nauthdance lab --tenant customer-a --tenant customer-b\nauthdance lab --write-keys ./lab-keys",
		Args:    nothing,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.lab(cmd.Context(), f) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.addr, "addr", "", "`HOST:PORT` on this computer (default 127.0.0.1 and any free port)")
	fs.StringVar(&f.apiAddr, "api-addr", "", "`HOST:PORT` of the API (default 127.0.0.1 and any free port)")
	fs.StringVar(&f.tlsAddr, "tls-addr", "", "`HOST:PORT` with TLS, for clients with a certificate (default 127.0.0.1 and any free port)")
	fs.StringArrayVar(&f.tenants, "tenant", nil, "one more issuer, by `NAME`, with users, clients and keys of its own")
	fs.StringArrayVar(&f.faults, "fault", nil, "switch on a fault, by `KEY`")
	fs.StringVar(&f.dialect, "dialect", "", "refuse in the words of a product, by `NAME`")
	fs.StringVar(&f.keys, "write-keys", "", "write its CA, its clients' certificates and keys, and assertions good for an hour into the directory `DIR`")
	fs.BoolVar(&f.list, "list-faults", false, "list the faults and dialects and end")
	fs.BoolVar(&f.json, "json", false, "one JSON document, then serve")
	fs.BoolVar(&c.quiet, "quiet", false, "no line for each request")
	_ = cmd.RegisterFlagCompletionFunc("fault", completeFaults)
	_ = cmd.RegisterFlagCompletionFunc("dialect", completeDialects)
	return cmd
}

func (c *console) lab(ctx context.Context, f *labFlags) error {
	begin := lab.Start
	if f.list {
		begin = lab.New
	}
	journal := c.newJournal()
	defer journal.close()
	l, err := begin(lab.Options{Addr: f.addr, APIAddr: f.apiAddr, TLSAddr: f.tlsAddr, Tenants: f.tenants, Served: journal.served})
	if err != nil {
		return usage("%v", err)
	}
	defer l.Close()
	if err := spoil(l, f.faults, f.dialect); err != nil {
		return err
	}
	if f.list {
		return c.faults(l, f.json)
	}
	d := labOf(l, f.tenants)
	if f.keys != "" {
		dir, err := filepath.Abs(f.keys)
		if err != nil {
			return usage("%v", err)
		}
		if err := writeKeys(l, f.tenants, dir); err != nil {
			return err
		}
		d.Keys = dir
		d.Try.tryFiles(l, dir)
	}
	if f.json {
		err = c.document(d)
	} else {
		c.labText(l, d)
	}
	if err != nil || c.out.failed() != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// checkSpoil says what is wrong with the names of faults and of a dialect.
func checkSpoil(l *lab.Lab, faults []string, dialect string) error {
	for _, key := range faults {
		if err := l.CheckFault(key); err != nil {
			return usage("%s", wire.Safe(err.Error()))
		}
	}
	if dialect != "" && !slices.ContainsFunc(lab.Dialects(), func(d lab.Dialect) bool { return d.Name == dialect }) {
		return usage("the lab has no dialect %q; authdance lab --list-faults lists them", wire.Safe(dialect))
	}
	return nil
}

// spoil switches faults on and chooses the dialect.
func spoil(l *lab.Lab, faults []string, dialect string) error {
	if err := checkSpoil(l, faults, dialect); err != nil {
		return err
	}
	for _, key := range faults {
		if err := l.SetFault(key, true); err != nil {
			return &outcome{exitBug, err.Error()}
		}
	}
	if err := l.SetDialect(dialect); err != nil {
		return &outcome{exitBug, err.Error()}
	}
	return nil
}
