"""
What a board shows to everybody of one scope, in pieces by which two moments of it can be compared.

    made once ──► pieces: one a row, one for each part beside the rows ──► whole page · what has changed since

Nothing in a piece belongs to one person or one moment: where a clock stands, and where a reader's own token goes,
there are marks, which are filled in as a piece goes out.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

Plain = dict[str, Any]

MARK = secrets.token_urlsafe(24)
"""Nobody can write it into a note."""

TOKEN = f"{MARK}token;"
"""Stands where each reader's own token goes."""

_CLOCK = re.compile(re.escape(MARK) + r"(since|until)=([^;<]*);")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    The board of one scope. `version` is another one for whatever looks otherwise, and never comes again; `head` is the
    entry of the record up to which it was read. `rows` are those of the open alarms by id, the most urgent first;
    `parts` what stands beside them, by the id of its element; `oldest` is the alarm that waits longest, or None.
    """

    version: str
    head: int
    rows: Mapping[str, str]
    parts: Mapping[str, str]
    oldest: str | None

    def looks_like(self, other: "Shown") -> bool:
        return list(self.rows.items()) == list(other.rows.items()) and self.parts == other.parts

    def part(self, name: str, now: datetime, chosen: str | None = None) -> Markup:
        """One part, with its clocks, and this alarm's row as the one that is open."""
        return _marked(filled(self.parts[name], now), chosen)

    def list(self, now: datetime, chosen: str | None = None) -> Markup:
        """All rows in the same way."""
        return _marked(filled("".join(self.rows.values()), now), chosen)


def changes(old: Shown, new: Shown, now: datetime) -> Plain:
    """
    What makes `new` out of `old`: `parts` and `rows` that are new or say something else, `gone` rows, and where rows
    stand: `placed` says of each that came or moved after which it stands now (None: first), in the order in which they
    are to be put there; `order` is all of them, where more has moved than that.
    """
    parts = {name: _bare(html, now) for name, html in new.parts.items() if old.parts.get(name) != html}
    rows = {id_: _bare(html, now) for id_, html in new.rows.items() if old.rows.get(id_) != html}
    gone = [id_ for id_ in old.rows if id_ not in new.rows]
    stayed = [id_ for id_ in old.rows if id_ in new.rows and id_ not in rows]
    if stayed != [id_ for id_ in new.rows if id_ not in rows]:
        return {"parts": parts, "rows": rows, "gone": gone, "placed": [], "order": list(new.rows)}
    before = dict(zip(new.rows, [None, *new.rows], strict=False))
    return {"parts": parts, "rows": rows, "gone": gone, "placed": [[id_, before[id_]] for id_ in rows], "order": None}


def _marked(html: str, chosen: str | None) -> Markup:
    row = f'<li id="row-{escape(chosen or "")}"><a '
    return Markup(html.replace(row, f'{row}aria-current="true" ', 1))  # noqa: S704  escaped by their templates


def clock_mark(kind: str, iso: str) -> str:
    """A mark where a clock stands: `since` counts from this instant, `until` to it."""
    return f"{MARK}{kind}={iso};"


def filled(html: str, now: datetime, token: str = "") -> str:
    """This piece as it goes out: with what its clocks show now, and the token of whoever reads it."""
    return _CLOCK.sub(lambda found: _counted(found[1], found[2], now), html.replace(TOKEN, token))


def span(from_iso: str, until: datetime) -> str:
    """Minutes and seconds from one instant to another, as the script counts them on; 00:00 where it has gone by."""
    return _told((until - datetime.fromisoformat(from_iso)).total_seconds())


def _bare(html: str, now: datetime) -> str:
    """For many at once: the page puts its own token into forms."""
    return filled(html, now)


def _counted(kind: str, iso: str, now: datetime) -> str:
    seconds = (now - datetime.fromisoformat(iso)).total_seconds()
    return _told(seconds if kind == "since" else -seconds)


def _told(seconds_: float) -> str:
    minutes, seconds = divmod(max(0, int(seconds_)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes:02}:{seconds:02}"
