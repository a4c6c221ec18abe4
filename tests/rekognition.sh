#!/bin/sh
# What the stand-in for Amazon Rekognition runs with, from PyPI: OpenCV, which is not our own engine, the service's own
# model (in botocore), and the client that it is tried with. Nothing is installed on the system. Prints the folders for
# PYTHONPATH with colons between them, and on a second line the model. Needs python3 with pip.
set -eu

botocore=1.44.8
boto3=1.44.8
regex=2026.11.19
home=${HOME:-$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)}
cache=${PHOTOCTL_TEST_CACHE:-${home:-/var/tmp}/.cache/photoctl-tests}
package=$cache/rekognition-$botocore

opencv=$("$(dirname "$0")/opencv.sh" | head -n 1)
mkdir -p "$cache"
# Made aside and renamed: two runs at once do not see each other's half.
if [ ! -d "$package" ]; then
    work=$(mktemp -d "$cache/rekognition.XXXXXX")
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --target "$work" "botocore==$botocore" "boto3==$boto3" "regex==$regex" >&2
    mv "$work" "$package" 2>/dev/null || rm -rf "$work"
fi
echo "$package:$opencv"
echo "$package/botocore/data/rekognition/2016-06-27/service-2.json.gz"
