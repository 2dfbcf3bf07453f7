#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own, named by PARTWATCH_POSTGRESQL; gone afterwards.
set -euo pipefail
binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
PATH=${binaries:+$binaries:}$PATH
if ! command -v initdb >/dev/null; then
    echo "no PostgreSQL server is installed (Debian: apt-get install postgresql)" >&2
    exit 1
fi
folder=$(mktemp -d)
owner=()
if [ "$(id -u)" = 0 ]; then
    # The server refuses to run as root.
    chown postgres "$folder"
    owner=(runuser -u postgres --)
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cleanup() {
    "${owner[@]}" "$(command -v pg_ctl)" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap cleanup EXIT
"${owner[@]}" "$(command -v initdb)" -D "$folder/data" -U partwatch -A trust >/dev/null
"${owner[@]}" "$(command -v pg_ctl)" -D "$folder/data" -l "$folder/log" -w \
    -o "-p $port -k $folder -c listen_addresses=127.0.0.1" start >/dev/null
PARTWATCH_POSTGRESQL="postgresql://partwatch@127.0.0.1:$port/postgres" "$@"
