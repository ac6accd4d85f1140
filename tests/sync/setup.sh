#!/bin/sh
# Install the clients that the tests keep synchronised, apart from our own environment: setup.sh PYTHON CACHE
set -eu
python=$1 cache=$2
here=$(dirname "$0")
mkdir -p "$cache"
stamp="$cache/sync/done-$(cksum <"$here/requirements.lock" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

echo "setting up the clients (Radicale, vdirsyncer) ..." >&2
rm -rf "$cache/sync"
"$python" -m venv "$cache/sync"
"$cache/sync/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$here/requirements.lock"
touch "$stamp"
