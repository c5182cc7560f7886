package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// loopMajor is the kernel's device number for loop devices (Documentation/admin-guide/devices.txt).
const loopMajor = 7

// attachAttempts bounds the race for a free device against every other user of the machine.
const attachAttempts = 64

// loopDevice is a device that is attached to a file.
type loopDevice struct {
	number  int
	backing string // the file's real path, also after the file was deleted
	deleted bool
}

func (d loopDevice) path() string { return fmt.Sprintf("/dev/loop%d", d.number) }

// loopDevices lists the attached devices of the machine.
func loopDevices() ([]loopDevice, error) {
	files, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return nil, err
	}
	var found []loopDevice
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // detached since the listing
		}
		device := loopDevice{backing: strings.TrimSuffix(string(content), "\n")}
		device.backing, device.deleted = strings.CutSuffix(device.backing, " (deleted)")
		if _, err := fmt.Sscanf(file, "/sys/block/loop%d/", &device.number); err == nil {
			found = append(found, device)
		}
	}
	return found, nil
}

// findDevice gives the device that the file is attached to, if there is one.
func findDevice(path string) (device loopDevice, found bool, err error) {
	devices, err := loopDevices()
	for _, device := range devices {
		if device.backing == path && !device.deleted {
			return device, true, err
		}
	}
	return loopDevice{}, false, err
}

// attach gives an open device for the file: the one it is attached to already, else a new one. The device detaches itself
// (autoclear) when the returned file is closed and nothing has mounted it, so that no crash can leak one.
func attach(path string) (*os.File, error) {
	for range attachAttempts {
		device, found, err := findDevice(path)
		if err != nil {
			return nil, err
		}
		var open *os.File
		if found {
			open, err = reopen(device, path)
		} else {
			open, err = attachNew(path)
		}
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENXIO) {
			return open, err
		}
	}
	return nil, fmt.Errorf("no free loop device for %s in %d attempts: %w", path, attachAttempts, unix.EBUSY)
}

// reopen opens an attached device and makes sure that it still is the file's: it may have detached itself in between.
func reopen(device loopDevice, path string) (*os.File, error) {
	open, err := os.OpenFile(device.path(), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	status, err := unix.IoctlLoopGetStatus64(int(open.Fd()))
	if err == nil && !isFile(status.Inode, path) {
		err = unix.EBUSY
	}
	if err != nil {
		open.Close()
		return nil, err
	}
	return open, nil
}

func isFile(inode uint64, path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && status.Ino == inode
}

// attachNew asks the kernel for a free device and attaches the file to it; EBUSY if somebody else was faster.
// Direct I/O keeps the data from being cached twice.
func attachNew(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	number, err := freeDevice()
	if err != nil {
		return nil, err
	}
	device, err := openDevice(number)
	if err != nil {
		return nil, err
	}
	config := unix.LoopConfig{Fd: uint32(file.Fd()), Size: sectorSize}
	config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR | unix.LO_FLAGS_DIRECT_IO
	copy(config.Info.File_name[:len(config.Info.File_name)-1], path)
	if err := unix.IoctlLoopConfigure(int(device.Fd()), &config); err != nil {
		device.Close()
		return nil, err
	}
	return device, nil
}

func freeDevice() (int, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer control.Close()
	return unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
}

// openDevice opens a device and makes its node first where nothing else does (a /dev without devtmpfs).
func openDevice(number int) (*os.File, error) {
	path := loopDevice{number: number}.path()
	open, err := os.OpenFile(path, os.O_RDWR, 0)
	if !errors.Is(err, os.ErrNotExist) {
		return open, err
	}
	err = unix.Mknod(path, unix.S_IFBLK|0o660, int(unix.Mkdev(loopMajor, uint32(number))))
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("mknod %s: %w", path, err)
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}
