"""A record written by hand or by dice, and the two programs that count it."""

import io
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

import config.tables  # noqa: F401  every table must be known
from config.recompute_figures import recount
from config.records import export
from dispatch import clock
from dispatch.figures.counted import Figures
from dispatch.rules.figures.counting import Limits
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT
from dispatch.store.database import reading_engine, writing_engine
from dispatch.store.record import append
from tests.architecture.tree import ROOT
from tests.fakes.clock import HandClock
from tests.kept import lay_tables

ZONE = ZoneInfo("Asia/Shanghai")
ALONE = ROOT / "config" / "recompute_figures.py"
NOVEMBER = datetime(2026, 11, 1, tzinfo=ZONE)
LI, WANG = Person("carer:c1"), Person("operator:o1")


class Book:
    """A record of its own, on disk. `at` is when the next line is written, by both clocks."""

    def __init__(self, path, at=NOVEMBER):
        url = f"sqlite:///{path}/book.db"
        self.writing: Engine = writing_engine(url, synchronous="OFF")
        lay_tables(self.writing, path / "book.db")
        self.reading: Engine = reading_engine(url)
        self.at, self.boot, self.shift_s = at, "b1", 0.0
        self._alarms = 0
        self._waiting = []

    def write(self, kind, by=SERVICE, alarm=None, after=None, *, at=None, **facts):
        """One line, at this moment or so many seconds after it."""
        at = at or self.at + timedelta(seconds=after or 0)
        steady_s = (at - NOVEMBER).total_seconds() + 1_000_000 + self.shift_s
        instant = clock.Instant(wall=at.astimezone(UTC), boot=self.boot, steady_s=steady_s)
        self._waiting.append((Line(kind=kind, by=by, alarm_id=alarm, facts=facts), instant))

    def raised(self, *, by="device:D1", home="h1", station="s1", cause="press", at=None, **facts):
        """An alarm; its id."""
        self._alarms += 1
        told = {"cause": cause, "home": home, "resident": "r1", "station": station, "street": "柏林街道",
                "community": "柏林社区", "delayed_s": 0, **facts}  # fmt: skip
        alarm = f"a{self._alarms}"
        self.write("raised", Person(by), alarm, at=at, **told)
        return alarm

    def keep(self):
        """Puts on file what was written, in the order of the clock."""
        self._waiting.sort(key=lambda each: each[1].wall)
        with self.writing.begin() as connection:
            head = None
            for line, instant in self._waiting:
                head = append(connection, [line], instant, lambda: instant, head)  # noqa: B023
        self._waiting = []

    def figures(self, limits=None, zone=ZONE, now=None):
        at = HandClock(now or datetime(2026, 12, 2, tzinfo=UTC))
        return Figures(self.reading, zone=zone, limits=limits or Limits(), clock=at)

    def report(self, month="2026-11", area=DISTRICT, **more):
        self.keep()
        return self.figures(**more).report(month, area)

    def exported(self):
        out = io.StringIO()
        export(self.reading, out)
        return out.getvalue().splitlines()

    def close(self):
        self.reading.dispose()
        self.writing.dispose()


def recounted(lines, told):
    """What the other program counts of an export, asked for the same report."""
    return recount(lines, {name: told[name] for name in ("month", "zone", "stations", "limits", "head")})


def alone(path, lines, *options):
    """The other program by itself, with nothing but Python: exit code, and what it prints."""
    file = path / "export.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-I", str(ALONE), str(file), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


def jsonable(told):
    """As it is after a way over the wire."""
    return json.loads(json.dumps(told, ensure_ascii=False))


def diced(book, seed, alarms=60):
    """A few months of everything that may stand in a record, by dice."""
    dice = random.Random(seed)
    start, span_s = datetime(2026, 10, 25, tzinfo=ZONE), 45 * 86_400
    for _ in range(alarms):
        book.boot = dice.choice(["b1", "b1", "b2"])
        book.shift_s = dice.choice([0, 0, 0, 7.5])
        at = start + timedelta(seconds=dice.uniform(0, span_s))
        if dice.random() < 0.2:
            at = NOVEMBER + timedelta(seconds=dice.choice([-1e-6, 0, -30, 30, 30 * 86_400, 30 * 86_400 - 1e-6]))
        _alarm_by_dice(book, dice, at)
    for _ in range(alarms * 2):
        _other_by_dice(book, dice, start + timedelta(seconds=dice.uniform(0, span_s)))
    book.keep()


