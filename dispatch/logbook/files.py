"""The record as lines of JSON, as `anling record export` writes them and `config/verify_record.py` reads them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dispatch.store.audit import Books, Engine, iso


def lines(reading: Engine, *, notes: bool = False, until: int | None = None) -> Iterator[str]:
    """
    One line for each entry, oldest first, up to the number `until`.

    Each has all columns of an entry, `at` as ISO 8601 in UTC and `at_us` as the integer that is hashed. With `notes`
    also the words of people, as `note` and `note_salt`; both are absent where an entry has no note, and `note` is null
    where it was erased.
    """
    with Books(reading).open() as page:
        words = page.notes() if notes else {}
        for entry in page.entries():
            if until is not None and entry["number"] > until:
                return
            yield json.dumps(_exported(entry, words), ensure_ascii=False, separators=(",", ":")) + "\n"


def _exported(entry: Mapping[str, Any], words: Mapping[str, tuple[str, str | None]]) -> dict[str, Any]:
    line = {**entry, "at": iso(entry["at"]), "at_us": entry["at"]}
    if entry["note_hash"] in words:
        line["note_salt"], line["note"] = words[entry["note_hash"]]
    return line
