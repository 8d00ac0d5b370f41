#!/bin/sh
# Starts ZoneMinder in namespaces of its own over a built root, which stays as it is: what a run writes is in memory and
# gone with it, so that several run at once. As root: start.sh ROOT HTTP-PORT TRIGGER-PORT
exec unshare --mount --pid --fork --kill-child=KILL sh -c '
  set -e
  root=$1
  here=$(dirname "$0")
  mount --make-rprivate /
  work=$(mktemp -d)
  mount -t tmpfs -o size=2g tmpfs "$work"
  mkdir "$work/changed" "$work/work" "$work/root"
  mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/changed,workdir=$work/work" "$work/root"
  cp "$here/inside.sh" "$work/root/inside.sh"
  chmod 755 "$work/root/inside.sh"
  mount -t proc proc "$work/root/proc"
  mount --rbind /dev "$work/root/dev"
  mount --make-rslave "$work/root/dev"
  mount -t tmpfs tmpfs "$work/root/dev/shm"
  mount -t tmpfs tmpfs "$work/root/run"
  exec chroot "$work/root" /inside.sh "$2" "$3"
' "$0" "$@"
