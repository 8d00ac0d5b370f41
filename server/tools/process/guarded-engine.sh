#!/bin/sh
# An engine of the edge in a process group of its own. The whole group ends when this script's standard input does: the
# kernel closes that pipe with whatever held its other end, however it died. A signal to the engine's first process
# alone would not do: its workers live on.
exec 3<&0 </dev/null
setsid "$@" 3<&- &
engine=$!
end() {
  kill -s TERM -- "-$engine" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -s 0 -- "-$engine" 2>/dev/null || return
    sleep 0.2
  done
  kill -s KILL -- "-$engine" 2>/dev/null
}
trap end TERM INT HUP
(
  trap - TERM INT HUP
  while read -r _ <&3; do :; done
  end
) &
watcher=$!
wait "$engine"
status=$?
end
kill "$watcher" 2>/dev/null
exit "$status"
