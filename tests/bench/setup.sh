#!/bin/sh
# Install what we are measured beside, each apart from our own environment: setup.sh [PYTHON [CACHE]]
# What cannot be had here is left out, with one line that says so; its rows are then missing from the tables.
set -eu
python=${1:-python3} cache=${2:-.cache}/bench
here=$(dirname "$0")
mkdir -p "$cache"

# Whether a part is there as its sources want it; otherwise clear it away.
there() { # PART SOURCE...
    part=$1
    shift
    stamp="$cache/$part/done-$(cat "$@" | cksum | cut -d' ' -f1)"
    [ -e "$stamp" ] && return 0
    rm -rf "${cache:?}/$part"
    echo "setting up $cache/$part ..." >&2
    return 1
}

left_out() { # PART WHY
    rm -rf "${cache:?}/$1"
    echo "$1 is left out: $2" >&2
}

debian() { # PACKAGE...
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "installing $* ..." >&2
    apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

environment() { # PART LOCK
    there "$1" "$2" && return
    if "$python" -m venv "$cache/$1" >/dev/null &&
        "$cache/$1/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$2"; then
        touch "$stamp"
    else
        left_out "$1" "its packages cannot be installed"
    fi
}

command -v undertime >/dev/null || debian undertime || echo "undertime is left out: it is not installed" >&2

environment dateutil "$here/peers.lock"
environment dateutil-rs "$here/dateutil-rs.lock"
environment servers "$here/servers.lock"

if ! there js "$here/js/package-lock.json"; then
    mkdir -p "$cache/js"
    cp "$here/js/package.json" "$here/js/package-lock.json" "$cache/js/"
    if ! { command -v node >/dev/null && command -v npm >/dev/null; } && ! debian nodejs npm; then
        left_out js "node and npm are not installed"
    # Not `npm ci`: it wants every platform's build of rrule-rust in the lock file, and some are not to be had.
    # What is in the lock file is held to its hash by `install` just as well.
    elif (cd "$cache/js" && npm install --silent --no-audit --no-fund --ignore-scripts); then
        touch "$stamp"
    else
        left_out js "its packages cannot be installed"
    fi
fi

if ! there libical "$here/peers/libical.c"; then
    mkdir -p "$cache/libical"
    build() { cc -O2 -Wall -o "$cache/libical/libical" "$here/peers/libical.c" -lical; }
    if { command -v cc >/dev/null && [ -e /usr/include/libical/ical.h ] || debian gcc libc6-dev libical-dev; } && build; then
        touch "$stamp"
    else
        left_out libical "it needs a C compiler and libical-dev"
    fi
fi
