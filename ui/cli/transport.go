package cli

import (
	"context"

	"github.com/spf13/pflag"

	"authdance/flows"
	"authdance/flows/exec"
	"authdance/flows/files"
	"authdance/flows/grants"
	"authdance/flows/wire"
)

// transportFlags say how the network is reached.
type transportFlags struct {
	caFile, proxy string
	insecure      bool
	timeout       timeout
}

func (f *transportFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` of authorities to trust beside the system's")
	fs.BoolVar(&f.insecure, "insecure-skip-verify", false, "do not check certificates: anybody between can read and change everything")
	fs.StringVar(&f.proxy, "proxy", "", "`URL` of a proxy, or none (default: the environment's)")
	fs.Var(&f.timeout, "timeout", "longest `TIME` to wait for one answer, such as 10s (default 30s for a server, 10m for a browser)")
}

// options are the common part of every performer.
func (c *console) options(f *transportFlags) exec.Options {
	return exec.Options{CAFile: f.caFile, Insecure: f.insecure, Proxy: f.proxy, Timeout: f.timeout.d, BrowserTimeout: f.timeout.d, Now: c.now, Crashed: c.crashed}
}

// maxCAFile is the most that a file of authorities may hold, in bytes; the
// bundle of a whole system has about 200 KiB.
const maxCAFile = 4 << 20

// live makes the performer for the network. Its error names an option.
func live(o exec.Options) (*exec.Live, error) {
	if o.CAFile != "" {
		// exec reads whatever it is given to its end; a pipe or a device has none.
		if _, err := files.Read(o.CAFile, maxCAFile); err != nil {
			return nil, usage("--ca-file: %v; give the path of a PEM file", err)
		}
	}
	l, err := exec.NewLive(o)
	if err != nil {
		return nil, usage("%v", err)
	}
	return l, nil
}

// fetch gets one document. It follows no redirect and has the limits of every
// other exchange. what names the flag that asked for it.
func (c *console) fetch(ctx context.Context, f *transportFlags, address, what string) ([]byte, error) {
	l, err := live(c.options(f))
	if err != nil {
		return nil, err
	}
	defer l.Close()
	ev := l.Perform(ctx, flows.Send{ID: 1, Request: flows.Request{Method: "GET", URL: wire.Untrusted(address),
		Header: []flows.Param{{Name: "Accept", Value: "application/jwk-set+json, application/json"}}}})
	switch e := ev.(type) {
	case flows.Received:
		if e.Exchange.Response.Status != 200 {
			return nil, &outcome{exitNetwork, what + ": " + wire.Safe(address) + " answered " + statusText(e.Exchange.Response.Status) + " instead of the keys"}
		}
		return []byte(e.Exchange.Response.Body.Raw()), nil
	case flows.Broke:
		return nil, &outcome{exitNetwork, what + ": " + e.Message.Safe()}
	}
	return nil, &outcome{exitBug, what + ": no answer that could be read"}
}

// fetchKeys finds the key set of an issuer through its metadata, with the
// checks of the discovery flow.
func (c *console) fetchKeys(ctx context.Context, f *transportFlags, issuer string) ([]byte, error) {
	l, err := live(c.options(f))
	if err != nil {
		return nil, err
	}
	defer l.Close()
	started, err := grants.Start(flows.Spec{Grant: "discovery"}, flows.Profile{ID: adHoc}, flows.Vars{"issuer": wire.Untrusted(issuer)}, nil, nil)
	if err != nil {
		return nil, &outcome{exitBug, err.Error()}
	}
	log := exec.Run(ctx, flows.Log{}.Append(c.now(), started), c.now, l, nil)
	s, _ := log.At(len(log.Entries))
	if s.Problem != nil {
		return nil, &outcome{codeOf(s), "--fetch: " + problemLine(s.Problem)}
	}
	if s.Vars["jwks_uri"] == "" {
		return nil, &outcome{exitCheck, "--fetch: the metadata of " + wire.Safe(issuer) + " names no jwks_uri"}
	}
	return c.fetch(ctx, f, s.Vars["jwks_uri"].Raw(), "--fetch")
}
