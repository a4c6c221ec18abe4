#!/usr/bin/env bash
# Sets up what the tests need and runs all of them: both databases, a real S3 server, pseudo-terminals.
# Arguments go to the test runner: `./tests/run.sh upload` runs the tests with "upload" in their name.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/packages.sh test
# The suite's own servers only: nothing that the shell points at may be touched.
unset DATABASE_URL
for name in $(compgen -e | grep -E '^(PHOTOCTL_|AWS_|STRIPE_)' | grep -vE '^(PHOTOCTL_TEST_|AWS_CA_BUNDLE$)' || true); do
    unset "$name"
done

if [ -z "${PHOTOCTL_TEST_DATABASE_URL:-}" ]; then
    eval "$(tests/postgres.sh start)"
    trap 'tests/postgres.sh stop >/dev/null' EXIT
fi
export PHOTOCTL_TEST_DATABASE_URL
cargo test --locked "$@"
