package lab

const grantPassword = "password"

// passwordGrant is the resource owner password credentials grant, RFC 6749
// §4.3. RFC 9700 §2.4 forbids it; people still meet it.
func (x *exchange) passwordGrant() (map[string]any, problem) {
	switch {
	case x.form.Get("username") == "":
		return nil, usernameMissing
	case x.form.Get("password") == "":
		return nil, passwordMissing
	}
	wanted, bad := x.wantedScopes([]string{"read"})
	if bad != "" {
		return nil, bad
	}
	u, ok := signIn(x.tenant.users, x.form.Get("username"), x.form.Get("password"))
	if x.fails(passwordWrong, !ok) {
		return nil, passwordWrong
	}
	return x.mint(permission{subject: u.Subject, username: u.Username, scopes: wanted, signedInAt: x.now()})
}
