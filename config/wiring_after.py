"""Puts together what comes after an alarm: how satisfied people were, and what becomes of their data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import phonenumbers

from config.retention import read_retention
from config.settings import Settings
from config.survey import PACKAGED, read_form
from config.tables import metadata
from config.tolerated import tolerated
from dispatch.clock import Clock
from dispatch.ids import ResidentId
from dispatch.messages.providers.provider import Provider
from dispatch.privacy import inventory
from dispatch.privacy.erasing import Erasing
from dispatch.privacy.exporting import Exporting
from dispatch.privacy.retention import Retention
from dispatch.rules.alarm import Outcome
from dispatch.rules.message import Channel
from dispatch.rules.satisfaction import Asking
from dispatch.satisfaction.asking import SatisfactionAsking
from dispatch.satisfaction.surveying import Surveying
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.satisfaction import Ratings
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.timetable import Periodic

ERASED = "erased.jsonl"
"""The file in the folder of data that names, by id alone, who was erased: it outlives a restored backup."""

NIGHT = range(2, 5)
"""Local hours in which what is due by age is erased: the quietest of a district."""

LANDLINES = frozenset({phonenumbers.PhoneNumberType.FIXED_LINE})


@dataclass(kw_only=True)
class After:
    """Everybody who comes after an alarm."""

    asking: SatisfactionAsking
    surveying: Surveying
    erasing: Erasing
    exporting: Exporting
    retention: Retention
    nightly: bool
    is_night: Callable[[], bool]

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            Periodic(name="plan_ratings", every_s=60.0, work=self.asking.check),
            Periodic(name="draw_surveys", every_s=3600.0, work=self.surveying.check),
            Periodic(name="erase_agreed", every_s=60.0, work=self.erasing.check),
            # Whoever came back with a restored backup leaves again without anybody having to think of it.
            Periodic(name="erase_restored", every_s=3600.0, work=self.erasing.reapply),
            Periodic(name="follow_retention", every_s=3600.0, work=self._at_night),
        )

    def _at_night(self) -> None:
        if self.nightly and self.is_night():
            self.retention.check()


def build_after(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar,
    providers: Mapping[str, Provider], *, forget: Callable[[], None],
) -> After:  # fmt: skip
    """
    Wires them. `forget` is called when somebody was erased.

    Where the form of the survey is not in order nobody is drawn or interviewed; where the rules of retention are not,
    nothing goes by its age.
    """
    said = settings.satisfaction
    form = tolerated("survey", lambda: read_form(said.form))
    rules = tolerated("retention", lambda: read_retention(settings.privacy.retention))

    def is_served(resident_id: str) -> bool:
        with reading.connect() as connection:
            return People(connection).is_served(ResidentId(resident_id))

    # A table that is not known cannot be searched: nothing of it would be erased.
    assert set(inventory()) <= set(metadata.tables)
    return After(
        asking=SatisfactionAsking(
            transactions, reading, clock, wanted=said.keys, asking=asking_of(settings), local=calendar.local,
            channel_of=lambda phone: channel_of(phone, providers), is_served=is_served,
        ),
        surveying=Surveying(
            transactions, reading, clock, wanted=said.surveys, form=form.value or read_form(PACKAGED),
            lacking=form.lacking, month_of=calendar.month_of, share=said.sample_share, least=said.sample_least,
            is_served=is_served,
        ),
        erasing=Erasing(transactions, reading, clock, listed=settings.home / ERASED, forget=forget),
        exporting=Exporting(transactions, reading, clock),
        retention=Retention(transactions, reading, clock, rules=rules.value or (), lacking=rules.lacking),
        nightly=settings.privacy.nightly,
        is_night=lambda: calendar.local(clock.now()).hour in NIGHT,
    )  # fmt: skip


def asking_of(settings: Settings) -> Asking:
    """The settings as the rules want them."""
    said = settings.satisfaction
    return Asking(
        after=timedelta(hours=said.after_h), from_hour=said.from_hour, until_hour=said.until_hour,
        quota=timedelta(days=said.quota_days), never=frozenset(Outcome(each) for each in said.never),
    )  # fmt: skip


def channel_of(phone: str, providers: Mapping[str, Provider]) -> Channel | None:
    """By text where it is no landline and an answer comes back, else by a call with a key, else not at all."""
    able = [each.capability(phone) for each in providers.values()]
    if not is_landline(phone) and able and able[0].sms and able[0].two_way:
        return Channel.SMS
    return Channel.VOICE if any(each.voice and each.keys for each in able) else None


def is_landline(phone: str) -> bool:
    """Whether no text arrives at this number, by the plans of numbers in the library."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(phone)) in LANDLINES
    except phonenumbers.NumberParseException:
        return False


def mend_after(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits here waits no longer than it would have."""
    Ratings(tx.connection).shift_due(seconds)
