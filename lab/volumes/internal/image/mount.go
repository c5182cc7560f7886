package image

import (
	"errors"
	"fmt"
	"os"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// ErrOccupied says that something else than the volume is mounted on the path.
var ErrOccupied = errors.New("something else is mounted here")

// Mount mounts the volume on an existing folder. It is idempotent; os.ErrNotExist if there is no such volume.
func (s *Store) Mount(identifier, target string, options []string) error {
	path := s.Path(identifier)
	if _, err := os.Stat(path); err != nil {
		return err
	}
	mounted, err := s.MountedOn(identifier, target)
	if mounted || err != nil {
		return err
	}
	device, err := attach(path)
	if err != nil {
		return err
	}
	defer device.Close()
	return mountFileSystem(device.Name(), target, options)
}

// MountedOn says whether the volume is mounted on the target; ErrOccupied if something else is.
func (s *Store) MountedOn(identifier, target string) (bool, error) {
	mount, err := mountAt(target)
	if mount == nil || err != nil {
		return false, err
	}
	device, found, err := findDevice(s.Path(identifier))
	if err == nil && (!found || !isMountOf(mount, device)) {
		err = fmt.Errorf("%w: %s on %s", ErrOccupied, mount.Source, target)
	}
	return err == nil, err
}

// Bind shows what is mounted on source at target too. It is idempotent.
func (s *Store) Bind(identifier, source, target string, readOnly bool) error {
	mounted, err := s.MountedOn(identifier, target)
	if mounted || err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", source, target, err)
	}
	if !readOnly {
		return nil
	}
	// A bind mount becomes read-only only by a second call (mount(2)).
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return errors.Join(fmt.Errorf("bind %s read-only: %w", target, err), unix.Unmount(target, 0))
	}
	return nil
}

// Unmount takes away every mount on the target. A target without one, or that is not there, is unmounted.
func Unmount(target string) error {
	for {
		mount, err := mountAt(target)
		if mount == nil || err != nil {
			return err
		}
		if err := unix.Unmount(target, unix.UMOUNT_NOFOLLOW); err != nil {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
	}
}

// GrowMounted makes the volume's mounted file system fill its file; os.ErrNotExist if the volume is not mounted.
func (s *Store) GrowMounted(identifier string) error {
	path := s.Path(identifier)
	device, found, err := findDevice(path)
	if err != nil {
		return err
	}
	mounts, err := mountsOf(device)
	if err != nil {
		return err
	}
	if !found || len(mounts) == 0 {
		return fmt.Errorf("%s is not mounted: %w", identifier, os.ErrNotExist)
	}
	open, err := reopen(device, path)
	if err != nil {
		return err
	}
	defer open.Close()
	if err := unix.IoctlSetInt(int(open.Fd()), unix.LOOP_SET_CAPACITY, 0); err != nil {
		return fmt.Errorf("new size of %s: %w", open.Name(), err)
	}
	return growFileSystem(mounts[0].Mountpoint)
}

// mountAt gives the topmost mount on the target, nil if there is none.
func mountAt(target string) (*mountinfo.Info, error) {
	mounts, err := mountinfo.GetMounts(func(info *mountinfo.Info) (bool, bool) { return info.Mountpoint != target, false })
	if err != nil || len(mounts) == 0 {
		return nil, err
	}
	return mounts[len(mounts)-1], nil
}

// mountsOf lists the mounts of the device, in the order they were made.
func mountsOf(device loopDevice) ([]*mountinfo.Info, error) {
	return mountinfo.GetMounts(func(info *mountinfo.Info) (bool, bool) { return !isMountOf(info, device), false })
}

func isMountOf(info *mountinfo.Info, device loopDevice) bool {
	return info.Major == loopMajor && info.Minor == device.number
}
