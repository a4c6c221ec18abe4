#!/usr/bin/env python3
"""Proves an export of the audit log, without photoctl and without the database: python3 verify_audit.py FILE

Reads what `photoctl audit export` wrote, jsonl or csv, from FILE or stdin. Each entry's hash must cover its content
and the hash before it. Prints the last one: it must be the one that the operator of the database names.
"""
import csv
import hashlib
import json
import sys
import uuid
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def entries(lines):
    first = lines[0] if lines else ""
    if first.startswith("{"):
        return [json.loads(line) for line in lines if line.strip()]
    rows = list(csv.DictReader(lines))
    for row in rows:
        for name, value in row.items():
            # An apostrophe keeps a spreadsheet from running the cell.
            row[name] = value[1:] if value[:1] == "'" and value[1:2] in ("=", "+", "-", "@", "\t", "\r") else value
        row["fields"] = json.loads(row["fields"])
        row.update({name: row[name] or None for name in ("entity_id", "project_id", "item_count", "items_digest")})
    return rows


def covered(entry, previous):
    moment = datetime.fromisoformat(entry["at"].replace("Z", "+00:00"))
    number = lambda value: int(value).to_bytes(8, "big", signed=True)
    text = lambda name: entry[name].encode()
    identity = lambda name: entry[name] and uuid.UUID(entry[name]).bytes
    count, digest = entry["item_count"], entry["items_digest"]
    fields = json.dumps(entry["fields"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    out = b"photoctl audit 1" + previous + number(entry["seq"]) + number((moment - EPOCH) // timedelta(microseconds=1))
    for part in (text("actor"), text("host"), text("command"), text("entity"), identity("entity_id"),
                 identity("project_id"), text("action"), fields.encode(), None if count is None else number(count),
                 digest and bytes.fromhex(digest)):
        out += b"\0" if part is None else b"\1" + len(part).to_bytes(8, "big") + part
    return out


def main():
    source = open(sys.argv[1], encoding="utf-8", newline="") if len(sys.argv) > 1 else sys.stdin
    log = entries(source.read().splitlines(keepends=True))
    previous = None
    for entry in log:
        seq, before = int(entry["seq"]), bytes.fromhex(entry["previous_hash"])
        if previous is not None and (seq != previous[0] + 1 or before != previous[1]):
            sys.exit(f"entry {seq} does not follow from entry {previous[0]}")
        if seq == 1 and before != bytes(32):
            sys.exit("entry 1 is not the first one")
        if hashlib.sha256(covered(entry, before)).hexdigest() != entry["hash"]:
            sys.exit(f"entry {seq} was changed")
        previous = (seq, bytes.fromhex(entry["hash"]))
    if previous is None:
        sys.exit("there is no entry")
    print(f"{len(log)} entries, from {log[0]['seq']} to {previous[0]}:{previous[1].hex()}")


main()
