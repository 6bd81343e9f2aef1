package lab

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// attributeTypes are the short names of RFC 4514 §3, and the two more that
// certificates of clients have in practice.
func attributeTypes() map[string]string {
	return map[string]string{
		"CN": "2.5.4.3", "L": "2.5.4.7", "ST": "2.5.4.8", "O": "2.5.4.10", "OU": "2.5.4.11", "C": "2.5.4.6", "STREET": "2.5.4.9",
		"DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1",
		"SERIALNUMBER": "2.5.4.5", "EMAILADDRESS": "1.2.840.113549.1.9.1",
	}
}

// parseDN reads the text form of a distinguished name, RFC 4514 §3. The text
// begins with the part that stands last in a certificate.
func parseDN(text string) (pkix.RDNSequence, bool) {
	var dn pkix.RDNSequence
	for _, part := range splitUnescaped(text, ',') {
		var rdn pkix.RelativeDistinguishedNameSET
		for _, pair := range splitUnescaped(part, '+') {
			name, value, ok := strings.Cut(pair, "=")
			kind, known := attributeType(strings.TrimSpace(name))
			read, good := attributeValue(value)
			if !ok || !known || !good {
				return nil, false
			}
			rdn = append(rdn, pkix.AttributeTypeAndValue{Type: kind, Value: read})
		}
		dn = append(dn, rdn)
	}
	slices.Reverse(dn)
	return dn, true
}

// splitUnescaped cuts at each sep that has no backslash before it.
func splitUnescaped(text string, sep byte) []string {
	var parts []string
	from := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

func attributeType(name string) (asn1.ObjectIdentifier, bool) {
	if oid, short := attributeTypes()[strings.ToUpper(name)]; short {
		name = oid
	}
	var oid asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(name, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil || n < 0 {
			return nil, false
		}
		oid = append(oid, n)
	}
	return oid, len(oid) > 1
}

// attributeValue undoes the escapes of RFC 4514 §2.4.
func attributeValue(text string) (string, bool) {
	if encoded, isHex := strings.CutPrefix(text, "#"); isHex {
		der, err := hex.DecodeString(encoded)
		var value string
		if err != nil {
			return "", false
		}
		_, err = asn1.Unmarshal(der, &value)
		return value, err == nil
	}
	var out []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c != '\\':
			if strings.IndexByte("\";<>", c) >= 0 {
				return "", false
			}
			out = append(out, c)
		case i+1 < len(text) && strings.IndexByte(" \"#+,;<=>\\", text[i+1]) >= 0:
			i++
			out = append(out, text[i])
		case i+2 < len(text):
			b, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", false
			}
			out = append(out, b...)
			i += 2
		default:
			return "", false
		}
	}
	return string(out), len(out) > 0
}

// sameDN compares as most certificates need it: letters in either case and
// runs of spaces are the same (RFC 4517 §4.2.11), the order of parts counts.
func sameDN(a, b pkix.RDNSequence) bool {
	return slices.EqualFunc(a, b, func(one, other pkix.RelativeDistinguishedNameSET) bool {
		return slices.Equal(folded(one), folded(other))
	})
}

func folded(rdn pkix.RelativeDistinguishedNameSET) []string {
	var all []string
	for _, pair := range rdn {
		value := strings.ToLower(strings.Join(strings.Fields(fmt.Sprint(pair.Value)), " "))
		all = append(all, pair.Type.String()+"="+value)
	}
	slices.Sort(all)
	return all
}
