package lab_test

import (
	"fmt"
	"net/http"
	"net/url"

	"authdance/flows/lab"
)

// A lab without ports: every request stays in this process.
func Example() {
	l, err := lab.New(lab.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	client := http.Client{Transport: l.Transport()}
	res, err := client.PostForm(l.Issuer()+"/token", url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {"workshop-service"},
		"client_secret": {"workshop-secret"},
		"scope":         {"read"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	fmt.Println(l.Issuer(), res.Status)
	// Output: http://127.0.0.1:9500/default 200 OK
}
