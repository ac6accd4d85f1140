#!/bin/sh
# Install axe-core, which the browser tests put into the pages they look at: setup.sh CACHE
# The browser itself is Debian's, from tests/servers/setup.sh.
set -eu
cache=$1
here=$(dirname "$0")
mkdir -p "$cache"
stamp="$cache/site-$(cksum <"$here/package-lock.json" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

command -v npm >/dev/null || sh "$here/../debian.sh" nodejs npm
command -v npm >/dev/null || exit 0
echo "setting up axe-core ..." >&2
rm -rf "$cache/site"
mkdir -p "$cache/site"
cp "$here/package.json" "$here/package-lock.json" "$cache/site/"
(cd "$cache/site" && npm ci --silent --no-audit --no-fund --ignore-scripts)
touch "$stamp"
