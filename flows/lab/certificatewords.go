package lab

import "net/http"

// The problems of certificates, RFC 8705.
const (
	certificatePlain        problem = "certificate_plain"
	certificateMissing      problem = "certificate_missing"
	certificateUntrusted    problem = "certificate_untrusted"
	certificateUsage        problem = "certificate_usage"
	certificateEarly        problem = "certificate_early"
	certificateExpired      problem = "certificate_expired"
	certificateName         problem = "certificate_name"
	certificateUnregistered problem = "certificate_unregistered"
	certificateOther        problem = "certificate_other"
	certificateNeeded       problem = "certificate_needed"
	thumbprintMissing       problem = "thumbprint_missing"

	refreshOtherCertificate problem = "refresh_other_certificate"
	tokenNeedsTLS           problem = "token_needs_tls"
	tokenNoCertificate      problem = "token_no_certificate"
	tokenOtherCertificate   problem = "token_other_certificate"

	metadataCertificateName problem = "metadata_certificate_name"
	metadataCertificateKeys problem = "metadata_certificate_keys"
	metadataThumbprint      problem = "metadata_thumbprint"
)

func (p problem) certificateRefusal() (refusal, bool) {
	const bad, unauthorized = http.StatusBadRequest, http.StatusUnauthorized
	switch p {
	case certificatePlain:
		return refusal{unauthorized, "invalid_client", "This client authenticates with a certificate, and this request came without TLS. Use the address in mtls_endpoint_aliases."}, true
	case certificateMissing:
		return refusal{unauthorized, "invalid_client", "This client authenticates with a certificate, and none came with the TLS connection."}, true
	case certificateUntrusted:
		return refusal{unauthorized, "invalid_client", "The certificate of the client is not from the authority of this lab. A lab makes a new authority at each start."}, true
	case certificateUsage:
		return refusal{unauthorized, "invalid_client", "The certificate of the client is not meant for clients: its extended key usage lacks clientAuth."}, true
	case certificateEarly:
		return refusal{unauthorized, "invalid_client", "The certificate of the client begins in the future. Compare the clocks."}, true
	case certificateExpired:
		return refusal{unauthorized, "invalid_client", "The certificate of the client has expired. Get a new one."}, true
	case certificateName:
		return refusal{unauthorized, "invalid_client", "The certificate of the client does not have the name that the client is registered by: compare tls_client_auth_subject_dn, or the tls_client_auth_san parameter that it registered."}, true
	case certificateUnregistered:
		return refusal{unauthorized, "invalid_client", "No certificate is registered for this client: its jwks have no x5c."}, true
	case certificateOther:
		return refusal{unauthorized, "invalid_client", "The certificate of the client is not the one that is registered in its jwks as x5c."}, true
	case certificateNeeded:
		return refusal{bad, "invalid_request", "This client is registered for tokens that are bound to its certificate, and no certificate came. Use the address in mtls_endpoint_aliases and show it."}, true
	case thumbprintMissing:
		return refusal{unauthorized, "invalid_client", "The client assertion does not name the certificate of its key. This client must put the thumbprint into the header, as x5t#S256 or x5t."}, true

	case refreshOtherCertificate:
		return refusal{bad, "invalid_grant", "This refresh token is bound to a certificate. The certificate is missing or another one."}, true
	case tokenNeedsTLS:
		return refusal{unauthorized, "invalid_token", "The access token is bound to a certificate, and this request came without TLS. Use the TLS address of the API and show the certificate."}, true
	case tokenNoCertificate:
		return refusal{unauthorized, "invalid_token", "The access token is bound to a certificate, and none came with the TLS connection."}, true
	case tokenOtherCertificate:
		return refusal{unauthorized, "invalid_token", "The access token is bound to another certificate than the one of this TLS connection."}, true

	case metadataCertificateName:
		return refusal{bad, "invalid_client_metadata", "A client with tls_client_auth must register exactly one name of its certificate: tls_client_auth_subject_dn (as in RFC 4514), or one of tls_client_auth_san_dns, _uri, _ip and _email."}, true
	case metadataCertificateKeys:
		return refusal{bad, "invalid_client_metadata", "A client with self_signed_tls_client_auth must register its certificate: jwks with a key that has x5c."}, true
	case metadataThumbprint:
		return refusal{bad, "invalid_client_metadata", "A key in the jwks does not fit its certificate: the first one in x5c must be for the same key, and x5t must be its thumbprint."}, true
	}
	return refusal{}, false
}
