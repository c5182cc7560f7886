package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rocketmq-operator/lab/volumes/internal/hosttest"
	"rocketmq-operator/lab/volumes/internal/image"
)

func TestMain(m *testing.M) { hosttest.Main(m) }

func openStore(t *testing.T) (*image.Store, string) {
	t.Helper()
	state := t.TempDir()
	store, err := image.OpenStore(state)
	if err != nil {
		t.Fatal(err)
	}
	return store, state
}

func TestRoundUp(t *testing.T) {
	for wanted, size := range map[int64]int64{
		0: image.MinimumSize, 1: image.MinimumSize, image.MinimumSize: image.MinimumSize,
		image.MinimumSize + 1: image.MinimumSize + 1<<20, 5 << 30: 5 << 30, image.MaximumSize: image.MaximumSize,
	} {
		if got, err := image.RoundUp(wanted); got != size || err != nil {
			t.Errorf("RoundUp(%d) = %d, %v; want %d", wanted, got, err, size)
		}
	}
	if _, err := image.RoundUp(image.MaximumSize + 1); !errors.Is(err, image.ErrTooLarge) {
		t.Errorf("beyond the largest: %v", err)
	}
}

func TestIdentifierIsAlwaysAFileName(t *testing.T) {
	store, state := openStore(t)
	for _, name := range []string{"pvc-1", "../../etc/passwd", ".", "..", "", "a/b", "\x00", "größe", strings.Repeat("x", 200)} {
		identifier := image.Identifier(name)
		if again := image.Identifier(identifier); again != identifier {
			t.Errorf("%q: identifier %q becomes %q", name, identifier, again)
		}
		if folder := filepath.Dir(store.Path(name)); folder != filepath.Join(state, "images") {
			t.Errorf("%q: file in %s", name, folder)
		}
	}
	if image.Identifier("pvc-1") != "pvc-1" {
		t.Error("a plain name is not kept")
	}
}

func TestCreateIsSparseIdempotentAndWhole(t *testing.T) {
	hosttest.NeedFormat(t)
	store, state := openStore(t)
	const size = 5 << 30
	for range 2 {
		if err := store.Create("one", size); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Create("one", size+1<<20); !errors.Is(err, image.ErrOtherSize) {
		t.Errorf("another size: %v", err)
	}
	if got, err := store.Size("one"); got != size || err != nil {
		t.Errorf("size %d, %v", got, err)
	}
	entries, err := os.ReadDir(filepath.Join(state, "images"))
	if err != nil || len(entries) != 1 {
		t.Errorf("files: %v, %v", entries, err)
	}
}

func TestGrowNeverShrinks(t *testing.T) {
	hosttest.NeedFormat(t)
	store, _ := openStore(t)
	if err := store.Create("one", image.MinimumSize); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ wanted, size int64 }{{1 << 30, 1 << 30}, {400 << 20, 1 << 30}} {
		if err := store.Grow("one", step.wanted); err != nil {
			t.Fatal(err)
		}
		if got, _ := store.Size("one"); got != step.size {
			t.Errorf("grown to %d: %d, want %d", step.wanted, got, step.size)
		}
	}
	if err := store.Grow("none", 1<<30); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a volume that is not there grew: %v", err)
	}
}

func TestUnfinishedFilesAreRemoved(t *testing.T) {
	store, state := openStore(t)
	left, kept := filepath.Join(state, "images", ".new-1"), filepath.Join(state, "images", "a.img")
	for _, path := range []string{left, kept} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.RemoveUnfinished(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Error("the unfinished file is still there")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("a volume is gone: %v", err)
	}
}
