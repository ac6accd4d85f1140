#!/bin/sh
# Install the servers and browsers that the tests talk to, from Debian: setup.sh CACHE
set -eu
cache=$1
mkdir -p "$cache"
stamp="$cache/servers-$(cksum <"$0" | cut -d' ' -f1)"
[ -e "$stamp" ] && exit 0

PATH="$PATH:/usr/sbin:/sbin"
missing=""
needs() { command -v "$1" >/dev/null || missing="$missing $2"; }
[ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || missing="$missing postgresql"
needs smtp-sink postfix
[ -x /usr/lib/dovecot/imap ] || missing="$missing dovecot-imapd"
[ -x /usr/lib/dovecot/lmtp ] || missing="$missing dovecot-lmtpd"
needs openssl openssl
needs chromium chromium
needs nginx nginx-light
needs wrk wrk
needs strace strace
# shellcheck disable=SC2086
sh "$(dirname "$0")/../debian.sh" $missing
touch "$stamp"
