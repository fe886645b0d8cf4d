"""Extra rounds for many: called by a manager, a weather warning or a festival, opened in pieces, called off again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Protocol

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import HomeId
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import Engine
from dispatch.store.register_rows import RESIDENTS, STATIONS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.rounds.opening import Opening
from schedules.rounds.rules import round as rules
from schedules.rounds.rules.book import LEVELS, Book
from schedules.rounds.store.campaigns import Campaign, Campaigns
from schedules.rounds.store.rounds import Rounds

PIECE = 50
LONGEST = timedelta(days=60)
FESTIVAL = "festival"


class Festivals(Protocol):
    """What the table of holidays knows."""

    def __call__(self, start: date, end: date) -> Sequence[tuple[str, date, date]]:
        """Name, first and last day of each festival that begins within `[start, end)`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What somebody calls. `key` makes calling twice the same (a warning's own number); empty for a person's."""

    occasion: str
    from_on: date
    until_on: date
    classes: tuple[str, ...] = ()
    level: str = ""
    station: str = ""
    note: str = ""
    key: str = ""


class Extras:
    """Calls and opens them."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, book: Book, *,
        festivals: Festivals = lambda _start, _end: (), nudge: Callable[[], None] = lambda: None,
        is_workday: Callable[[date], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._book = book
        self._festivals = festivals
        self._nudge = nudge
        self._opening = Opening(book, calendar, is_workday)

    def call(self, called: Called, *, by: Person, area: Area) -> Campaign | None:
        """
        Extra rounds for some classes between two local days, both included; None where a warning of this colour calls
        none. The same key again gives back what was called before.

        Raises:
            Invalid: no such occasion, class, colour or station, or days that cannot be meant. Conflict: the key was
            used for something else.
        """
        occasion = self._book.occasions.get(called.occasion)
        if occasion is None:
            raise _wrong("occasion", "There is no such occasion.")
        if called.level and called.level not in LEVELS:
            raise _wrong("level", "Please choose one.")
        if set(called.classes) - set(self._book.classes):
            raise _wrong("classes", "There is no such class.")
        if called.level and not occasion.is_called_by(called.level):
            return None
        today = self._calendar.day_of(self._clock.now())
        if not max(called.from_on, today) <= called.until_on or called.until_on - called.from_on > LONGEST:
            raise _wrong("until_on", "It ends before it begins, is over, or lasts longer than 60 days.")
        made = self._transactions.run(partial(self._call, called, by, area))
        self.check()
        return made

    def _call(self, called: Called, by: Person, area: Area, tx: Tx) -> Campaign:
        station = self._station(tx, called.station, area)
        classes = called.classes or self._book.occasions[called.occasion].classes
        campaign = Campaign(
            id=tx.new_id(), key=called.key or f"by_hand:{tx.new_id()}", occasion=called.occasion, level=called.level,
            classes=tuple(classes), from_on=called.from_on, until_on=called.until_on, station_id=station,
            note=called.note, by=by, at=tx.now,
        )  # fmt: skip
        shelf = Campaigns(tx.connection)
        if not shelf.call(campaign):
            known = shelf.by_key(campaign.key)
            if known is None or (known.occasion, known.from_on) != (campaign.occasion, campaign.from_on):
                raise Conflict("This key was used for other extra rounds.")
            return known
        facts = {"campaign": campaign.id, "occasion": campaign.occasion, "level": campaign.level or None,
                 "from": campaign.from_on.isoformat(), "until": campaign.until_on.isoformat(),
                 "classes": ",".join(classes)}  # fmt: skip
        tx.log(Line(kind="rounds_called", by=by, facts=facts, note=called.note or None))
        return campaign

    def _station(self, tx: Tx, said: str, area: Area) -> str | None:
        if not said:
            if area.is_district:
                return None
            raise _wrong("station", "Say which station: you work for some stations only.")
        try:
            return str(RegisterRows(tx.connection).one(STATIONS, said, area)["id"])
        except NotFound:
            raise _wrong("station", "There is none with this code.") from None

    def end(self, id_: str, *, by: Person, area: Area) -> None:
        """
        They are called off: what is still open is not asked for any more.

        Raises:
            NotFound: there are none such in this area. Conflict: they are over already.
        """

        def work(tx: Tx) -> None:
            shelf, rounds = Campaigns(tx.connection), Rounds(tx.connection)
            campaign = shelf.get(id_)
            if not area.is_district and campaign.station_id not in (area.stations or ()):
                raise NotFound("There are no such extra rounds.")
            if campaign.ended_at is not None:
                raise Conflict("They are over already.")
            shelf.change(id_, ended_at=tx.now)
            for each in rounds.of_campaign(id_):
                rounds.save(rules.dropped(each, tx.now, by))
            tx.log(Line(kind="rounds_called_off", by=by, facts={"campaign": id_}))

        self._transactions.run(work)

    def check(self) -> None:
        """Calls what a festival asks for, and opens the rounds of what has begun. Called now and then."""
        today = self._calendar.day_of(self._clock.now())
        self._call_festivals(today)
        with self._reading.connect() as connection:
            begun = Campaigns(connection).to_open(today)
        for campaign in begun:
            # One for an occasion that the book does not have (any more) waits for a book that does.
            if campaign.occasion in self._book.occasions:
                self._open(campaign)
        if begun:
            self._nudge()

    def _call_festivals(self, today: date) -> None:
        occasion = self._book.occasions.get(FESTIVAL)
        if occasion is None or not occasion.before_days:
            return
        ahead = timedelta(days=occasion.before_days)
        for name, first, _ in self._festivals(today, today + ahead + timedelta(days=1)):
            key = f"festival:{first}"
            with self._reading.connect() as connection:
                known = Campaigns(connection).by_key(key)
            if known is None:
                called = Called(occasion=FESTIVAL, from_on=first - ahead, until_on=first, key=key, note=name)
                self._transactions.run(partial(self._call, called, SERVICE, DISTRICT), lane=Lane.BULK)

    def _open(self, campaign: Campaign) -> None:
        with self._reading.connect() as connection:
            meant = [
                each.resident_id for each in Campaigns(connection).in_classes(campaign.classes, campaign.station_id)
            ]
        for at in range(0, len(meant), PIECE):
            self._transactions.run(partial(self._open_for, campaign, meant[at : at + PIECE]), lane=Lane.BULK)
        self._transactions.run(lambda tx: Campaigns(tx.connection).change(campaign.id, opened=True), lane=Lane.BULK)

    def _open_for(self, campaign: Campaign, ids: Sequence[str], tx: Tx) -> None:
        shelf = Rounds(tx.connection)
        if Campaigns(tx.connection).get(campaign.id).ended_at is not None:
            return
        occasion = self._book.occasions[campaign.occasion]
        for id_, row in RegisterRows(tx.connection).by_ids(RESIDENTS, ids).items():
            listed = shelf.listed(row["id"])
            if listed is not None and row["ended_at"] is None:
                made = self._opening.further(tx, listed, HomeId(row["home_id"]), campaign, occasion)
                if shelf.open(made):
                    facts = {"round": made.id, "resident": id_, "campaign": campaign.id, "due": made.due_on.isoformat()}
                    tx.log(Line(kind="round_opened", by=campaign.by, facts=facts))


def _wrong(place: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {place: [why]}})
