#!/bin/sh
# Unpack earlier releases of PyPI's tzdata: setup.sh PYTHON CACHE RELEASE...|all
set -eu
python=$1 cache=$2/tzdata
shift 2
lock=$(dirname "$0")/releases.lock
[ "$*" = all ] && set -- $(sed 's/tzdata==\([^ ]*\).*/\1/' "$lock")
mkdir -p "$cache"
for release; do
    [ -e "$cache/$release/done" ] && continue
    echo "unpacking tzdata $release ..." >&2
    rm -rf "${cache:?}/$release"
    grep "^tzdata==$release " "$lock" >"$cache/$release.txt"
    "$python" -m pip --disable-pip-version-check --quiet install --no-deps --no-compile --require-hashes \
        --target "$cache/$release" -r "$cache/$release.txt"
    rm "$cache/$release.txt"
    touch "$cache/$release/done"
done
