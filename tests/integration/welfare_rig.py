"""A small district whose households are watched: signs told by hand, looks when they are due."""

import tomllib
from dataclasses import replace
from datetime import timedelta

from dispatch.ids import HomeId
from dispatch.review import Review
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import operator
from dispatch.store.alarms import Alarms
from schedules.welfare.gathering import Gathering
from schedules.welfare.looking import Looking
from schedules.welfare.office import Office
from schedules.welfare.rules.signs import Kind, Observation, read_scale
from schedules.welfare.store import Givens, Standings
from tests.architecture.tree import ROOT

WANG = operator("wang")
PACKAGED = read_scale(tomllib.loads((ROOT / "config/care/welfare.toml").read_text(encoding="utf-8")))
SCALE = replace(PACKAGED, threshold=-2.0, sure=None, at_night=None)
"""Two grave signs are enough and nobody is rung first: what follows a signal is easier told apart so."""


class Broken:
    """A source that never answers."""

    name = "broken"

    def since(self, at):
        raise LookupError("no such table")


class Watching:
    """The welfare signal over a world of tests."""

    def __init__(self, world, sources=(), scale=SCALE):
        self.world = world
        self.gathering = Gathering(
            world.transactions, world.reading, world.clock, scale, sources, nudge=lambda: None
        )  # fmt: skip
        self.looking = Looking(world.transactions, world.reading, world.desk, world.calendar, scale)
        self.office = Office(world.transactions, world.reading, world.clock, scale, nudge=lambda: None)
        self._count = 0

    def sees(self, kind, home="H1", resident="R1", *, hours=0.0, strength=1.0, look=True, days=0):
        """Somebody noticed this, so long ago."""
        self._count += 1
        at = self.world.clock.now() - timedelta(hours=hours, days=days)
        each = Observation(
            key=f"test:{self._count}", kind=Kind(kind), home_id=self.world.home(home),
            resident_id=self.world.resident(resident) if resident else None, at=at, strength=strength,
        )  # fmt: skip
        self.gathering.observe([each], source="test")
        if look:
            self.look()

    def look(self):
        for id_ in self.looking.due(self.world.clock.now(), 100):
            self.looking.wake(id_)

    def pass_until(self, seconds):
        """Time passes, and each home is looked at when it is due."""
        until = self.world.clock.now() + timedelta(seconds=seconds)
        while (at := self.looking.next_due()) is not None and at <= until:
            self.world.clock.advance(max(0.0, (at - self.world.clock.now()).total_seconds()))
            self.look()
        self.world.clock.advance((until - self.world.clock.now()).total_seconds())

    def close(self, alarm_id, outcome=Outcome.FALSE_ALARM):
        self.world.wake()
        self.world.desk.close(alarm_id, outcome=outcome, by=WANG)
        self.gathering.learn()
        self.look()

    @property
    def alarms(self):
        with self.world.reading.connect() as connection:
            return Alarms(connection).open()

    @property
    def given(self):
        with self.world.reading.connect() as connection:
            return Givens(connection).recent(self.world.clock.now() - timedelta(days=80), 100)

    def standing(self, home="H1"):
        with self.world.reading.connect() as connection:
            return Standings(connection).get(HomeId(self.world.home(home)))

    def notes(self, alarm_id, kind=None):
        story = Review(self.world.reading, lambda: self.world.calendar.day_of(self.world.clock.now())).story(
            alarm_id, "zh"
        )
        return [each["note"] for each in story["timeline"] if each.get("note") and kind in {None, each["kind"]}]
