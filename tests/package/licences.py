#!/usr/bin/env python3
"""Writes the licences of everything that is linked into the binary: licences.py MANIFEST > THIRD-PARTY-LICENCES.txt"""
import json
import pathlib
import subprocess
import sys

NAMES = ("licen", "copying", "copyright", "notice", "unlicense", "ofl")


def linked(manifest):
    """The packages of the normal dependencies, as cargo resolves them for this machine."""
    host = next(line.split()[1] for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines()
                if line.startswith("host:"))
    told = subprocess.check_output(["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host,
                                    "--manifest-path", manifest], text=True)
    metadata = json.loads(told)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root, seen = metadata["resolve"]["root"], set()
    waiting = [root]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for dependency in nodes[here]["deps"]:
            # Sources that a build script compiles in come with such a build dependency, not as one themselves.
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    seen.discard(root)
    return sorted((packages[one] for one in seen), key=lambda package: (package["name"], package["version"]))


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    found = [path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES)]
    if package["license_file"]:
        found.append(folder / package["license_file"])
    return sorted(set(path.resolve() for path in found if path.exists()))


def main():
    manifest = pathlib.Path(sys.argv[1]).resolve()
    print("What is linked into photoctl, and under which licences.")
    carried = {"src/imaging/assets": "font of watermarks and cards", "src/faces/models": "models of faces"}
    for folder, what in carried.items():
        for path in sorted((manifest.parent / folder).glob("*")):
            if path.name.lower().startswith(NAMES) or "licen" in path.name.lower():
                print(f"\n{'=' * 100}\n{what} ({path.name})\n\n{path.read_text(errors='replace').rstrip()}")
    for package in linked(str(manifest)):
        print(f"\n{'=' * 100}\n{package['name']} {package['version']}: {package['license'] or 'see below'}")
        if package["repository"]:
            print(package["repository"])
        for path in texts(package):
            print(f"\n--- {path.name}\n\n{path.read_text(errors='replace').rstrip()}")


main()
