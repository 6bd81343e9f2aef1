package lab

import "net/http"

// Cross-origin requests. Pages of other origins may read what carries no
// cookie: metadata, keys, the endpoints that programs call, the API. They may
// never read the sign-in pages.

// corsHeaders are what a page may send and what it may read.
const (
	corsSend = "Authorization, Content-Type, DPoP, " + FaultHeader + ", " + DialectHeader
	corsRead = "WWW-Authenticate, DPoP-Nonce, Retry-After, Date, Location, " + RequestHeader
)

func allowOrigins(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", corsRead)
}

// preflight answers the question that a browser asks first (Fetch §3.2.2).
func preflight(methods []string) reply {
	out := reply{status: http.StatusNoContent, header: http.Header{}}
	for _, m := range methods {
		out.header.Add("Access-Control-Allow-Methods", m)
	}
	out.header.Set("Access-Control-Allow-Headers", corsSend)
	out.header.Set("Access-Control-Max-Age", "600")
	return out
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// forPages tells whether pages of other origins may call a route.
func (r route) forPages() bool {
	switch r.name {
	case routeMetadata, routeJWKS, routeToken, routePAR, routeUserinfo, routeRevoke, routeDevice, routeRegister, routeManage:
		return true
	}
	return false
}
