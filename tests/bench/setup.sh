#!/bin/sh
# Install what we are measured beside and Debian has, where that can be done; without it its row is left out.
set -eu
command -v undertime >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing undertime ..." >&2
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends undertime >/dev/null
else
    echo "undertime is not installed: it is left out" >&2
fi
