#!/bin/sh
# Installs Debian packages of engines without starting the services that come with them: those would take port 5060, and
# no help point of this site would be theirs. As root: install-engines.sh PACKAGE …
#
# While apt-get runs, a policy forbids the start of services (101, see policy-rc.d in Debian's init-system-helpers). It
# is removed as soon as apt-get has ended, however this script ends; a policy of the machine's own stays as it is.
set -u
policy=/usr/sbin/policy-rc.d
ours='# written by the set-up of Lamppost, for as long as it installs'
of_the_machine=false
if { [ -e "$policy" ] || [ -L "$policy" ]; } && ! grep -qs "$ours" "$policy"; then of_the_machine=true; fi
if ! $of_the_machine; then
  printf '#!/bin/sh\n%s\nexit 101\n' "$ours" >"$policy"
  chmod 755 "$policy"
fi

{ apt-get update && apt-get install -y --no-install-recommends "$@"; } &
apt=$!
if ! $of_the_machine; then
  # In a session of its own: what ends this script must not end what cleans up after it.
  setsid sh -c "while kill -0 $apt 2>/dev/null; do sleep 0.1; done; rm -f $policy" </dev/null >/dev/null 2>&1 &
  cleaner=$!
fi
wait "$apt"
status=$?
$of_the_machine || wait "$cleaner"
[ "$status" -eq 0 ] || exit "$status"

# Nor at the next start of the machine: the edge is Lamppost's to start.
for package in "$@"; do
  case $package in
    kamailio | rtpengine-daemon | etcd-server)
      service=${package%-server}
      systemctl disable "$service" >/dev/null 2>&1 || update-rc.d "$service" disable >/dev/null 2>&1 || true
      ;;
  esac
done
exit 0
