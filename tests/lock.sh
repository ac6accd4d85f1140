#!/bin/sh
# Pin every dependency with its hashes, for all platforms, naming no registry.
set -eu
compile="uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet"
$compile pyproject.toml --all-extras --group dev -o tests/requirements.lock
$compile pyproject.toml --group build -c tests/requirements.lock -o requirements.lock
# What `make check` needs: for the other Pythons, and with the lowest versions that we allow of what we depend on.
$compile pyproject.toml --extra holidays --group check -c tests/requirements.lock -o tests/check.lock
$compile pyproject.toml --extra holidays --group check --resolution lowest-direct -o tests/lowest.lock
$compile tests/readers/requirements.in -o tests/readers/requirements.lock
$compile tests/sync/requirements.in -o tests/sync/requirements.lock
$compile tests/bench/peers.in -o tests/bench/peers.lock
$compile tests/bench/dateutil-rs.in -o tests/bench/dateutil-rs.lock
$compile tests/chat/requirements.in -o tests/chat/requirements.lock
$compile tests/web/requirements.in -o tests/web/requirements.lock
$compile tests/bench/servers.in -o tests/bench/servers.lock
