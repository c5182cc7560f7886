package image

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// FileSystem is the type that every volume holds. Not ext4: the kernel lets that one grow online only for
// CAP_SYS_RESOURCE, which root lacks in many containers.
const FileSystem = "xfs"

// sectorSize of the loop devices in bytes. With the usual 512 the journal's writes are smaller than a block of the host's
// file system, and direct I/O would have to read before it writes.
const sectorSize = 4096

// CheckHost says what this machine lacks for volumes, and how to get it.
func CheckHost() error {
	for _, program := range []string{"mkfs.xfs", "xfs_growfs", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing: apt-get install xfsprogs mount", program)
		}
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("volumes need root, for loop devices and mounts")
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return fmt.Errorf("no loop devices here (modprobe loop): %w", err)
	}
	known, err := os.ReadFile("/proc/filesystems")
	if err == nil && !slices.Contains(strings.Fields(string(known)), FileSystem) {
		err = fmt.Errorf("the kernel has no %s file system (modprobe %s)", FileSystem, FileSystem)
	}
	return err
}

// format writes an empty file system into a sparse file of zeros; 20 ms and next to no writing, whatever its size.
func format(path string) error {
	return run("mkfs.xfs", "-q", "-f", "-K", "-s", fmt.Sprintf("size=%d", sectorSize), "-m", "reflink=0", path)
}

// growFileSystem makes the mounted file system fill its device. It does nothing where it does so already.
func growFileSystem(mountPoint string) error {
	return run("xfs_growfs", "-d", mountPoint)
}

// mountFileSystem mounts the device. discard gives the space of deleted files back to the host.
func mountFileSystem(device, target string, options []string) error {
	all := strings.Join(append([]string{"discard"}, options...), ",")
	return run("mount", "-t", FileSystem, "-o", all, device, target)
}

func run(program string, arguments ...string) error {
	output, err := exec.Command(program, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(arguments, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
