"""Puts the response log together: who follows the record, who reviews, who counts the chain over."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.databases import Owned
from config.files import parse_toml
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Invalid, Misconfigured
from dispatch.logbook.follower import Follower
from dispatch.logbook.reviewing import Reviewing
from dispatch.logbook.stories import Stories
from dispatch.logbook.verifying import Verifier
from dispatch.review import Review
from dispatch.rules.review import read_limits
from dispatch.store.database import Engine
from schedules.calendar import Calendar
from schedules.timetable import Periodic


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBook:
    """Everybody who looks after the log. `limits` is the file of limits as it is written."""

    follower: Follower
    reviewing: Reviewing
    stories: Stories
    verifier: Verifier
    limits: Mapping[str, Mapping[str, object]]

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        """What was closed a moment ago stands in the lists a second later."""
        return (Periodic(name="follow_record", every_s=1.0, work=self.follower.pass_),)


def build_logbook(
    settings: Settings, transactions: Owned, reading: Engine, clock: Clock, calendar: Calendar,
    review: Review,
) -> LogBook:  # fmt: skip
    """
    Wires it.

    Raises:
        Misconfigured: the file of limits is wrong; names the place.
    """
    written = parse_toml(settings.review.file)
    try:
        limits = read_limits(written)
    except Invalid as wrong:
        raise Misconfigured(f"{settings.review.file}: {next(iter(wrong.errors))}", wrong.detail) from None
    follower = Follower(transactions, reading, clock, limits, waiting=transactions.waiting)
    return LogBook(
        follower=follower, reviewing=Reviewing(transactions, follower, calendar.day_of),
        stories=Stories(reading, review, follower), verifier=Verifier(reading, transactions, clock), limits=written,
    )  # fmt: skip
