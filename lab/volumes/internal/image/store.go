// Package image keeps volumes as file systems in sparse files, on loop devices.
//
// A volume's only state is its file: the size is the file's length, and whether it is attached or mounted is asked of the
// kernel every time. A process killed at any point therefore leaves nothing to repair.
package image

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	// MinimumSize is the smallest volume in bytes: mkfs.xfs refuses less.
	MinimumSize int64 = 300 << 20
	// MaximumSize is the largest volume in bytes: what one sparse file may hold on ext4 with blocks of 4 KiB, less a margin.
	MaximumSize int64 = 15 << 40
	// granularity of sizes in bytes: a whole number of blocks for every layer below.
	granularity int64 = 1 << 20

	folder = "images"
	suffix = ".img"
)

var (
	// ErrOtherSize says that the volume exists with another size than asked.
	ErrOtherSize = errors.New("a volume of this name exists with another size")
	// ErrTooLarge says that a size is beyond MaximumSize.
	ErrTooLarge = errors.New("size beyond the largest volume")
)

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Store is the folder that holds the volume files of one node.
type Store struct{ folder string }

// OpenStore makes the folder below state if it is missing. The path is resolved, for the kernel reports the files of loop
// devices by their real path.
func OpenStore(state string) (*Store, error) {
	path := filepath.Join(state, folder)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	real, err = filepath.Abs(real)
	return &Store{folder: real}, err
}

// Identifier is the volume identifier for a name: the name itself where it can be a file's name, else a digest of it.
func Identifier(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return fmt.Sprintf("x-%x", sha256.Sum256([]byte(name)))
}

// RoundUp gives the size in bytes that a volume of at least the wanted bytes gets, or ErrTooLarge.
func RoundUp(wanted int64) (int64, error) {
	if wanted > MaximumSize {
		return 0, ErrTooLarge
	}
	rounded := (wanted + granularity - 1) / granularity * granularity
	return max(rounded, MinimumSize), nil
}

// Path is where the volume's file is, or would be. An identifier that Identifier never gives leads to no file at all.
func (s *Store) Path(identifier string) string {
	return filepath.Join(s.folder, Identifier(identifier)+suffix)
}

// Size in bytes of an existing volume; os.ErrNotExist if there is none.
func (s *Store) Size(identifier string) (int64, error) {
	info, err := os.Stat(s.Path(identifier))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Create makes a formatted volume of exactly size bytes. It is idempotent, and a volume appears whole or not at all:
// the file gets its name only after it was formatted.
func (s *Store) Create(identifier string, size int64) error {
	existing, err := s.Size(identifier)
	switch {
	case err == nil && existing == size:
		return nil
	case err == nil:
		return ErrOtherSize
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	file, err := os.CreateTemp(s.folder, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
		return err
	}
	if err := format(file.Name()); err != nil {
		return err
	}
	return os.Rename(file.Name(), s.Path(identifier))
}

// Grow makes the volume's file at least size bytes long. The file system in it is grown by GrowMounted.
func (s *Store) Grow(identifier string, size int64) error {
	existing, err := s.Size(identifier)
	if err != nil || existing >= size {
		return err
	}
	return os.Truncate(s.Path(identifier), size)
}

// Remove unmounts the volume wherever it still is mounted and deletes its file. A volume that is not there is removed.
func (s *Store) Remove(identifier string) error {
	path := s.Path(identifier)
	if err := release(func(backing string) bool { return backing == path }, false); err != nil {
		return err
	}
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveUnfinished deletes what a killed Create left behind. Call it only while no Create runs.
func (s *Store) RemoveUnfinished() error {
	entries, err := os.ReadDir(s.folder)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".new-") {
			err = errors.Join(err, os.Remove(filepath.Join(s.folder, entry.Name())))
		}
	}
	return err
}
