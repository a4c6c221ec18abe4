"""Amazon Rekognition's own model (botocore's `service-2.json.gz`), as far as a request can be checked against it."""

import base64
import binascii
import gzip
import json
import pathlib

# Java's classes of characters (`\p{L}`), which the standard library's expressions do not have.
import regex


class Model:
    def __init__(self, path):
        raw = pathlib.Path(path).read_bytes()
        self.model = json.loads(gzip.decompress(raw) if path.endswith(".gz") else raw)
        self.shapes = self.model["shapes"]

    @property
    def target_prefix(self):
        return self.model["metadata"]["targetPrefix"]

    def knows(self, operation):
        return operation in self.model["operations"]

    def violations(self, operation, value):
        """What of a request is not as the model says, each as `path: what`."""
        return list(self._walk(self.model["operations"][operation]["input"]["shape"], value, operation))

    def answer_violations(self, operation, value):
        """The same of an answer: the stand-in is held to the model too."""
        return list(self._walk(self.model["operations"][operation]["output"]["shape"], value, operation))

    def has_error(self, operation, name):
        return name in (error["shape"] for error in self.model["operations"][operation].get("errors", []))

    def _walk(self, name, value, path):
        shape = self.shapes[name]
        check = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "string": self._string,
            "blob": self._blob,
            "boolean": self._boolean,
        }.get(shape["type"], self._number)
        yield from check(shape, value, path)

    def _structure(self, shape, value, path):
        if not isinstance(value, dict):
            yield f"{path}: an object is expected"
            return
        for required in shape.get("required", []):
            if value.get(required) is None:
                yield f"{path}.{required}: is required"
        for member, inner in value.items():
            if member not in shape["members"]:
                yield f"{path}.{member}: is not known"
            elif inner is not None:
                yield from self._walk(shape["members"][member]["shape"], inner, f"{path}.{member}")

    def _list(self, shape, value, path):
        if not isinstance(value, list):
            yield f"{path}: a list is expected"
            return
        yield from between(shape, len(value), path, "items")
        for index, inner in enumerate(value):
            yield from self._walk(shape["member"]["shape"], inner, f"{path}[{index}]")

    def _map(self, shape, value, path):
        if not isinstance(value, dict):
            yield f"{path}: a map is expected"
            return
        yield from between(shape, len(value), path, "entries")
        for key, inner in value.items():
            yield from self._walk(shape["key"]["shape"], key, f"{path} key")
            yield from self._walk(shape["value"]["shape"], inner, f"{path}[{key}]")

    def _string(self, shape, value, path):
        if not isinstance(value, str):
            yield f"{path}: a string is expected"
            return
        yield from between(shape, len(value), path, "characters")
        if "pattern" in shape and not regex.fullmatch(shape["pattern"], value):
            yield f"{path}: does not fit {shape['pattern']}"
        if "enum" in shape and value not in shape["enum"]:
            yield f"{path}: is none of {', '.join(shape['enum'])}"

    def _blob(self, shape, value, path):
        try:
            yield from between(shape, len(base64.b64decode(value, validate=True)), path, "bytes")
        except (binascii.Error, TypeError, ValueError):
            yield f"{path}: is not base64"

    def _boolean(self, _shape, value, path):
        if not isinstance(value, bool):
            yield f"{path}: a boolean is expected"

    def _number(self, shape, value, path):
        wanted = (int,) if shape["type"] in ("integer", "long") else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            yield f"{path}: a number is expected ({shape['type']})"
            return
        yield from between(shape, value, path, "")


def between(shape, size, path, what):
    if "min" in shape and size < shape["min"]:
        yield f"{path}: {size} {what} are less than {shape['min']}"
    if "max" in shape and size > shape["max"]:
        yield f"{path}: {size} {what} are more than {shape['max']}"
