#!/bin/sh
# Install axe-core, which the browser tests put into the pages they look at: setup.sh CACHE
# The browser itself is Debian's, from tests/servers/setup.sh.
set -eu
cache=$1
here=$(dirname "$0")
mkdir -p "$cache"
stamp="$cache/site-$(cksum <"$here/package-lock.json" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

if ! command -v npm >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nodejs npm >/dev/null
    else
        echo "not installed, so the tests that need it will be skipped: npm" >&2
        exit 0
    fi
fi
echo "setting up axe-core ..." >&2
rm -rf "$cache/site"
mkdir -p "$cache/site"
cp "$here/package.json" "$here/package-lock.json" "$cache/site/"
(cd "$cache/site" && npm ci --silent --no-audit --no-fund --ignore-scripts)
touch "$stamp"
