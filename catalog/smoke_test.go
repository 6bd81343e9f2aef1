package catalog

import "testing"

func TestSearchFindsAMisspelledWord(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	hits := NewIndex(c).Search("code verifer", 3)
	if len(hits) == 0 || hits[0].ID != "pkce-verifier-mismatch" {
		t.Fatalf("hits = %+v", hits)
	}
	for _, h := range c.Recognise(`{"error":"invalid_grant","error_description":"AADSTS501481: The Code_Verifier does not match","error_codes":[501481]}`) {
		t.Log(h)
	}
	p, _ := c.Page("pkce-verifier-mismatch")
	t.Log(p.Markdown())
}
