#!/bin/sh
# Make a virtual environment with the locked packages and this project: environment.sh PYTHON FOLDER LOCK
set -eu
python=$1 folder=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "svsm_cal needs Python 3.11 or newer; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12 ..." >&2
    exit 1
}
echo "setting up $folder ..." >&2
if ! "$python" -m venv --clear "$folder" 2>/dev/null; then
    # Debian splits venv off its Python.
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "$python has no venv: install python3-venv" >&2; exit 1; }
    apt-get update -q >/dev/null && apt-get install -y -q python3-venv >/dev/null
    "$python" -m venv --clear "$folder"
fi
pip="$folder/bin/python -m pip --disable-pip-version-check --quiet install --no-compile"
$pip --require-hashes -r "$lock"
$pip --no-deps --no-build-isolation -e .
# Where the project is, as seen from its .pth file. Python before 3.13 reads that in the locale's encoding, so that
# nothing would start under LC_ALL=C where a folder above has a name with an umlaut; and the checkout may be moved.
for pth in "$folder"/lib/python3.*/site-packages/*svsm_cal.pth; do
    "$python" -c 'import os, sys; print(os.path.relpath(".", os.path.dirname(sys.argv[1])))' "$pth" >"$pth.new"
    mv "$pth.new" "$pth"
done
# Compiled once here, even where the environment forbids it at run time: look-ups should start at once.
compile="env -u PYTHONDONTWRITEBYTECODE $folder/bin/python -m compileall -j 0"
$compile -qq "$folder"/lib/python3.*/site-packages || true # a package may bring a file for another Python
$compile -q svsm_cal
