package image_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"rocketmq-operator/lab/volumes/internal/hosttest"
	"rocketmq-operator/lab/volumes/internal/image"
)

// mounted gives a store with one volume of the smallest size, and where it is mounted.
func mounted(t *testing.T) (store *image.Store, state, target string) {
	t.Helper()
	hosttest.Need(t)
	store, state = openStore(t)
	t.Cleanup(func() {
		if err := image.Detach(state); err != nil {
			t.Errorf("left behind: %v", err)
		}
	})
	target = t.TempDir()
	check(t, store.Create("one", image.MinimumSize))
	check(t, store.Mount("one", target, nil))
	return store, state, target
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill writes until no space is left and gives the bytes that went in.
func fill(t *testing.T, path string) int64 {
	t.Helper()
	file, err := os.Create(path)
	check(t, err)
	defer file.Close()
	var total int64
	for chunk := bytes.Repeat([]byte("data"), 1<<18); ; {
		count, err := file.Write(chunk)
		total += int64(count)
		if errors.Is(err, unix.ENOSPC) {
			return total
		}
		check(t, err)
		if total > 2<<30 {
			t.Fatal("the volume has no end")
		}
	}
}

func TestVolumeKeepsToItsSizeAndGrowsInUse(t *testing.T) {
	store, _, target := mounted(t)
	first := fill(t, filepath.Join(target, "first"))
	if first > image.MinimumSize {
		t.Errorf("%d bytes in a volume of %d", first, image.MinimumSize)
	}
	open, err := os.Open(filepath.Join(target, "first")) // in use all through
	check(t, err)
	defer open.Close()
	check(t, store.Grow("one", 2*image.MinimumSize))
	check(t, store.GrowMounted("one"))
	check(t, store.GrowMounted("one"))
	second := fill(t, filepath.Join(target, "second"))
	if total := first + second; total <= image.MinimumSize || total > 2*image.MinimumSize {
		t.Errorf("%d bytes in a volume of %d", total, 2*image.MinimumSize)
	}
	if kept, err := io.Copy(io.Discard, open); kept != first || err != nil {
		t.Errorf("%d of %d bytes kept: %v", kept, first, err)
	}
}

func TestDataOutlivesDetachAndMountingIsIdempotent(t *testing.T) {
	store, state, target := mounted(t)
	check(t, store.Mount("one", target, nil))
	check(t, os.WriteFile(filepath.Join(target, "kept"), []byte("yes"), 0o600))
	for range 2 {
		check(t, image.Detach(filepath.Dir(state)))
	}
	if is, err := mountinfo.Mounted(target); is || err != nil {
		t.Fatalf("still mounted: %v", err)
	}
	check(t, store.Mount("one", target, nil))
	if content, err := os.ReadFile(filepath.Join(target, "kept")); string(content) != "yes" {
		t.Errorf("after mounting again: %q, %v", content, err)
	}
}

func TestBindsShareTheVolumeAndMayBeReadOnly(t *testing.T) {
	store, _, target := mounted(t)
	writable, readOnly := t.TempDir(), t.TempDir()
	for range 2 {
		check(t, store.Bind("one", target, writable, false))
		check(t, store.Bind("one", target, readOnly, true))
	}
	check(t, os.WriteFile(filepath.Join(writable, "seen"), []byte("yes"), 0o600))
	if _, err := os.ReadFile(filepath.Join(readOnly, "seen")); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(readOnly, "refused"), nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("written through a read-only mount: %v", err)
	}
	for range 2 {
		check(t, image.Unmount(writable))
	}
	if is, _ := mountinfo.Mounted(writable); is {
		t.Error("still mounted")
	}
}

func TestOtherVolumesMountIsNotMistaken(t *testing.T) {
	store, _, target := mounted(t)
	check(t, store.Create("two", image.MinimumSize))
	if err := store.Mount("two", target, nil); !errors.Is(err, image.ErrOccupied) {
		t.Errorf("mounted over another volume: %v", err)
	}
	if err := store.Mount("none", t.TempDir(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("mounted a volume that is not there: %v", err)
	}
}

func TestRemoveTakesEveryMountAndTheFile(t *testing.T) {
	store, _, target := mounted(t)
	bound := t.TempDir()
	check(t, store.Bind("one", target, bound, false))
	for range 2 {
		check(t, store.Remove("one"))
	}
	for _, path := range []string{target, bound} {
		if is, _ := mountinfo.Mounted(path); is {
			t.Errorf("%s is still mounted", path)
		}
	}
	if _, err := store.Size("one"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestDetachFindsDevicesOfDeletedFilesAndOnlyThose(t *testing.T) {
	_, state, target := mounted(t)
	_, _, other := mounted(t)
	check(t, os.RemoveAll(filepath.Join(state, "images")))
	check(t, image.Detach(state))
	if is, _ := mountinfo.Mounted(target); is {
		t.Error("the deleted file is still mounted")
	}
	if is, _ := mountinfo.Mounted(other); !is {
		t.Error("another store's volume was taken away")
	}
}

func TestDetachDoesNotStopAtAMountInUse(t *testing.T) {
	_, state, target := mounted(t)
	open, err := os.Create(filepath.Join(target, "open"))
	check(t, err)
	if err := image.Detach(state); err == nil {
		t.Error("the device is said to be detached while a file on it is open")
	}
	if is, _ := mountinfo.Mounted(target); is {
		t.Error("still mounted")
	}
	check(t, open.Close())
	check(t, image.Detach(state))
}

func TestCleanupLeavesNothing(t *testing.T) {
	_, state, _ := mounted(t)
	for range 2 {
		check(t, image.Cleanup(state))
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state folder is still there: %v", err)
	}
}

func TestManyVolumesAttachAtOnce(t *testing.T) {
	hosttest.Need(t)
	store, state := openStore(t)
	t.Cleanup(func() { check(t, image.Detach(state)) })
	var group sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		target := t.TempDir()
		group.Go(func() {
			if err := errors.Join(store.Create(name, image.MinimumSize), store.Mount(name, target, nil)); err != nil {
				t.Error(err)
			}
			if is, err := store.MountedOn(name, target); !is || err != nil {
				t.Errorf("%s: %v %v", name, is, err)
			}
		})
	}
	group.Wait()
}
