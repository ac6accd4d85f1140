#!/bin/sh
# Make a virtual environment with the locked packages and this project: environment.sh PYTHON FOLDER LOCK
set -eu
python=$1 folder=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "svsm_cal needs Python 3.11 or newer; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12 ..." >&2
    exit 1
}
echo "setting up $folder ..." >&2
if ! "$python" -m venv "$folder" 2>/dev/null; then
    # Debian splits venv off its Python.
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "$python has no venv: install python3-venv" >&2; exit 1; }
    apt-get update -q >/dev/null && apt-get install -y -q python3-venv >/dev/null
    "$python" -m venv "$folder"
fi
pip="$folder/bin/python -m pip --disable-pip-version-check --quiet"
$pip install --require-hashes -r "$lock"
$pip install --no-deps --no-build-isolation -e .
# Compiled once here, even where the environment forbids it at run time: look-ups should start at once.
env -u PYTHONDONTWRITEBYTECODE "$folder/bin/python" -m compileall -q svsm_cal
