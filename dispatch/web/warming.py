"""
What the first look at a page would otherwise pay for: its templates, made into code before anybody waits for them.

The first look at `/review` after a start took five times as long as the second, whatever the size of the log: five
sixths of that was reading its templates ([0085](docs/adr/0085-what-people-wait-for-is-made-ready-at-the-start.md)).
"""

from collections.abc import Sequence

from flask import Flask
from jinja2 import TemplateError

from dispatch.errors import SLIPS

SOON = (
    "base.html", "_lacking.html", "_registry.html",
    # the response log, whose first page has 200 ms
    "review.html", "_review_filter.html", "_review_rows.html", "record.html",
    # the board, and the alarm that is opened first
    "board.html", "_live.html", "_list.html", "_row.html", "_detail.html", "_charge.html", "_alarm.html",
    "_home_file.html", "_facts.html", "_counters.html", "_calls.html", "_quiet.html", "_lately.html", "_hint.html",
    "_map.html",
)  # fmt: skip
"""Pages that somebody waits for with a watch in hand, with all they take in. A test looks for what lacks."""


def make_pages_ready(app: Flask, names: Sequence[str] = SOON) -> frozenset[str]:
    """
    Reads these templates, one after the other; the names of those that could not be. At the start, before
    anybody is served. One that cannot be read is told at its page, as ever: no page stops a service that hears presses.
    """
    failed = set()
    for name in names:
        try:
            app.jinja_env.get_template(name)
        except (TemplateError, OSError, *SLIPS):
            failed.add(name)
    return frozenset(failed)
