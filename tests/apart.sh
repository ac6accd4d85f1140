#!/bin/sh
# Install programs that the tests talk to, in an environment apart from our own: apart.sh PYTHON FOLDER LOCK WHAT
set -eu
python=$1 folder=$2 lock=$3 what=$4
stamp="$folder/done-$(cksum <"$lock" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

echo "setting up $what ..." >&2
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$lock"
touch "$stamp"
