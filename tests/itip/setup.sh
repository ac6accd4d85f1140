#!/bin/sh
# Install the calendar programs that take our invitations in the tests, from Debian: setup.sh CACHE
set -eu
cache=$1
mkdir -p "$cache"
stamp="$cache/itip-$(cksum <"$0" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

missing=""
command -v thunderbird >/dev/null || missing="$missing thunderbird"
if ! [ -x /usr/libexec/evolution-calendar-factory ] || ! command -v dbus-run-session >/dev/null ||
    ! /usr/bin/python3 -c "import gi; gi.require_version('ECal', '2.0')" 2>/dev/null; then
    missing="$missing evolution-data-server gir1.2-ecal-2.0 python3-gi dbus-daemon dbus-bin"
fi
# shellcheck disable=SC2086
sh "$(dirname "$0")/../debian.sh" $missing
touch "$stamp"
