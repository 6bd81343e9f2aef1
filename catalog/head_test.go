package catalog

import (
	"reflect"
	"strings"
	"testing"
)

func front(t testing.TB, file, text string) string {
	t.Helper()
	rest, _ := strings.CutPrefix(text, "+++\n")
	f, _, ok := strings.Cut(rest, "\n+++\n")
	if !ok {
		t.Fatalf("%s has no front matter", file)
	}
	return f
}

func TestEveryHeadIsReadTheQuickWay(t *testing.T) {
	err := each("articles", func(file, text string) error {
		f := front(t, file, text)
		quick, ok := plainHead(f)
		if !ok {
			t.Errorf("%s: the head has something else than strings and lists of strings, each on one line", file)
		}
		var slow head
		if err := decode(file, f, &slow); err != nil {
			return err
		}
		if ok && !reflect.DeepEqual(quick, slow) {
			t.Errorf("%s: read as\n%+v\nwant\n%+v", file, quick, slow)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAHeadOutOfTheOrdinaryIsReadByTheLibrary(t *testing.T) {
	h, err := readHead("x.md", "id = 'a'\nalso = [\n  \"b\", # a remark\n]")
	if err != nil || h.ID != "a" || len(h.Also) != 1 {
		t.Errorf("%+v, %v", h, err)
	}
	for _, bad := range []string{"id = \"a\"\nid = \"b\"", "colour = \"red\"", "[lab]\n[lab]", "id = \"a", "also = [\"a\" \"b\"]"} {
		if h, err := readHead("x.md", bad); err == nil {
			t.Errorf("%q is read as %+v", bad, h)
		}
	}
}

// What the quick way takes, the library takes too, and reads the same.
func FuzzPlainHead(f *testing.F) {
	f.Add("id = \"a\"\ntitle = \"say \\\"b\\\" \\\\ c\"\nalso = [\"x\", \"y\"]\ntags = []\n\n[[causes]]\nid = \"i\"\n\n[lab]\nnone = \"n\"")
	f.Fuzz(func(t *testing.T, text string) {
		quick, ok := plainHead(text)
		if !ok {
			return
		}
		var slow head
		if err := decode("x.md", text, &slow); err != nil || !reflect.DeepEqual(quick, slow) {
			t.Fatalf("%q: %+v and %+v, %v", text, quick, slow, err)
		}
	})
}
