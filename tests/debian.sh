#!/bin/sh
# Install packages from Debian, where that can be done; else say that tests will be skipped: debian.sh PACKAGE...
set -eu
[ $# -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $* ..." >&2
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
else
    echo "not installed, so the tests that need them will be skipped: $*" >&2
fi
