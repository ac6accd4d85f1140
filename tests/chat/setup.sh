#!/bin/sh
# Install a Matrix server (Synapse) for the tests of chats, in an environment of its own: setup.sh PYTHON CACHE
set -eu
python=$1 cache=$2
here=$(dirname "$0")
mkdir -p "$cache"
stamp="$cache/chat/done-$(cksum <"$here/requirements.lock" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

echo "setting up the Matrix server (Synapse) ..." >&2
rm -rf "$cache/chat"
"$python" -m venv "$cache/chat"
"$cache/chat/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$here/requirements.lock"
touch "$stamp"
