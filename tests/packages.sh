#!/usr/bin/env bash
# Installs the Debian packages that building (`build`), testing (`test`) or measuring (`bench`) needs, or says exactly which are missing.
set -euo pipefail

declare -A build=([cc]=gcc [cmake]=cmake [nasm]=nasm [make]=make)
declare -A test=([python3]=python3 [psql]=postgresql-client [pgbouncer]=pgbouncer [mount]=mount [openssl]=openssl [zsh]=zsh [fish]=fish [dpkg-shlibdeps]=dpkg-dev [pdftoppm]=poppler-utils [ZXingReader]=zxing-cpp-tools [rsvg-convert]=librsvg2-bin [chromium-headless-shell]=chromium-headless-shell)

missing=()
want() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }

for tool in "${!build[@]}"; do want "$tool" "${build[$tool]}"; done
# A compiler without the C library's headers is there where gcc came alone.
links() { printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | cc -xc - -o /dev/null 2>/dev/null; }
links || missing+=(gcc libc6-dev)
if [ "${1:-build}" != build ]; then
    for tool in "${!test[@]}"; do want "$tool" "${test[$tool]}"; done
    python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
fi
if [ "${1:-build}" = bench ]; then
    want python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    want vipsthumbnail libvips-tools
fi
if ! command -v cargo >/dev/null 2>&1; then
    echo "A Rust toolchain (1.95 or newer) is missing: see https://rustup.rs" >&2
    exit 1
fi
rust=$(rustc --version | sed -n 's/^rustc \([0-9]*\.[0-9]*\).*/\1/p')
if [ "$(printf '%s\n1.95\n' "$rust" | sort -V | head -n 1)" != 1.95 ]; then
    echo "Rust $rust is too old: 1.95 or newer is needed (rustup update)" >&2
    exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing: ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && "${install[@]}"; } >&2
elif command -v apt-get >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    echo "Installing: ${missing[*]}" >&2
    { sudo apt-get update -q && sudo DEBIAN_FRONTEND=noninteractive "${install[@]}"; } >&2
else
    echo "These packages are missing: ${missing[*]}" >&2
    echo "Install them, on Debian or Ubuntu with: sudo ${install[*]}" >&2
    exit 1
fi
