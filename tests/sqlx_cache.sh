#!/usr/bin/env bash
# The cache of checked queries in .sqlx: `--write` makes it anew, `--check` fails where it is not what the code and
# the migrations say. Both describe every query against a real PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:---check}
if [ -z "${PHOTOCTL_TEST_DATABASE_URL:-}" ]; then
    eval "$(tests/postgres.sh start)"
    trap 'tests/postgres.sh stop >/dev/null' EXIT
fi
# Another run may be going on at the same server.
name=photoctl_sqlx_cache_$$
url="${PHOTOCTL_TEST_DATABASE_URL%/*}/$name"
psql -qX "$PHOTOCTL_TEST_DATABASE_URL" -c "DROP DATABASE IF EXISTS $name" -c "CREATE DATABASE $name" 2>/dev/null
psql -qX -v ON_ERROR_STOP=1 "$url" -c "CREATE SCHEMA photoctl"
for file in migrations/*.sql; do
    psql -qX -v ON_ERROR_STOP=1 "$url" -f "$file" >/dev/null
done

fresh=$(mktemp -d)
touch src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$fresh" DATABASE_URL="$url" cargo check --locked --tests --quiet
touch src/lib.rs
psql -qX "$PHOTOCTL_TEST_DATABASE_URL" -c "DROP DATABASE $name"

if [ "$mode" = --write ]; then
    rm -rf .sqlx
    mv "$fresh" .sqlx
    chmod 755 .sqlx
    echo "$(find .sqlx -name 'query-*.json' | wc -l) queries in .sqlx"
elif ! diff -r .sqlx "$fresh" >&2; then
    echo "The cache of checked queries is stale: run tests/sqlx_cache.sh --write and commit .sqlx" >&2
    exit 1
else
    echo "The cache of checked queries is fresh: $(find .sqlx -name 'query-*.json' | wc -l) queries"
fi
