package lab

// Scenario is a situation that people bring to authdance and that no fault of a
// server reproduces: it is a page of the catalog and nothing to switch on.
type Scenario struct {
	Key   string // as in the list of situations
	Title string
	Why   string // why there is no fault
	Page  string // id of the catalog page that helps
}

// Documented lists the situations without a fault, in alphabetical order of
// their keys.
func Documented() []Scenario {
	return []Scenario{
		{"analogy_invite", "Invite code of a chat server", "It is another kind of code: no authorization server takes part.", "not-oauth-invite"},
		{"github_nonweb", "GitHub flow without a browser", "A test program of one product; the device flow of the lab is the real thing.", "github-non-web"},
		{"gitlab_suffix", "GitLab user name with a suffix", "The name that one product makes up is wrong at its own API; the lab's users have one name each.", "gitlab-username-suffix"},
		{"not_oauth_game", "Licence of a game", "It is not OAuth: authorization means a licence there.", "not-oauth-game"},
		{"not_oauth_payment", "Authorization code of a card payment", "It is not OAuth: a bank approves a payment with such a code.", "not-oauth-payment"},
		{"okta_widget", "Okta sign-in widget set up by half", "The mistake is in the settings of a program in the page, and no request shows it. What follows from it has keys: redirect_unregistered, pkce_missing.", "okta-widget-config"},
		{"ping_oracle", "Oracle application with PingFederate", "Two products and one cause, which has a key: cluster_split.", "oracle-pingfederate"},
		{"sensu_okta", "Sensu dashboard with Okta", "Two products and causes that have keys: code_expired, code_replay, redirect_differs.", "sensu-okta"},
	}
}
