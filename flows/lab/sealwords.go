package lab

import "net/http"

// The problems of what is signed and encrypted, and of logout addresses.
const (
	requestEncryption    problem = "request_encryption"
	requestUndecryptable problem = "request_undecryptable"
	metadataEncryption   problem = "metadata_encryption"
	metadataEncAlone     problem = "metadata_enc_alone"
	metadataNoEncKey     problem = "metadata_no_enc_key"
	metadataFrontchannel problem = "metadata_frontchannel"
	metadataBackchannel  problem = "metadata_backchannel"
)

func (p problem) sealRefusal() (refusal, bool) {
	const bad = http.StatusBadRequest
	switch p {
	case requestEncryption:
		return refusal{bad, "invalid_request_object", "The encrypted JWT has an alg or enc that is not accepted here, or is compressed. See request_object_encryption_alg_values_supported."}, true
	case requestUndecryptable:
		return refusal{bad, "invalid_request_object", "The encrypted JWT cannot be decrypted. Encrypt it to the key with the use enc in the key set of this server."}, true
	case metadataEncryption:
		return refusal{bad, "invalid_client_metadata", "An encrypted_response_alg must be ECDH-ES, ECDH-ES+A256KW or RSA-OAEP-256, and its enc A128CBC-HS256 or A256GCM."}, true
	case metadataEncAlone:
		return refusal{bad, "invalid_client_metadata", "There is an encrypted_response_enc, but no encrypted_response_alg beside it."}, true
	case metadataFrontchannel:
		return refusal{bad, "invalid_client_metadata", "The frontchannel_logout_uri must have the scheme, host and port of a redirect URI of the client."}, true
	case metadataBackchannel:
		return refusal{bad, "invalid_client_metadata", "The backchannel_logout_uri must be http or https on a loopback address: the lab sends logout tokens nowhere else."}, true
	case metadataNoEncKey:
		return refusal{bad, "invalid_client_metadata", "The client wants encrypted answers, but none of the keys in its jwks can be used for that algorithm."}, true
	}
	return refusal{}, false
}
