"""One line of the response log, and the arithmetic that chains the lines together."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.ids import AlarmId
from dispatch.rules.message import NO_FACTS, Fact

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

GENESIS = "0" * 64
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    What is to be written: `kind` in the past tense, `by` whom (`service`, `carer:…`, `operator:…`, `device:…`).

    `facts` hold ids and codes only. `note` is words about people: it is kept beside the entry, by its hash, so that it
    can be erased without breaking the chain. `version` is the alarm's after this change, None if nothing of it changed.
    """

    kind: str
    by: str
    alarm_id: AlarmId | None = None
    version: int | None = None
    facts: Mapping[str, Fact] = field(default_factory=lambda: NO_FACTS)
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line on file: numbered densely from 1, with both clocks, chained to the entry before it."""

    number: int
    at: datetime
    boot: str
    steady_us: int
    kind: str
    by: str
    alarm_id: AlarmId | None
    version: int | None
    body: str
    note_hash: str | None
    before: str
    hash: str


def note_hash(note: str, salt: str) -> str:
    """What stands in the chain for a note. Salted, so that an erased short note cannot be guessed back."""
    return hashlib.sha256(f"{salt}\n{note}".encode()).hexdigest()


def body_of(facts: Mapping[str, Fact]) -> str:
    """The facts in their one canonical form: keys sorted, no spaces, non-ASCII as it is."""
    return _canonical(dict(facts))


def digest(before: str, fields: Mapping[str, Any]) -> str:
    """
    SHA-256 over the hash before and the canonical entry: h(n) = SHA-256(h(n-1) ‖ "\\n" ‖ canonical JSON).

    `fields` are all columns of the entry but `before` and `hash`; `at` as integer microseconds since 1970 UTC.
    """
    return hashlib.sha256(f"{before}\n{_canonical(dict(fields))}".encode()).hexdigest()
