"""Puts the response log together: who follows the record, who reviews, who counts the chain over."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.databases import Owned
from config.files import parse_toml
from config.settings import Settings
from config.tolerated import tolerated
from dispatch.clock import Clock
from dispatch.errors import Invalid, Misconfigured
from dispatch.logbook.follower import Follower
from dispatch.logbook.reviewing import Reviewing
from dispatch.logbook.stories import Stories
from dispatch.logbook.verifying import Verifier
from dispatch.review import Review
from dispatch.rules.review import Limits, read_limits
from dispatch.store.database import Engine
from schedules.calendar import Calendar
from schedules.timetable import Periodic

PACKAGED = Path(__file__).with_name("review.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBook:
    """
    Everybody who looks after the log. `limits` is the file of limits as it is written, `lacking` why the centre's own
    cannot be read.
    """

    follower: Follower
    reviewing: Reviewing
    stories: Stories
    verifier: Verifier
    limits: Mapping[str, Mapping[str, object]]
    lacking: str

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        """What was closed a moment ago stands in the lists a second later."""
        return (Periodic(name="follow_record", every_s=1.0, work=self.follower.pass_),)


def build_logbook(
    settings: Settings, transactions: Owned, reading: Engine, clock: Clock, calendar: Calendar,
    review: Review,
) -> LogBook:  # fmt: skip
    """Wires it. With a file of limits that is not in order the limits that held last go on holding, or the packaged."""
    own = tolerated("review", lambda: review_limits(settings.review.file))
    written, limits = own.value or review_limits(PACKAGED)
    follower = Follower(
        transactions, reading, clock, limits, are_own=own.value is not None, waiting=transactions.waiting
    )
    return LogBook(
        follower=follower, reviewing=Reviewing(transactions, follower, calendar.day_of),
        stories=Stories(reading, review, follower), verifier=Verifier(reading, transactions, clock), limits=written,
        lacking=own.lacking,
    )  # fmt: skip


def review_limits(file: Path) -> tuple[dict[str, Any], Limits]:
    """
    The file of limits as it is written, and what it says.

    Raises:
        Misconfigured: it cannot be read, or is wrong; names the place.
    """
    written = parse_toml(file)
    try:
        return written, read_limits(written)
    except Invalid as wrong:
        raise Misconfigured(f"{file}: {next(iter(wrong.errors))}", wrong.detail) from None
