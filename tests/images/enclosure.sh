#!/bin/bash
# Runs a command in an unpacked image, about as a pod would: enclosure.sh ROOT WRITABLE USER COMMAND...
# ROOT is read-only; the folders that WRITABLE names (a:b:c, below ROOT) are not, and their content starts as the image has it.
# Namespaces for mounts, processes, host name and network end with the command, so nothing is left behind, whatever ends it.
# The environment is the image's: one NAME=value a line on standard input.
set -euo pipefail
if [ "${INSIDE:-}" != yes ]; then
  INSIDE=yes exec unshare --mount --pid --net --uts --ipc --fork --kill-child --propagation private bash "$0" "$@"
fi
root=$1 writable=$2 user=$3
shift 3
mapfile -t environment

hostname pod
ip link set lo up
# RocketMQ looks for an address that is not a loopback one, and recurses without end where there is none.
ip link add pod0 type bridge
ip address add 10.98.0.1/24 dev pod0
ip link set pod0 up

mount --bind "$root" "$root"
printf '127.0.0.1 localhost\n10.98.0.1 pod\n' >"$root/etc/hosts"
for folder in ${writable//:/ }; do
  copy=$(mktemp -d)
  mount -t tmpfs tmpfs "$copy"
  cp -a "$root$folder/." "$copy/"
  chown --reference="$root$folder" "$copy"
  chmod --reference="$root$folder" "$copy"
  mount --move "$copy" "$root$folder"
  rmdir "$copy"
done
mount -o remount,ro,bind "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
exec env -i "${environment[@]}" /usr/sbin/chroot --userspec="$user" "$root" "$@"
