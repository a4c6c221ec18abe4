#!/usr/bin/env bash
# Kills uploads at random moments, alone and two at once: tests/kills.sh [ROUNDS, default 300]
set -euo pipefail
cd "$(dirname "$0")/.."
PHOTOCTL_TEST_KILLS="${1:-300}" exec ./tests/run.sh upload::kills