def _alarm_by_dice(book, dice, at):
    paper = {}
    written = at
    if dice.random() < 0.15:
        written = at + timedelta(days=dice.choice([0, 1, 9, 40]), minutes=5)
        told = dice.choice([at.isoformat(), at.astimezone(UTC).isoformat(), at.replace(tzinfo=None).isoformat(), "?"])
        paper = {"happened_at": told}
    home = dice.choice([None, "h1", "h2", "h3"])
    alarm = book.raised(
        by=dice.choice(["device:D1", "device:D2", "operator:o1"]), home=home, at=written,
        station=dice.choice(["s1", "s2", None]), cause=dice.choice(["press", "press", "fall", "fire", "exercise"]),
        street=dice.choice(["柏林街道", "东里街道", ""]), community=dice.choice(["一社区", "二社区"]),
        resident=dice.choice(["r1", "r2", None]), delayed_s=dice.choice([0, 0, 0, 90]), **paper,
    )  # fmt: skip
    if dice.random() < 0.1:
        book.write("shadowed", alarm=alarm, at=written, street="x")
    many = dice.choice([0, 1, 2, 5])
    for _ in range(many):
        kind = dice.choice(_KINDS)
        by = dice.choice([LI, WANG, SERVICE, Person("contact:k1"), Person("device:D1"), Person("key:x")])
        took_s = dice.choice([0, 5, 20, 20.000001, 60, 60.5, 899.5, 900, 900.000001, 1800, 2700, 4000])
        facts = {"outcome": dice.choice(_OUTCOMES)} if kind in {"closed", "reopened"} else {}
        if dice.random() < 0.15:
            facts["happened_at"] = (at + timedelta(seconds=took_s - dice.choice([0, 3, 100]))).isoformat()
        book.write(kind, by, alarm, at=written + timedelta(seconds=took_s), **facts)
    if dice.random() < 0.3:
        again = at + timedelta(seconds=dice.choice([10, 60, 60.000001, 61]))
        book.raised(home=home, at=max(again, written), station="s1", happened_at=again.isoformat())


_KINDS = [
    "accepted", "accepted", "attended", "attended", "closed", "closed", "offered", "offered", "declined", "noted",
    "claimed", "resident_said", "emergency_called", "reopened", "pressed_again", "lapsed", "entry_shown", "called",
]  # fmt: skip
_OUTCOMES = ["helped", "helped", "false_alarm", "test", "duplicate", "hospital", "other"]


def _other_by_dice(book, dice, at):
    paper = {"happened_at": (at - timedelta(days=20)).isoformat()} if dice.random() < 0.1 else {}
    kind = dice.choice(["message_settled", "satisfaction", "measured", "call", "check"])
    if kind == "message_settled":
        outcome = dice.choice(["taken", "taken", "refused", "unknown", "confirmed", "not_sent"])
        book.write(kind, at=at, provider=dice.choice(["twilio", "modem", ""]), outcome=outcome, **paper)
    elif kind == "satisfaction":
        book.write(kind, at=at, score=dice.choice([0, 1, 3, 4, 5, 6, None, "5"]), of=5, team=dice.choice(["t1", ""]),
                   **paper)  # fmt: skip
    elif kind == "measured":
        what, station = dice.choice(["devices", "coverage", "?"]), dice.choice(["s1", "s2", ""])
        book.write(kind, at=at, what=what, station=station, met=dice.choice([0, 3, 7, 9]), of=8, **paper)
    else:
        _asked_by_dice(book, dice, at, kind)


def _asked_by_dice(book, dice, at, kind):
    id_, come, gone = str(dice.randrange(40)), *{"call": ("call_came", "call_answered"),
                                                 "check": ("check_due", "check_done")}[kind]  # fmt: skip
    more = {"asked": dice.choice([1, 1, 2])} if kind == "check" else {}
    book.write(come, at=at, **{kind: id_}, **more)
    if dice.random() < 0.6:
        book.write(gone, at=at + timedelta(days=dice.choice([0, 1, 20]), seconds=9), **{kind: id_})
