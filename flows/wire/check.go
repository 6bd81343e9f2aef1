package wire

// Status is the outcome of one check.
type Status string

// The outcomes of a check. Unknown means "could not be checked" (no key, no
// metadata) and is never shown as valid; NA means "does not apply here".
const (
	Pass    Status = "pass"
	Warn    Status = "warn"
	Fail    Status = "fail"
	NA      Status = "na"
	Unknown Status = "unknown"
)

// Check is one statement about foreign bytes, with the two values compared.
// ID is one of the check ids of the command line contract. Message, Got and
// Want are display text: whoever fills them passes foreign text through
// Untrusted.Safe. Ref names the sentence that asks for the check
// ("OIDC Core §3.1.3.7").
type Check struct {
	ID      string `json:"id"`
	Status  Status `json:"status"`
	Message string `json:"message"`
	Got     string `json:"got,omitempty"`
	Want    string `json:"want,omitempty"`
	Ref     string `json:"ref,omitempty"`
}
