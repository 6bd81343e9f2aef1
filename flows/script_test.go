package flows_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"authdance/flows"
	"authdance/flows/grants"
	"authdance/flows/wire"
	"authdance/ui/uitest"
)

// TestScripts plays every testdata/*.flow file. A line that starts with ">" is
// what the machine did; all other lines are commands (see script.do) or comments.
// -update rewrites the ">" lines; a person reads the difference.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.flow")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".flow"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := (&script{at: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}).play(t, string(want))
			if uitest.Updating() {
				if err := os.WriteFile(f, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s differs (run with -update and read the difference)\n--- got\n%s", f, got)
			}
		})
	}
}

type script struct {
	header []flows.Param // of the answer to come
	at     time.Time
	log    flows.Log
	state  flows.State
	out    strings.Builder
}

func (s *script) play(t *testing.T, text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, ">") {
			continue
		}
		s.out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cmd, rest, _ := strings.Cut(line, " ")
		if err := s.do(cmd, rest); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return s.out.String()
}

func (s *script) say(format string, a ...any) { fmt.Fprintf(&s.out, "> "+format+"\n", a...) }

// do runs one command.
//
//	start GRANT name=value … opt:pkce=plain secret:client_secret=x; "+" in a scope, resource or option is a space
//	next [STEP]          the person asks for the next step, or for STEP again
//	draw [name=value …]  answers Draw; what is not given is "drawn-NAME"
//	answer STATUS BODY   answers Send; $JWT{claim=x} (a token of the issuer for the client), $ID_TOKEN, $ID_TOKEN{aud=x} and $JWKS are filled in.
//	                     In the braces "typ=", "kid=" and "alg=" are header members, "=-" drops a
//	                     claim, "=now+60" is so many seconds from now, signed_by=other takes another key, "=hash(v)" is the half hash of v, "=json(v)" is a JSON value
//	                     with | for commas
//	header NAME VALUE    goes with the next answer
//	away                 answers Browse: the person is on the way, nobody comes back
//	redirect name=value  answers Browse; via=paste or via=simulated; $state and $issuer are filled in
//	observe STATUS URL   a page inside Browse
//	signed [TOKEN]       answers Sign; without TOKEN it is NAME-ID
//	decrypted TEXT       answers Decrypt
//	published URL        answers Publish
//	arrived METHOD URL name=value …   answers Listen; Authorization is a header, body the body
//	break CODE TEXT, elapsed, cancel, tick DURATION
//	edit STEP set|drop|add NAME VALUE; edit STEP restores
//	late N               an answer to effect N, which nobody waits for
//	rewind N             what the run looked like N entries ago
//	fork N               another line of history from N entries ago
//	show steps|checks|NAME…
func (s *script) do(cmd, rest string) error {
	args := strings.Fields(rest)
	id := 0
	if s.state.Pending != nil {
		id = s.state.Pending.EffectID()
	}
	switch cmd {
	case "start":
		return s.start(args)
	case "next":
		s.apply(flows.Advanced{To: rest})
	case "draw":
		vals := flows.Vars{}
		if d, ok := s.state.Pending.(flows.Draw); ok {
			for _, n := range d.Names {
				vals[n] = wire.Untrusted("drawn-" + n + strings.Repeat("-", max(0, 37-len(n))))
			}
			for _, k := range d.Keys {
				vals[k.Name] = wire.Untrusted(scriptJWK(k.Name))
			}
			if d.Redirect != "" {
				vals["redirect_uri"] = wire.Untrusted(strings.Replace(d.Redirect.Raw(), ":0/", ":9501/", 1))
			}
		}
		for _, p := range s.pairs(args) {
			vals[p.Name] = p.Value
		}
		s.apply(flows.Drawn{ID: id, Values: vals})
	case "answer":
		status, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		header := append([]flows.Param{{Name: "Content-Type", Value: "application/json"}}, s.header...)
		if slices.ContainsFunc(s.header, func(p flows.Param) bool { return p.Name == "Content-Type" }) {
			header = s.header
		}
		s.header = nil
		x := flows.Exchange{Response: flows.Response{Status: status, Header: header,
			Body: wire.Untrusted(s.fill(strings.TrimPrefix(rest[len(args[0]):], " ")))}}
		if fx, ok := s.state.Pending.(flows.Send); ok {
			x.Request = fx.Request
		}
		s.apply(flows.Received{ID: id, Exchange: x})
	case "header":
		name, val, _ := strings.Cut(rest, " ")
		s.header = append(s.header, flows.Param{Name: name, Value: wire.Untrusted(s.fill(val))})
	case "away":
		s.apply(flows.Redirected{ID: id, Via: flows.Away})
	case "redirect":
		r := flows.Redirected{ID: id, Via: flows.Listener, Request: flows.Request{Method: "GET", URL: s.state.Vars["redirect_uri"]}}
		for _, p := range s.pairs(args) {
			if p.Name == "via" {
				r.Via = flows.Via(p.Value)
				continue
			}
			r.Request.Query = append(r.Request.Query, p)
		}
		s.apply(r)
	case "observe":
		status, _ := strconv.Atoi(args[0])
		s.apply(flows.Observed{ID: id, Exchange: flows.Exchange{Request: flows.Request{Method: "GET", URL: wire.Untrusted(args[1])}, Response: flows.Response{Status: status}}})
	case "signed":
		if fx, ok := s.state.Pending.(flows.Sign); ok && rest == "" {
			rest = fmt.Sprintf("%s-%d", fx.Draft.Name, id)
		}
		s.apply(flows.Signed{ID: id, Token: wire.Untrusted(s.fill(rest))})
	case "published":
		s.apply(flows.Published{ID: id, URL: wire.Untrusted(rest)})
	case "decrypted":
		s.apply(flows.Decrypted{ID: id, Text: wire.Untrusted(s.fill(rest))})
	case "arrived":
		s.arrived(id, args)
	case "break":
		s.apply(flows.Broke{ID: id, Code: args[0], Message: wire.Untrusted(strings.Join(args[1:], " "))})
	case "elapsed":
		s.apply(flows.Elapsed{ID: id})
	case "cancel":
		s.apply(flows.Cancelled{})
	case "tick":
		d, err := time.ParseDuration(rest)
		s.at = s.at.Add(d)
		return err
	case "edit":
		ev := flows.Edited{Step: args[0]}
		if len(args) > 1 {
			ed := flows.Edit{Op: flows.Op(args[1]), Name: args[2]}
			if len(args) > 3 {
				ed.Value = wire.Untrusted(args[3])
			}
			ev.Edits = []flows.Edit{ed}
		}
		s.apply(ev)
	case "late":
		n, err := strconv.Atoi(rest)
		s.apply(flows.Received{ID: n})
		return err
	case "rewind":
		n, err := strconv.Atoi(rest)
		past, _ := s.log.At(len(s.log.Entries) - n)
		s.tell(past, nil)
		return err
	case "fork":
		n, err := strconv.Atoi(rest)
		s.log = s.log.Fork(len(s.log.Entries) - n)
		var fx []flows.Effect
		s.state, fx = s.log.At(len(s.log.Entries))
		s.tell(s.state, fx)
		return err
	case "show":
		s.show(args)
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (s *script) arrived(id int, args []string) {
	r := flows.Request{Method: args[0], URL: wire.Untrusted(args[1])}
	for _, p := range s.pairs(args[2:]) {
		switch p.Name {
		case "Authorization":
			p.Value = "Bearer " + p.Value
			r.Header = append(r.Header, p)
		case "body":
			r.Body = p.Value
		default:
			r.Form = append(r.Form, p)
		}
	}
	s.apply(flows.Arrived{ID: id, Request: r})
}

func (s *script) start(args []string) error {
	spec := flows.Spec{Grant: args[0], Options: map[string]string{}}
	vars, secrets := flows.Vars{}, flows.Secrets{}
	for _, p := range s.pairs(args[1:]) {
		if p.Name == "scope" || p.Name == "resource" {
			p.Value = wire.Untrusted(strings.ReplaceAll(p.Value.Raw(), "+", " "))
		}
		if name, ok := strings.CutPrefix(p.Name, "opt:"); ok {
			spec.Options[name] = strings.ReplaceAll(p.Value.Raw(), "+", " ")
		} else if name, ok := strings.CutPrefix(p.Name, "secret:"); ok {
			secrets[name] = wire.NewSecret(p.Value.Raw())
		} else {
			vars[p.Name] = p.Value
		}
	}
	ev, err := grants.Start(spec, flows.Profile{ID: "script", Class: "TEST"}, vars, secrets, nil)
	if err == nil {
		s.apply(ev)
	}
	return err
}

func (s *script) apply(e flows.Event) {
	s.at = s.at.Add(time.Second)
	var fx []flows.Effect
	before := len(s.state.Checks())
	s.log = s.log.Append(s.at, e)
	s.state, fx = flows.Apply(s.state, flows.Entry{At: s.at, Event: e})
	if all := s.state.Checks(); len(all) > before {
		for _, c := range all[before:] {
			if c.Status != wire.Pass && c.Status != wire.NA {
				s.say("%s %s: %s", c.Status, c.ID, c.Message)
			}
		}
	}
	s.tell(s.state, fx)
}

func (s *script) tell(st flows.State, fx []flows.Effect) {
	for _, f := range fx {
		switch f := f.(type) {
		case flows.Draw:
			s.say("#%d draw%s", f.ID, drawn(f))
		case flows.Wait:
			s.say("#%d wait %s", f.ID, f.For)
		case flows.Browse:
			resume := ""
			if f.Resume {
				resume = " again"
			}
			s.say("#%d browse%s %s", f.ID, resume, f.Request.Target())
		case flows.Sign:
			with := f.Key
			if with == "" {
				with = fmt.Sprintf("a secret of %d bytes", f.Secret.Len())
			}
			s.say("#%d sign %s with %s", f.ID, f.Draft.Name, with)
			claims := slices.Clone(f.Draft.Claims)
			for i := range claims {
				if claims[i].Fresh {
					claims[i].Value = "(fresh)"
				}
			}
			s.say("   %s", flows.Object(f.Draft.Header))
			s.say("   %s", flows.Object(claims))
			if f.To != nil {
				s.say("   encrypted with %s, %s for %s", f.To.Alg, f.To.Enc, strings.Join(strings.Fields(f.To.JWK.Raw()), ""))
			}
		case flows.Decrypt:
			s.say("#%d decrypt %s with %s", f.ID, f.Token.Raw(), f.Key)
		case flows.Publish:
			s.say("#%d publish %s at %s", f.ID, f.Type, f.URL.Raw())
		case flows.Listen:
			s.say("#%d listen for %s %s, answer %d", f.ID, f.Method, f.URL.Raw(), f.Reply.Status)
		case flows.Send:
			s.say("#%d %s %s", f.ID, f.Request.Method, f.Request.Target())
			if f.Cert != "" {
				s.say("   with the certificate %s", f.Cert)
			}
			for _, h := range f.Request.Header {
				if h.Name != "Accept" && h.Name != "Content-Type" {
					s.say("   %s: %s", h.Name, h.Value.Raw())
				}
			}
			if body := f.Request.Payload(); body != "" {
				s.say("   %s", body)
			}
		}
	}
	where := "end"
	if step, ok := st.Current(); ok {
		where = step.ID
	}
	line := fmt.Sprintf("%s at %s", st.Status, where)
	if st.Problem != nil {
		line += fmt.Sprintf(": %s %s %q", st.Problem.Kind, st.Problem.Code, st.Problem.Description.Raw())
	}
	if st.Edited > 0 {
		line += fmt.Sprintf(" (%d edited)", st.Edited)
	}
	s.say("%s", line)
}

func drawn(f flows.Draw) string {
	out := ""
	for _, n := range f.Names {
		out += " " + n
	}
	for _, k := range f.Keys {
		out += " key:" + strings.TrimSuffix(k.Name+" "+k.Alg, " ")
	}
	return out
}

// scriptJWK is the public half of every key in scripts.
func scriptJWK(name string) string {
	pub := key().Public().(ed25519.PublicKey)
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"%s-1","x":%q}`, name, base64.RawURLEncoding.EncodeToString(pub))
}

func (s *script) show(args []string) {
	for _, a := range args {
		switch a {
		case "steps":
			for i, st := range s.state.Grant.Steps {
				s.say("%-8s %s", s.state.StatusOf(i), st.ID)
			}
		case "checks":
			for _, c := range s.state.Checks() {
				s.say("%-7s %s", c.Status, c.ID)
			}
		default:
			s.say("%s = %s", a, s.state.Vars[a].Raw())
		}
	}
}

func (s *script) pairs(args []string) []flows.Param {
	var out []flows.Param
	for _, a := range args {
		name, val, _ := strings.Cut(a, "=")
		out = append(out, flows.Param{Name: name, Value: wire.Untrusted(s.fill(val))})
	}
	return out
}

var jwtCall = regexp.MustCompile(`\$JWT(\{[^}]*\})?`)

// jwt is a signed token with these claims; a dot makes an object (cnf.jkt=x),
// name=- leaves one out, and signed_by=other takes another key.
func (s *script) jwt(over []string) string {
	by, claims := key(), map[string]any{"iss": s.state.Vars["issuer"].Raw(), "aud": s.state.Vars["client_id"].Raw(), "exp": s.at.Unix() + 600}
	for _, o := range over {
		name, val, _ := strings.Cut(o, "=")
		outer, inner, nested := strings.Cut(name, ".")
		switch n, err := strconv.ParseInt(val, 10, 64); {
		case name == "":
		case nested:
			claims[outer] = map[string]any{inner: val}
		case name == "signed_by":
			by = ed25519.NewKeyFromSeed([]byte("another key: 32 bytes, of nobody"))
		case val == "-":
			delete(claims, name)
		case err == nil:
			claims[name] = n
		default:
			claims[name] = val
		}
	}
	return signedJWT(by, map[string]any{"alg": "EdDSA", "kid": "k1", "typ": "JWT"}, claims)
}

func signedJWT(by ed25519.PrivateKey, header, claims map[string]any) string {
	enc := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := enc(header) + "." + enc(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(by, []byte(text)))
}

var idTokenCall = regexp.MustCompile(`\$ID_TOKEN(\{[^{}]*(\{[^{}]*\}[^{}]*)*\})?`)

// halfHash binds a value to a token that is signed with EdDSA (OIDC Core §3.1.3.6).
func halfHash(val string) string {
	sum := sha512.Sum512([]byte(val))
	return base64.RawURLEncoding.EncodeToString(sum[:32])
}

func (s *script) fill(text string) string {
	text = strings.NewReplacer("$state", s.state.Vars["state"].Raw(), "$issuer", s.state.Vars["issuer"].Raw(), "$jkt", s.state.Vars["dpop_jkt"].Raw()).Replace(text)
	text = jwtCall.ReplaceAllStringFunc(text, func(call string) string {
		return s.jwt(strings.Split(strings.Trim(strings.TrimPrefix(call, "$JWT"), "{}"), ","))
	})
	text = idTokenCall.ReplaceAllStringFunc(text, func(call string) string {
		over := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(call, "$ID_TOKEN"), "{"), "}")
		return s.idToken(strings.Split(over, ","))
	})
	pub := key().Public().(ed25519.PublicKey)
	jwks := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"k1","x":%q}]}`, base64.RawURLEncoding.EncodeToString(pub))
	r := strings.NewReplacer("$JWKS", jwks, "$state", s.state.Vars["state"].Raw(), "$issuer", s.state.Vars["issuer"].Raw(), "$client_notification_token", s.state.Vars["client_notification_token"].Raw())
	return r.Replace(text)
}

