package lab

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

// device is one device that waits for its user.
type device struct {
	question
	userCode string
}

// devices keeps them under their device code. The lock covers a whole poll,
// because each poll changes the interval or spends the code.
type devices struct {
	mu     sync.Mutex
	byCode *table[device]
	typed  *table[string] // user code → device code
}

func newDevices() *devices {
	return &devices{byCode: newTable[device](keepGrants, sessionLimit), typed: newTable[string](keepGrants, sessionLimit)}
}

// deviceAuthorization is the device authorization endpoint, RFC 8628 §3.1.
func (x *exchange) deviceAuthorization(r *http.Request) reply {
	if x.fails(formInURL, inQuery(r)) {
		return x.refuse(formInURL)
	}
	if bad := x.authenticateClient(r); bad != "" {
		return x.refuse(bad)
	}
	if x.fails(grantNotAllowed, !x.client.may(grantDevice)) {
		return x.refuse(grantNotAllowed)
	}
	wanted, bad := x.wantedScopes([]string{"read"})
	if bad != "" {
		return x.refuse(bad)
	}
	life, now, letters := x.life(), x.now(), x.lab.random.letters(8)
	code, user := x.lab.random.text(), letters[:4]+"-"+letters[4:]
	d := device{userCode: user, question: question{clientID: x.client.ID, scopes: joined(wanted), expires: now.Add(life.DeviceCode),
		interval: life.PollInterval, status: goidc.StatusPending}}
	all := x.tenant.devices
	all.byCode.put(now, code, d)
	all.typed.put(now, letters, code)
	page := x.tenant.issuer + "/device"
	return jsonReply(http.StatusOK, map[string]any{
		"device_code": code, "user_code": user, "verification_uri": page,
		"verification_uri_complete": page + "?" + url.Values{"user_code": {user}}.Encode(),
		"expires_in":                int(life.DeviceCode.Seconds()), "interval": int(life.PollInterval.Seconds()),
	})
}

// wantedScopes reads the parameter scope. Without it the client gets usual.
func (x *exchange) wantedScopes(usual []string) ([]string, problem) {
	wanted := fields(x.form.Get("scope"))
	if len(wanted) == 0 {
		wanted = usual
	} else if bad := x.client.mayAsk(wanted); bad != "" {
		return nil, bad
	}
	x.pass(checkScope)
	return wanted, ""
}

// pollDevice is the token request of a device, RFC 8628 §3.4.
func (x *exchange) pollDevice() (map[string]any, problem) {
	code := x.form.Get("device_code")
	if x.fails(deviceCodeMissing, code == "") {
		return nil, deviceCodeMissing
	}
	all := x.tenant.devices
	all.mu.Lock()
	defer all.mu.Unlock()
	d, ok := all.byCode.get(code)
	bad := x.poll(&d.question, ok, pollWords{client: checkDeviceClient, live: checkDeviceLive, done: checkDeviceDone,
		unknown: deviceCodeUnknown, other: deviceOtherClient, used: deviceUsed, denied: deviceDenied, expired: deviceExpired,
		pending: devicePending, polledTooFast: deviceSlowDown})
	if ok {
		all.byCode.put(x.now(), code, d)
	}
	if bad != "" {
		return nil, bad
	}
	return x.mint(d.allowed)
}

// enterUserCode is the verification page, RFC 8628 §3.3. A code that came with
// the URL still has to be confirmed (§5.4): the page is the same.
func (x *exchange) enterUserCode(r *http.Request) reply {
	typed := x.form.Get("user_code")
	p := &page{Kind: "user-code", Title: "Connect a device", Action: "/" + x.tenant.name + "/device", Username: typed}
	if r.Method != http.MethodPost {
		return reply{status: http.StatusOK, page: p}
	}
	if x.fails(signInForeign, !x.fromThisOrigin(r)) {
		return x.refuse(signInForeign)
	}
	code, d, bad := x.findDevice(typed)
	if bad != "" {
		x.fails(bad, true)
		p.Wrong, p.Text = true, bad.refusal().description
		return reply{status: http.StatusBadRequest, page: p}
	}
	x.pass(checkUserCode)
	as := &goidc.AuthnSession{ID: x.lab.random.text(), Status: goidc.StatusPending, ClientID: d.clientID, DeviceCode: code, UserCode: d.userCode,
		CreatedAt: x.tenant.store.machineNow(), Store: map[string]any{}}
	// Agreement given elsewhere does not count: this may be somebody else's device.
	as.Scopes, as.Prompt = d.scopes, goidc.PromptTypeConsent
	return x.continueDevice(r, as)
}

// findDevice looks a typed user code up. Case and punctuation do not matter
// (RFC 8628 §6.1).
func (x *exchange) findDevice(typed string) (string, device, problem) {
	letters := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
	code, _ := x.tenant.devices.typed.get(letters)
	d, ok := x.tenant.devices.byCode.get(code)
	switch {
	case !ok:
		return "", device{}, userCodeWrong
	case d.spent || d.status != goidc.StatusPending:
		return "", device{}, userCodeUsed
	case !x.now().Before(d.expires):
		return "", device{}, userCodeExpired
	}
	return code, d, ""
}

// decideDevice receives the sign-in and consent forms for a device.
func (x *exchange) decideDevice(r *http.Request) reply {
	if r.Method == http.MethodPost && x.fails(signInForeign, !x.fromThisOrigin(r)) {
		return x.refuse(signInForeign)
	}
	as, err := x.tenant.store.Session(r.Context(), r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	if err != nil || as.DeviceCode == "" {
		return x.refuse(signInGone)
	}
	x.pass(checkSession)
	return x.continueDevice(r, as)
}

// continueDevice shows the next page or writes the user's answer down.
func (x *exchange) continueDevice(r *http.Request, as *goidc.AuthnSession) reply {
	if d, _ := x.tenant.devices.byCode.get(as.DeviceCode); !x.now().Before(d.expires) {
		return x.refuse(userCodeExpired)
	}
	status, bad := x.decide(r, as)
	if bad != "" {
		x.fails(bad, true)
		status = goidc.StatusFailure
	}
	if status == goidc.StatusPending {
		_ = x.tenant.store.SaveSession(r.Context(), as) // never fails
		return x.showPage()
	}
	as.Status = status
	_ = x.tenant.store.SaveSession(r.Context(), as)
	if !x.settleDevice(as) {
		return x.refuse(userCodeUsed)
	}
	x.shown = &page{Kind: "done", Title: "The device is connected", Text: "It gets what you allowed. You can close this page."}
	if status == goidc.StatusFailure {
		x.shown = &page{Kind: "done", Title: "The device gets nothing", Text: "You said no, and the device is told so. You can close this page."}
	}
	return x.showPage()
}

// settleDevice writes the user's answer down, once.
func (x *exchange) settleDevice(as *goidc.AuthnSession) bool {
	all := x.tenant.devices
	all.mu.Lock()
	defer all.mu.Unlock()
	d, ok := all.byCode.get(as.DeviceCode)
	if !ok || d.status != goidc.StatusPending {
		return false
	}
	d.status = as.Status
	d.allowed = permission{subject: as.Subject, username: as.Username, scopes: fields(as.GrantedScopes)}
	if at, ok := as.Store[keptAuthTime].(int64); ok {
		d.allowed.signedInAt = time.Unix(at, 0)
	}
	all.byCode.put(x.now(), as.DeviceCode, d)
	return true
}
