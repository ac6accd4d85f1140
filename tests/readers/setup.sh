#!/bin/sh
# Install the programs that read our feeds in the tests, each apart from our own environment: setup.sh PYTHON CACHE
set -eu
python=$1 cache=$2
here=$(dirname "$0")
mkdir -p "$cache"
stamp="$cache/readers-$(cat "$here"/requirements.lock "$here"/package-lock.json | cksum | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

missing=""
command -v node >/dev/null && command -v npm >/dev/null || missing="nodejs npm"
command -v zdump >/dev/null || [ -x /usr/sbin/zdump ] || missing="$missing libc-bin"
"$python" -c 'import ctypes; ctypes.CDLL("libical.so.3")' 2>/dev/null || missing="$missing libical3"
# shellcheck disable=SC2086
sh "$here/../debian.sh" $missing
echo "setting up the feed readers (khal, recurring-ical-events, ical.js) ..." >&2
rm -rf "$cache/readers"
"$python" -m venv "$cache/readers"
"$cache/readers/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$here/requirements.lock"
if command -v npm >/dev/null; then
    mkdir -p "$cache/readers/js"
    cp "$here/package.json" "$here/package-lock.json" "$cache/readers/js/"
    (cd "$cache/readers/js" && npm ci --silent --no-audit --no-fund --ignore-scripts)
fi
touch "$stamp"
