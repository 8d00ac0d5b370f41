#!/bin/sh
# ffmpeg that dies with the thread that started it, even when that thread was killed with SIGKILL.
exec setpriv --pdeathsig KILL -- ffmpeg "$@"
