package lab

import "net/http"

// The problems of what stands at an address that a client names.
const (
	requestTwice           problem = "request_twice"
	requestURIUnregistered problem = "request_uri_unregistered"
	requestURIHash         problem = "request_uri_hash"

	documentURL       problem = "document_url"
	documentElsewhere problem = "document_elsewhere"
	documentMalformed problem = "document_malformed"
	documentID        problem = "document_id"
	documentSecret    problem = "document_secret"

	metadataRequestURI problem = "metadata_request_uri"
)

// What can go wrong with fetching anything.
const (
	flawUnreachable flaw = "unreachable"
	flawStatus      flaw = "status"
	flawMedia       flaw = "media"
	flawTooLarge    flaw = "too_large"
)

func fetchedArtefacts() []artefact { return []artefact{requestAt, documentAt} }

func fetchFlaws() []flaw { return []flaw{flawUnreachable, flawStatus, flawMedia, flawTooLarge} }

func (p problem) fetchRefusal() (refusal, bool) {
	const bad, unauthorized = http.StatusBadRequest, http.StatusUnauthorized
	switch p {
	case requestTwice:
		return refusal{bad, "invalid_request", "The request has both request and request_uri. Send the request object in one way."}, true
	case requestURIUnregistered:
		return refusal{bad, "invalid_request_uri", "The request_uri is not below one of the request_uris of this client. The lab asks addresses of this machine only, and only registered ones."}, true
	case requestURIHash:
		return refusal{bad, "invalid_request_uri", "The fragment of the request_uri is not the SHA-256 hash of what stands there."}, true
	case requestAt.flaw(flawUnreachable):
		return refusal{bad, "invalid_request_uri", "Nothing answers at the request_uri. Is the server of the client running?"}, true
	case requestAt.flaw(flawStatus):
		return refusal{bad, "invalid_request_uri", "The request_uri does not answer with 200. A redirect is not followed."}, true
	case requestAt.flaw(flawMedia):
		return refusal{bad, "invalid_request_uri", "The content type at the request_uri must be application/oauth-authz-req+jwt."}, true
	case requestAt.flaw(flawTooLarge):
		return refusal{bad, "invalid_request_uri", "What stands at the request_uri is longer than 32 KiB."}, true

	case documentURL:
		return refusal{unauthorized, "invalid_client", "This client_id looks like the address of a client metadata document, but it must be https (or http on a loopback address) with a path, without dots as path segments, user or fragment."}, true
	case documentElsewhere:
		return refusal{unauthorized, "invalid_client", "This client_id is an address on another machine. The lab reads client metadata documents at loopback addresses only."}, true
	case documentMalformed:
		return refusal{unauthorized, "invalid_client", "What stands at the client_id is not one JSON object with the metadata of a client."}, true
	case documentID:
		return refusal{unauthorized, "invalid_client", "The client_id in the client metadata document is not the address of the document, letter by letter."}, true
	case documentSecret:
		return refusal{unauthorized, "invalid_client", "The client metadata document has a client_secret, or an authentication method that needs one. A public document cannot hold a secret: use none or private_key_jwt."}, true
	case documentAt.flaw(flawUnreachable):
		return refusal{unauthorized, "invalid_client", "This client_id is an address, and nothing answers there. Is the server of the client running?"}, true
	case documentAt.flaw(flawStatus):
		return refusal{unauthorized, "invalid_client", "This client_id is an address that does not answer with 200. A redirect is not followed."}, true
	case documentAt.flaw(flawMedia):
		return refusal{unauthorized, "invalid_client", "The content type of the client metadata document must be application/json, or end in +json."}, true
	case documentAt.flaw(flawTooLarge):
		return refusal{unauthorized, "invalid_client", "The client metadata document is longer than 5 KiB."}, true

	case metadataRequestURI:
		return refusal{bad, "invalid_client_metadata", "The request_uris must be addresses on a loopback host. The lab asks no other machine."}, true
	}
	return refusal{}, false
}
