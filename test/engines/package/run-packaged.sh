#!/bin/sh
# Runs a command of the installed package as its unit would, as far as a machine without systemd allows: its own account,
# no new privileges, no capabilities, everything read-only but the data folder and a private /tmp. As root, in a mount
# namespace of its own: run-packaged.sh ROOT COMMAND …
set -eu
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
mount --bind "$root/var/lib/lamppost" "$root/var/lib/lamppost"
mount -o remount,bind,rw "$root/var/lib/lamppost"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" setpriv --reuid lamppost --regid lamppost --init-groups --no-new-privs --bounding-set=-all \
  --inh-caps=-all env HOME=/var/lib/lamppost "$@"
