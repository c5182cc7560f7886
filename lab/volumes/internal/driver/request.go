package driver

import (
	"errors"
	"os"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rocketmq-operator/lab/volumes/internal/image"
)

// maximumName is the specification's limit for names, in bytes.
const maximumName = 128

// required refuses a request without one of its mandatory fields, given as name and value in turn.
func required(fields ...string) error {
	for index := 0; index+1 < len(fields); index += 2 {
		if fields[index+1] == "" {
			return status.Errorf(codes.InvalidArgument, "%s is missing", fields[index])
		}
	}
	return nil
}

// sizeFor gives the bytes that a volume for the range gets.
func sizeFor(wanted *csi.CapacityRange) (int64, error) {
	least, most := wanted.GetRequiredBytes(), wanted.GetLimitBytes()
	if least < 0 || most < 0 || (most > 0 && least > most) {
		return 0, status.Errorf(codes.InvalidArgument, "no size is at least %d and at most %d bytes", least, most)
	}
	size, err := image.RoundUp(least)
	if err != nil {
		return 0, status.Errorf(codes.OutOfRange, "%d bytes: %v (%d)", least, err, image.MaximumSize)
	}
	if most > 0 && size > most {
		return 0, status.Errorf(codes.OutOfRange, "the smallest volume for %d bytes has %d, the limit is %d", least, size, most)
	}
	return size, nil
}

// checkCapabilities refuses what volumes of this driver cannot do; the message says what and why.
func checkCapabilities(capabilities ...*csi.VolumeCapability) error {
	if len(capabilities) == 0 {
		return status.Error(codes.InvalidArgument, "volume capabilities are missing")
	}
	for _, capability := range capabilities {
		if problem := unsupported(capability); problem != "" {
			return status.Error(codes.InvalidArgument, problem)
		}
	}
	return nil
}

func unsupported(capability *csi.VolumeCapability) string {
	mount := capability.GetMount()
	if mount == nil {
		return "volumes are file systems (volumeMode: Filesystem), not block devices"
	}
	if kind := mount.GetFsType(); kind != "" && kind != image.FileSystem {
		return "the file system of a volume is " + image.FileSystem + ", not " + kind
	}
	mode := capability.GetAccessMode().GetMode()
	if mode == csi.VolumeCapability_AccessMode_UNKNOWN || strings.HasPrefix(mode.String(), "MULTI_NODE") {
		return "a volume belongs to one node: access mode " + mode.String() + " is not possible"
	}
	return ""
}

// failure makes the gRPC error for what the volume files answered.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return status.Error(codes.NotFound, err.Error())
	case errors.Is(err, image.ErrOtherSize):
		return status.Error(codes.AlreadyExists, err.Error())
	case errors.Is(err, image.ErrOccupied):
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}
