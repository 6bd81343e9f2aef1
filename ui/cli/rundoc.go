package cli

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"authdance/flows"
	"authdance/flows/diagnose"
	"authdance/flows/jose"
	"authdance/flows/record"
	"authdance/flows/wire"
)

// The document of run --json, member for member as the contract has it.
type (
	runDoc struct {
		Schema   int              `json:"schema"`
		Flow     string           `json:"flow"`
		Profile  string           `json:"profile"`
		Status   flows.Status     `json:"status"`
		Edited   bool             `json:"edited"`
		Problem  *problemDoc      `json:"problem"`
		Steps    []stepDoc        `json:"steps"`
		Tokens   tokensDoc        `json:"tokens"`
		Claims   json.RawMessage  `json:"claims"`
		Findings []findingDoc     `json:"findings"`
		Causes   []diagnose.Cause `json:"causes"`
	}
	problemDoc struct {
		Code        string `json:"code"`
		Description string `json:"description"`
		Step        string `json:"step"`
		HTTPStatus  int    `json:"http_status"`
	}
	stepDoc struct {
		ID       string           `json:"id"`
		Title    string           `json:"title"`
		Ref      string           `json:"ref"`
		Status   flows.StepStatus `json:"status"`
		Request  *requestDoc      `json:"request"`
		Response *responseDoc     `json:"response"`
		Checks   []checkDoc       `json:"checks"`
		// ServerView is what the lab checked; empty for a run that goes elsewhere.
		ServerView []serverCheckDoc `json:"server_view"`
		TookMS     float64          `json:"took_ms"`
	}
	// serverCheckDoc names its request because a step may have several.
	serverCheckDoc struct {
		Request string `json:"request"`
		ID      string `json:"id"`
		Status  string `json:"status"` // pass, fail or not_reached
		Message string `json:"message"`
		Got     string `json:"got"`
		Want    string `json:"want"`
		Ref     string `json:"ref"`
		Fault   string `json:"fault"` // the fault that made the lab look away or lie
	}
	requestDoc struct {
		Method  string     `json:"method"`
		URL     string     `json:"url"`
		Headers []paramDoc `json:"headers"`
		Params  []paramDoc `json:"params"` // query, then form, in the order sent
	}
	responseDoc struct {
		Status  int        `json:"status"`
		Headers []paramDoc `json:"headers"`
		Body    string     `json:"body"`
	}
	// paramDoc is a pair and not a member of an object, because names may repeat
	// and their order is part of what was sent.
	paramDoc struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		Edited bool   `json:"edited,omitempty"`
	}
	checkDoc struct {
		ID      string      `json:"id"`
		Status  wire.Status `json:"status"`
		Message string      `json:"message"`
		Got     string      `json:"got"`
		Want    string      `json:"want"`
	}
	tokensDoc struct {
		AccessToken  *string      `json:"access_token"`
		IDToken      *string      `json:"id_token"`
		RefreshToken *string      `json:"refresh_token"`
		TokenType    *string      `json:"token_type"`
		ExpiresIn    *json.Number `json:"expires_in"`
		Scope        *string      `json:"scope"`
	}
	// findingDoc is a check that calls for attention, with its step.
	findingDoc struct {
		Step string `json:"step"`
		checkDoc
		Ref string `json:"ref"`
	}
)

