"""Which column is which: by what stands above it, by the table of names in columns.toml, or as somebody says."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.lists.cells import plain
from config.lists.sheet import Sheet
from dispatch.errors import Invalid

HEAD_WITHIN = 20
"""Titles, dates and notes may stand above the head; it is looked for in so many rows."""

NAMES: Mapping[str, Mapping[str, Sequence[str]]] = tomllib.loads(
    Path(__file__).with_name("columns.toml").read_text(encoding="utf-8")
)
KINDS = tuple(NAMES)

# With "|" between fields of which one is enough.
NEEDED: Mapping[str, Sequence[str]] = {
    "residents": ("name", "address|home"),
    "carers": ("name", "station"),
    "devices": ("code", "protocol", "address"),
    "shifts": ("carer", "start", "end"),
    "canteens": ("code",),
}

IGNORE = "-"
"""Said of a column that is to be left aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """
    `of` says in which column (from 0) each field stands; `head` is the number of the head's row, from 1. `unknown` are
    heads nobody knows, `ambiguous` fields that several columns could be.
    """

    head: int
    titles: Sequence[str]
    of: Mapping[str, int]
    unknown: Sequence[str]
    ambiguous: Mapping[str, Sequence[str]]
    missing: Sequence[str]


def match(sheet: Sheet, kind: str, said: Mapping[str, str]) -> Columns:
    """
    The columns of this sheet. `said` maps heads to fields (or to `-`) where somebody has chosen.

    Raises:
        Invalid: no row looks like the head of such a list.
    """
    names = {_bare(each): field for field, all_ in NAMES[kind].items() for each in [field, *all_]}
    chosen = {_bare(head): field for head, field in said.items()}
    number = _head(sheet, names | chosen)
    titles = [plain(each)[:80] for each in sheet.rows[number]]
    found: dict[str, list[int]] = {}
    unknown = []
    for column, title in enumerate(titles):
        field = chosen.get(_bare(title)) or names.get(_bare(title))
        if field is None and title:
            unknown.append(title)
        if field is not None and field != IGNORE and field in NAMES[kind]:
            found.setdefault(field, []).append(column)
    of = {field: columns[0] for field, columns in found.items()}
    ambiguous = {field: [titles[each] for each in columns] for field, columns in found.items() if len(columns) > 1}
    missing = [wanted for wanted in NEEDED[kind] if not any(field in of for field in wanted.split("|"))]
    return Columns(
        head=number + 1, titles=titles, of=of, unknown=unknown, ambiguous=ambiguous, missing=missing
    )  # fmt: skip


def _head(sheet: Sheet, names: Mapping[str, str]) -> int:
    scores = [
        len({names[_bare(plain(each))] for each in row if _bare(plain(each)) in names})
        for row in sheet.rows[:HEAD_WITHIN]
    ]
    if not scores or max(scores) < 2:
        detail = "No row of this file looks like the head of such a list: write the names of the columns above them."
        raise Invalid(detail, {"json": {"file": [detail]}})
    return scores.index(max(scores))


def _bare(title: Any) -> str:
    text = unicodedata.normalize("NFKC", str(title)).casefold()
    text = re.sub(r"[(\[【<].*?[)\]】>]", "", text)
    return re.sub(r"[\s*:_·.、-]+", "", text)
