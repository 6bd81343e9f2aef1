package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/lockedfile"

	"authdance/flows/files"
	"authdance/flows/wire"
)

// locked runs do while no other program changes the store. The lock belongs to
// the process: one that is killed leaves none behind.
func (s Store) locked(do func() error) error {
	path := filepath.Join(s.Dir, ".lock")
	if f, err := files.Create(path); err == nil { // for its mode
		_ = f.Close()
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	unlock, err := lockedfile.MutexAt(path).Lock()
	if err != nil {
		return fmt.Errorf("the profiles cannot be locked: %w", err)
	}
	defer unlock()
	return do()
}

func (s Store) path(id string) string { return filepath.Join(s.Dir, id+".toml") }

func checkID(id string) error {
	if !idPattern.MatchString(id) {
		return fmt.Errorf("%q cannot be the id of a profile: small letters, digits, dot, dash and underscore only", wire.Safe(id))
	}
	return nil
}

// Add saves a new profile. The error is errors.Is fs.ErrExist when its ID is taken.
func (s Store) Add(p Profile) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return s.locked(func() error {
		if _, err := os.Lstat(s.path(p.ID)); err == nil {
			return fmt.Errorf("there is a profile %q already (%w); choose another ID, or edit that one", p.ID, fs.ErrExist)
		}
		return s.put(p)
	})
}

// Save writes a profile, whole or not at all. Comments and order of a file that
// was edited by hand stay.
func (s Store) Save(p Profile) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return s.locked(func() error { return s.put(p) })
}

// Update changes a profile while no other program can. It returns what was saved.
func (s Store) Update(id string, change func(*Profile) error) (Profile, error) {
	var p Profile
	if err := checkID(id); err != nil {
		return p, err
	}
	err := s.locked(func() error {
		var err error
		if p, err = s.Get(id); err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		p.ID = id
		if err := p.Validate(); err != nil {
			return err
		}
		return s.put(p)
	})
	return p, err
}

// put writes the file. A file of an older schema is kept beside it.
func (s Store) put(p Profile) error {
	p.Schema = Schema
	path := s.path(p.ID)
	old, err := files.Read(path, maxProfile)
	if errors.Is(err, fs.ErrNotExist) {
		return files.Write(path, p.TOML())
	}
	if err != nil {
		return err
	}
	was, _, err := ReadProfile(old)
	if err != nil { // what cannot be read is worth keeping all the same
		if _, err := files.SetAside(path); err != nil {
			return err
		}
		return files.Write(path, p.TOML())
	}
	text, ok := edited(old, was, p)
	if !ok {
		text = p.TOML()
	}
	if bytes.Equal(text, old) {
		return nil
	}
	if was.Schema < Schema || !ok {
		if err := files.Write(path+".schema-"+strconv.Itoa(was.Schema)+".bak", old); err != nil {
			return err
		}
	}
	return files.Write(path, text)
}

// Remove deletes a profile's file.
func (s Store) Remove(id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	return s.locked(func() error {
		err := os.Remove(s.path(id))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no profile %q; authdance profile list shows them", wire.Safe(id))
		}
		return err
	})
}

// Rename gives a profile another ID. Its comments stay. A kill in between
// leaves both files and loses none.
func (s Store) Rename(id, to string) error { return s.copy(id, to, true) }

// Duplicate copies a profile, comments and all, to another ID.
func (s Store) Duplicate(id, to string) error { return s.copy(id, to, false) }

func (s Store) copy(id, to string, move bool) error {
	if err := errors.Join(checkID(id), checkID(to)); err != nil {
		return err
	}
	return s.locked(func() error {
		p, err := s.Get(id)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(s.path(to)); err == nil {
			return fmt.Errorf("there is a profile %q already (%w); choose another ID", to, fs.ErrExist)
		}
		old, err := files.Read(s.path(id), maxProfile)
		if err != nil {
			return err
		}
		copied := p
		copied.ID = to
		if p.Name == id {
			copied.Name = to
		}
		text, ok := edited(old, p, copied)
		if !ok {
			text = copied.TOML()
		}
		if err := files.Write(s.path(to), text); err != nil {
			return err
		}
		if move {
			return os.Remove(s.path(id))
		}
		return nil
	})
}
