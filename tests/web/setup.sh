#!/bin/sh
# Install schemathesis and an S3 server (SeaweedFS), apart from our own environment: setup.sh PYTHON CACHE
set -eu
python=$1 cache=$2
here=$(dirname "$0")
mkdir -p "$cache"
stamp="$cache/web/done-$(cksum <"$here/requirements.lock" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

echo "setting up schemathesis and SeaweedFS ..." >&2
rm -rf "$cache/web"
"$python" -m venv "$cache/web"
"$cache/web/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$here/requirements.lock"
touch "$stamp"
