#!/usr/bin/env bash
# Makes what is handed out, into target/package: an archive with binary, completions, manual pages and licences, and a
# .deb of the same. The release binary is built where it is not there yet. With --check both are tried: the archive
# unpacked, the .deb installed by dpkg (as root; else unpacked), each made to work, and removed again.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-target}"
out="$target/package"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name="photoctl-$version-$(uname -m)-$(uname -s | tr '[:upper:]' '[:lower:]')"
# The newest one that Rust 1.95 and this manifest are known to go with.
cargo_deb=3.8.0

# PHOTOCTL_PACKAGE_AS_BUILT=1 takes whatever target/release holds, to try this script.
if [ -z "${PHOTOCTL_PACKAGE_AS_BUILT:-}" ]; then
    cargo build --release --locked --quiet
fi
binary="$target/release/photoctl"

rm -rf "$out"
mkdir -p "$out/$name/completions" "$out/$name/examples"
"$binary" man --quiet --to "$out/$name/man"
cp "$binary" README.md "$out/$name/"
cp completions/* "$out/$name/completions/"
cp -r examples/. "$out/$name/examples/"
cp src/licences/MIT.txt "$out/$name/LICENCE-MIT.txt"
cp src/licences/Apache-2.0.txt "$out/$name/LICENCE-Apache-2.0.txt"
tests/package/licences.py Cargo.toml | gzip -9n >"$out/$name/THIRD-PARTY-LICENCES.txt.gz"
# The same files make the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}" \
    -C "$out" -czf "$out/$name.tar.gz" "$name"
ln -s "$name" "$out/tree"

if ! command -v cargo-deb >/dev/null; then
    cargo install cargo-deb --locked --quiet --debug --version "$cargo_deb"
fi
cargo deb --no-build --quiet --output "$out/"
deb=$(find "$out" -maxdepth 1 -name '*.deb' -print -quit)
echo "$out/$name.tar.gz"
echo "$deb"
[ "${1:-}" = --check ] || exit 0

work=$(mktemp -d)
installed=
finish() {
    [ -z "$installed" ] || dpkg -r photoctl >/dev/null
    rm -rf "$work"
}
trap finish EXIT

# works BINARY: with a database of its own, and without anything of this folder.
works() {
    [ "$("$1" --version)" = "photoctl $version" ]
    (
        cd "$work"
        export PHOTOCTL_HOME="$work/home" PHOTOCTL_CONFIG=/dev/null
        "$1" operator create --name Try --email try@example.org --no-password --if-not-exists --quiet >/dev/null
        "$1" operator list --output csv | grep -q try@example.org
        "$1" audit export --quiet | python3 "$work/$name/examples/verify_audit.py" >/dev/null
    )
    rm -rf "$work/home"
}

# in_place ROOT: all that comes with the binary stands where a Debian looks for it.
in_place() {
    local share=$1/usr/share
    bash -c "source $share/bash-completion/completions/photoctl && complete -p photoctl" >/dev/null
    [ -s "$share/zsh/vendor-completions/_photoctl" ]
    [ -s "$share/fish/vendor_completions.d/photoctl.fish" ]
    gzip -dc "$share/man/man1/photoctl-photos-upload.1.gz" | grep -c 'TH photoctl-photos-upload' >/dev/null
    grep -q 'Permission is hereby granted' "$share/doc/photoctl/LICENCE-MIT.txt"
    gzip -dc "$share/doc/photoctl/THIRD-PARTY-LICENCES.txt.gz" | grep -c '^sqlx ' >/dev/null
    [ "$(gzip -dc "$share/doc/photoctl/THIRD-PARTY-LICENCES.txt.gz" | grep -c '^models of faces ')" = 2 ]
    [ -x "$share/doc/photoctl/examples/event.sh" ]
}

unset DATABASE_URL
tar -C "$work" -xzf "$out/$name.tar.gz"
works "$work/$name/photoctl"
[ "$(find "$work/$name/man" -name 'photoctl*.1' | wc -l)" -gt 50 ]
[ "$(find "$work/$name/completions" -type f | wc -l)" = 5 ]
dpkg-deb -x "$deb" "$work/root"
in_place "$work/root"
works "$work/root/usr/bin/photoctl"
# A system may be set up to leave manuals and examples out: only the binary is looked for in it.
if [ "$(id -u)" = 0 ] && ! dpkg -s photoctl >/dev/null 2>&1; then
    installed=yes
    dpkg -i "$deb" >/dev/null
    works /usr/bin/photoctl
    dpkg -r photoctl >/dev/null
    installed=
    [ ! -e /usr/bin/photoctl ]
fi
# As from a checkout.
if [ -z "${PHOTOCTL_PACKAGE_AS_BUILT:-}" ]; then
    cargo install --path . --locked --quiet --root "$work/cargo"
    [ "$("$work/cargo/bin/photoctl" --version)" = "photoctl $version" ]
fi
echo "What is handed out works."
