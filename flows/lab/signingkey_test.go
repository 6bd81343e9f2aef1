package lab

import (
	"encoding/json"
	"testing"
)

func TestTheSigningKeyIsOneOfThePublishedKeys(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var key map[string]string
	if err := json.Unmarshal(l.SigningKey(), &key); err != nil || key["d"] == "" {
		t.Fatalf("%s: %v", l.SigningKey(), err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(l.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	for _, public := range set.Keys {
		if public["d"] != "" {
			t.Error("the key set holds a private key")
		}
		if public["kid"] == key["kid"] && public["x"] == key["x"] {
			return
		}
	}
	t.Errorf("kid %s is not in the key set", key["kid"])
}