func key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("a key for scripts, 32 bytes long"))
}

func (s *script) idToken(over []string) string {
	claims := map[string]any{"iss": s.state.Vars["issuer"].Raw(), "aud": s.state.Vars["client_id"].Raw(), "sub": "alice", "iat": s.at.Unix(), "exp": s.at.Unix() + 600,
		"nonce": s.state.Vars["nonce"].Raw(), "at_hash": halfHash("at1")}
	header := map[string]any{"alg": "EdDSA", "kid": "k1", "typ": "JWT"}
	by := key()
	for _, o := range over {
		name, val, _ := strings.Cut(o, "=")
		switch name {
		case "":
		case "kid", "typ", "alg":
			header[name] = val
		case "signed_by":
			by = ed25519.NewKeyFromSeed([]byte("another key: 32 bytes, of nobody"))
		default:
			claims[name] = val
			if inner, ok := strings.CutPrefix(val, "hash("); ok {
				claims[name] = halfHash(strings.TrimSuffix(inner, ")"))
			}
			if inner, ok := strings.CutPrefix(val, "json("); ok {
				claims[name] = json.RawMessage(strings.ReplaceAll(strings.TrimSuffix(inner, ")"), "|", ","))
			}
			if after, ok := strings.CutPrefix(val, "now"); ok {
				n, _ := strconv.ParseInt(after, 10, 64)
				claims[name] = s.at.Unix() + n
			}
			if val == "-" {
				delete(claims, name)
			}
		}
	}
	token := signedJWT(by, header, claims)
	if header["alg"] == "none" {
		token = token[:strings.LastIndex(token, ".")+1]
	}
	return token
}
