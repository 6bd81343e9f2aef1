package lab

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	mcpPath           = "/mcp"
	resourceMetadata  = "/.well-known/oauth-protected-resource"
	mcpProtocol       = "2025-06-18" // revision of the Model Context Protocol
	mcpTool, mcpScope = "read_notes", "write"
)

// describeResource answers with protected resource metadata, RFC 9728 §3. The
// well-known part stands before the path of the resource.
func (a *protectedAPI) describeResource(origin, path string) (reply, bool) {
	rest, ok := strings.CutPrefix(path, resourceMetadata)
	if !ok || rest != "" && rest != mcpPath {
		return reply{}, false
	}
	name, scopes := "authdance lab API", []string{"read", "write"}
	if rest == mcpPath {
		name, scopes = "authdance lab, a resource like an MCP server", []string{mcpScope}
	}
	members := map[string]any{
		"resource": origin + rest, "authorization_servers": a.lab.issuers(), "resource_name": name,
		"scopes_supported": scopes, "bearer_methods_supported": []string{"header"},
		"dpop_signing_alg_values_supported": foreignAlgs(), "authorization_details_types_supported": []string{"notes", "payment"}, "x_lab": true,
	}
	if a.lab.MTLS() != "" {
		members["tls_client_certificate_bound_access_tokens"] = true
	}
	return reply{status: http.StatusOK, json: members}, true
}

// issuers of all tenants, the default first.
func (l *Lab) issuers() []string {
	list := []string{l.Issuer()}
	for _, name := range slices.Sorted(maps.Keys(l.tenants)) {
		if name != defaultTenant {
			list = append(list, l.tenants[name].issuer)
		}
	}
	return list
}

// metadataOf is where the metadata of the resource at path stands.
func metadataOf(origin, path string) string {
	if path == mcpPath {
		return origin + resourceMetadata + mcpPath
	}
	return origin + resourceMetadata
}

// serveMCP answers JSON-RPC as much as a client needs to see that it is in: a
// greeting, one tool, and the notes of the user when it is called.
func (a *protectedAPI) serveMCP(x *exchange, r *http.Request, token accessToken) reply {
	var call struct {
		ID     any    `json:"id"`
		Method string `json:"method"`
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil || call.Method == "" {
		x.denies(checkBody, "Send one JSON-RPC request.", "")
		return jsonReply(http.StatusBadRequest, rpcError(nil, -32700, "Send one JSON-RPC request."))
	}
	var result map[string]any
	switch call.Method {
	case "initialize":
		result = map[string]any{"protocolVersion": mcpProtocol, "capabilities": map[string]any{"tools": map[string]any{}},
			"serverInfo": map[string]any{"name": "authdance lab", "version": "1"}}
	case "tools/list":
		result = map[string]any{"tools": []any{map[string]any{"name": mcpTool, "description": "Read the notes of the user.", "inputSchema": map[string]any{"type": "object"}}}}
	case "tools/call":
		text, _ := json.Marshal(a.notes.of(token.Subject))
		result = map[string]any{"content": []any{map[string]any{"type": "text", "text": string(text)}}}
	default:
		return jsonReply(http.StatusOK, rpcError(call.ID, -32601, "This method is not known here."))
	}
	return jsonReply(http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": call.ID, "result": result})
}

func rpcError(id any, code int, message string) map[string]any {
	return map[string]any{"jsonrpc": "2.0", "id": id, "error": map[string]any{"code": code, "message": message}}
}
