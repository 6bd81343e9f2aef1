package wire

// Veil returns the value with its credentials masked: the strings of members
// whose name is sensitive, at any depth. Some servers put tokens and codes into
// tokens.
func (v Value) Veil(sensitive func(name string) bool) Value {
	if v.Kind != Object && v.Kind != Array {
		return v
	}
	members, items := make([]Member, len(v.Members)), make([]Value, len(v.Items))
	for i, m := range v.Members {
		if m.Value.Kind == String && m.Value.Text != "" && sensitive(m.Name) {
			m.Value.Text = Mask(m.Value.Text)
		} else {
			m.Value = m.Value.Veil(sensitive)
		}
		members[i] = m
	}
	for i, item := range v.Items {
		items[i] = item.Veil(sensitive)
	}
	v.Members, v.Items = members, items
	return v
}
