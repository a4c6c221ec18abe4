#!/usr/bin/env bash
# Kills uploads at random moments, alone and two at once: tests/kills.sh [ROUNDS, default 300]
set -euo pipefail
cd "$(dirname "$0")/.."
output=$(mktemp)
trap 'rm -f "$output"' EXIT
PHOTOCTL_TEST_KILLS="${1:-300}" ./tests/run.sh upload::kills | tee "$output"
grep -qE '^test upload::kills::.* ok$' "$output" || { echo "no test of killed uploads has run" >&2; exit 1; }
