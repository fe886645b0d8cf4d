"""When a duty sheet is filed, and how long it is kept: it has every door of the district on it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

EVERY = timedelta(hours=12)
"""At the latest so often, whatever the roster says."""

KEPT = timedelta(days=3)
"""Long enough for a weekend without light."""

ALWAYS_KEPT = 2
"""The newest two stay however old they are: an old sheet is better than none."""


def is_due(last: datetime | None, now: datetime, changed_at: datetime | None) -> bool:
    """`last` is when one was filed, `changed_at` the latest change of shift that has passed."""
    if last is None or now - last >= EVERY or last > now:
        return True
    return changed_at is not None and last < changed_at <= now


def old(sheets: Mapping[str, datetime], now: datetime) -> list[str]:
    """Which of these are to be deleted, by name."""
    newest = sorted(sheets, key=lambda name: sheets[name], reverse=True)
    return [name for name in newest[ALWAYS_KEPT:] if now - sheets[name] >= KEPT]
