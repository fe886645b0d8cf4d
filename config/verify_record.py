"""
Checks an exported response log: python3 verify_record.py FILE [--head HASH]

Needs nothing but Python 3.11: neither this project nor its database, so that anybody may keep it and check for
themselves. FILE has one JSON object a line, as `anling record export` writes them; "-" is standard input. With --head
the last entry must have this hash, as it was kept elsewhere (on paper, with an auditor): that shows a log cut short.

    hash(n) = SHA-256(hash(n-1) + newline + canonical JSON of entry n)

Canonical JSON has sorted keys, no spaces and non-ASCII as it is; it covers the columns in CHAINED, with `at` in
microseconds since 1970. The first entry is chained to 64 zeros.

Exit code 0: whole. 1: an entry does not fit; it is named. 2: wrong use.
"""

import argparse
import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

CHAINED = ("number", "at", "boot", "steady_us", "kind", "by", "alarm_id", "version", "body", "note_hash")
GENESIS = "0" * 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> int:
    """Reads the arguments and prints the verdict."""
    parser = argparse.ArgumentParser(description="Checks an exported response log.")
    parser.add_argument("file", help="JSON lines of `anling record export`; - is standard input")
    parser.add_argument("--head", help="the hash that the last entry must have")
    wanted = parser.parse_args()
    try:
        opened = contextlib.nullcontext(sys.stdin) if wanted.file == "-" else open(wanted.file, encoding="utf-8")  # noqa: SIM115
    except OSError as failure:
        print(f"{wanted.file}: {failure.strerror}", file=sys.stderr)
        return 2
    with opened as lines:
        count, head, why = walk(lines)
    if why is None and wanted.head and wanted.head.lower() != head:
        why = f"the log ends with entry {count}, hash {head}; expected {wanted.head}"
    print(why or f"The record is whole: {count} entries, head {head}.")
    return 1 if why else 0


def walk(lines: Iterable[str]) -> tuple[int, str, str | None]:
    """How many entries fit, the hash of the last of them, and what is wrong with the next one."""
    count, head = 0, GENESIS
    for line in lines:
        entry: dict[str, Any] = {}
        try:
            entry = json.loads(line)
            why = fault(entry, count + 1, head)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"cannot be read ({type(error).__name__})"
        if why:
            return count, head, f"Entry {count + 1} does not fit: {why}."
        count, head = count + 1, entry["hash"]
    return count, head, None


def fault(entry: dict[str, Any], number: int, before: str) -> str | None:
    """What is wrong with this entry, None if nothing is."""
    if entry["number"] != number:
        return f"it says it is number {entry['number']}"
    if entry["before"] != before:
        return "it is not chained to the entry before it"
    if (datetime.fromisoformat(entry["at"]) - EPOCH) // timedelta(microseconds=1) != entry["at_us"]:
        return "its two times are not the same"
    fields = {name: entry[name] for name in CHAINED} | {"at": entry["at_us"]}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if entry["hash"] != hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest():
        return "its content does not match its hash"
    if entry.get("note") is not None and entry["note_hash"] != note_hash(entry["note"], entry["note_salt"]):
        return "its note was altered"
    return None


def note_hash(note: str, salt: str) -> str:
    """What stands in the chain for the words of people, which may be erased."""
    return hashlib.sha256(f"{salt}\n{note}".encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
