#!/bin/sh
exec /usr/lib/lamppost/node/bin/node /usr/lib/lamppost/dist/server/main.js "$@"
