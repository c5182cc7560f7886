package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// detachPatience is how long a device may take to detach after its last mount is gone. The kernel does so at once, unless
// a process that is just ending holds it.
const (
	detachPatience = 3 * time.Second
	detachPoll     = 10 * time.Millisecond
)

// Detach unmounts and detaches every volume of the machine whose file is, or was, below the folder. The files stay.
// It is idempotent, and looks at the kernel's state alone: the folder itself may be gone already.
// Mounts that are in use are taken out of the tree all the same; the error then names the device that stays until its last user ends.
func Detach(folder string) error {
	resolved, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(resolved); err == nil {
		resolved = real
	}
	prefix := strings.TrimSuffix(resolved, "/") + "/"
	return release(func(backing string) bool {
		return strings.HasPrefix(backing, prefix) && strings.HasSuffix(backing, suffix)
	}, true)
}

// Cleanup detaches the volumes of one node's state folder and removes what is in it, and the folder if nothing else is there.
func Cleanup(state string) error {
	if err := Detach(state); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(state, folder)), removeIfEmpty(state))
}

func removeIfEmpty(folder string) error {
	err := os.Remove(folder)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTEMPTY) {
		return nil
	}
	return err
}

// release unmounts and detaches the devices whose file is wanted. Forced, it does not stop at mounts that are in use.
func release(wanted func(backing string) bool, forced bool) error {
	devices, err := loopDevices()
	if err != nil {
		return err
	}
	var failures error
	for _, device := range devices {
		if wanted(device.backing) {
			failures = errors.Join(failures, releaseDevice(device, forced))
		}
	}
	return failures
}

func releaseDevice(device loopDevice, forced bool) error {
	mounts, err := mountsOf(device)
	if err != nil {
		return err
	}
	for index := len(mounts) - 1; index >= 0; index-- {
		target := mounts[index].Mountpoint
		err := unix.Unmount(target, unix.UMOUNT_NOFOLLOW)
		if forced && errors.Is(err, unix.EBUSY) {
			err = unix.Unmount(target, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
		}
		// EINVAL: no longer a mount point; somebody else, kubelet for one, was faster.
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
	}
	return awaitDetached(device)
}

// awaitDetached waits until the device has let go of its file, which it does by itself (autoclear). Nothing is forced:
// by now the device's number may be somebody else's.
func awaitDetached(device loopDevice) error {
	for deadline := time.Now().Add(detachPatience); ; time.Sleep(detachPoll) {
		attached, err := isAttached(device)
		if !attached || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s still holds %s: a process has it open, maybe in another mount namespace", device.path(), device.backing)
		}
	}
}

func isAttached(device loopDevice) (bool, error) {
	devices, err := loopDevices()
	for _, current := range devices {
		if current.number == device.number && current.backing == device.backing {
			return true, err
		}
	}
	return false, err
}
