#!/usr/bin/env bash
# From an empty machine to an uploaded card: builds photoctl, makes an event, uploads the pictures of this repository
# and shows what came of it. Run it again: nothing is doubled.
#
#   PHOTOCTL_HOME   where the event goes (default: quickstart-event in this folder)
#   PHOTOCTL_BIN    a photoctl that is built already
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD

# An example must not reach a real event: nothing of the shell's own configuration is used.
export PHOTOCTL_HOME="${PHOTOCTL_HOME:-$repository/quickstart-event}"
binary="${PHOTOCTL_BIN:-}"
unset DATABASE_URL
for name in $(compgen -e | grep -E '^PHOTOCTL_' | grep -vx PHOTOCTL_HOME || true); do unset "$name"; done
export PHOTOCTL_CONFIG=/dev/null

if [ -z "$binary" ]; then
    tests/packages.sh build
    echo "Building photoctl (several minutes the first time)..."
    cargo build --release --locked
    binary="${CARGO_TARGET_DIR:-$repository/target}/release/photoctl"
fi
photoctl() {
    printf '\n$ photoctl %s\n' "$*"
    "$binary" "$@"
}

photoctl operator create --name "Alpine Events" --email office@alpine.example \
    --currency EUR --locale de-AT --timezone Europe/Vienna --no-password --if-not-exists
photoctl photographer create --operator office@alpine.example --name "Mara Lindt" \
    --email mara@alpine.example --no-password --if-not-exists
photoctl project create --operator office@alpine.example --name "Spring Run 2026" --location "Innsbruck" \
    --start "2026-05-16 09:00" --end "2026-05-16 18:00" --timezone Europe/Vienna \
    --photographer mara@alpine.example --if-not-exists

# A card as a camera leaves it.
card=$(mktemp -d)
trap 'rm -rf "$card"' EXIT
mkdir -p "$card/DCIM/100EVENT"
cp tests/data/orientation/*.jpg tests/data/kinds/*.jpg tests/data/kinds/*.png "$card/DCIM/100EVENT/"
upload=(photos upload --project "Spring Run 2026" --photographer mara@alpine.example --dir "$card")
photoctl "${upload[@]}"
echo
echo "The same card a second time: nothing is sent, nothing is doubled."
photoctl "${upload[@]}"
photoctl photos list --project "Spring Run 2026" --limit 8
photoctl photos verify --project "Spring Run 2026" --deep --exit-code
photoctl project show "Spring Run 2026"

echo
echo "Database and photos are in $PHOTOCTL_HOME:"
echo "  a preview: $(find "$PHOTOCTL_HOME/objects" -name watermarked.jpg -print -quit)"
echo "  a thumbnail: $(find "$PHOTOCTL_HOME/objects" -name thumbnail.jpg -print -quit)"
echo "Next: $binary --help, and README.md for real Postgres and Cloudflare R2."