func (c *console) runDocument(s flows.State, desk labDesk, hide *record.Redactor) error {
	d := runDoc{Schema: schema, Flow: s.Spec.Grant, Profile: s.Profile.ID, Status: s.Status, Edited: s.Edited > 0,
		Steps: []stepDoc{}, Claims: json.RawMessage("null"), Findings: []findingDoc{}, Causes: []diagnose.Cause{}}
	if p := s.Problem; p != nil {
		d.Problem = &problemDoc{Code: p.Code, Description: p.Description.Raw(), Step: p.Step, HTTPStatus: p.HTTPStatus}
		book, err := c.book()
		if err != nil {
			return err
		}
		for _, cause := range diagnose.Explain(s, book).Causes {
			if cause.Evidence == nil {
				cause.Evidence = []diagnose.Evidence{}
			}
			d.Causes = append(d.Causes, cause)
		}
	}
	for i, st := range s.Grant.Steps {
		doc := stepOf(s, i, hide)
		for _, v := range desk.serverViews(s.Results[i]) {
			for _, ck := range v.Checks {
				doc.ServerView = append(doc.ServerView, serverCheckDoc{v.Request, ck.ID, ck.Status, ck.Message, ck.Got, ck.Want, ck.Ref, ck.Fault})
			}
		}
		d.Steps = append(d.Steps, doc)
		for j, ck := range s.Results[i].Checks {
			if ck.Status == wire.Fail || ck.Status == wire.Warn {
				d.Findings = append(d.Findings, findingDoc{st.ID, doc.Checks[j], ck.Ref})
			}
		}
	}
	d.Tokens = tokensOf(s, hide)
	if raw := s.Vars["id_token"]; raw != "" {
		if claims := jose.Decode(raw.Raw()).Claims; claims.Kind == wire.Object && json.Valid([]byte(claims.Indent())) {
			d.Claims = json.RawMessage(claims.Indent())
		}
	}
	return c.documentVia(d, hide.Text)
}

// stepOf describes one step: its last message and answer, and all its checks.
func stepOf(s flows.State, i int, hide *record.Redactor) stepDoc {
	st, r := s.Grant.Steps[i], s.Results[i]
	d := stepDoc{ID: st.ID, Title: st.Title, Ref: st.Ref, Status: s.StatusOf(i), Checks: []checkDoc{}, ServerView: []serverCheckDoc{},
		TookMS: math.Round(float64(r.Took())/float64(time.Millisecond)*100) / 100}
	for _, ck := range hide.Checks(r.Checks) {
		d.Checks = append(d.Checks, checkDoc{ck.ID, ck.Status, ck.Message, ck.Got, ck.Want})
	}
	if i > s.Step && s.Status != flows.Done {
		return d
	}
	switch fx := r.Effect.(type) {
	case flows.Send:
		if all := r.Exchanges(); len(all) > 0 {
			last := hide.Exchange(all[len(all)-1])
			d.Request, d.Response = requestOf(last.Request), responseOf(last.Response)
			break
		}
		d.Request = requestOf(hide.Request(fx.Request))
	case flows.Browse, flows.Sign:
		d.Request = requestOf(hide.Request(flows.MessageOf(fx)))
	default:
		if r.Message.Method != "" {
			d.Request = requestOf(hide.Request(r.Message))
		}
	}
	return d
}

func requestOf(q flows.Request) *requestDoc {
	d := &requestDoc{Method: q.Method, URL: q.URL.Raw(), Headers: pairsOf(q.Header), Params: append(pairsOf(q.Query), pairsOf(q.Form)...)}
	if q.Form == nil && q.Body != "" {
		d.Params = append(d.Params, paramDoc{Name: ":body", Value: q.Body.Raw()})
	}
	return d
}

func responseOf(r flows.Response) *responseDoc {
	return &responseDoc{Status: r.Status, Headers: pairsOf(r.Header), Body: r.Body.Raw()}
}

func pairsOf(list []flows.Param) []paramDoc {
	out := []paramDoc{}
	for _, p := range list {
		out = append(out, paramDoc{p.Name, p.Value.Raw(), p.Edited})
	}
	return out
}

// tokensOf are the tokens that the run ended with. What did not come is null.
func tokensOf(s flows.State, hide *record.Redactor) tokensDoc {
	given := func(name string) *string {
		v := s.Vars[name].Raw()
		if v == "" {
			return nil
		}
		if flows.Sensitive(name) {
			v = hide.Value(name, v)
		}
		return &v
	}
	d := tokensDoc{AccessToken: given("access_token"), IDToken: given("id_token"), RefreshToken: given("refresh_token"), TokenType: given("token_type"), Scope: given("granted_scope")}
	if d.Scope == nil && d.AccessToken != nil && s.Grant.Index("token") >= 0 {
		d.Scope = given("scope") // an answer without scope means: as asked (RFC 6749 §5.1)
	}
	if v := s.Vars["expires_in"].Raw(); v != "" {
		if _, err := strconv.ParseFloat(v, 64); err == nil && json.Valid([]byte(v)) {
			n := json.Number(v)
			d.ExpiresIn = &n
		}
	}
	return d
}
