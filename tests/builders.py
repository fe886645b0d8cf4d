"""
Building a small district and the agents around it, for tests.

Everything is real but the clock, the line, the provider and the people: the store is SQLite in a temporary file.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

import dispatch.store.absences
import dispatch.store.accounts
import dispatch.store.follow_ups
import dispatch.store.idempotency
import dispatch.store.outbox
import dispatch.store.replies
import dispatch.store.signals  # noqa: F401  every table must be known before they are created
from config.district import District, read_district
from config.loading import load_into
from devices.edges import Edges
from devices.reception import Reception
from devices.store import devices as _devices  # noqa: F401
from devices.supervision import Supervision
from devices.web.frames import Door, frames_blueprint
from devices.web.signals import signals_blueprint
from dispatch import ids as identities
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.answers import Answers, Claimant
from dispatch.callbook import CallBook
from dispatch.calls import Calls
from dispatch.desk import Desk
from dispatch.expectations import DeskClaims
from dispatch.ids import AlarmId, CarerId, HomeId, ResidentId, SignalId
from dispatch.messages.courier import Courier
from dispatch.messages.providers.console import ConsolePanel, ConsoleProvider, ConsoleSettings
from dispatch.messages.providers.provider import Provider
from dispatch.muster import Muster
from dispatch.review import Review
from dispatch.rules.alarm import Alarm, Offer
from dispatch.rules.escalation import Policies, read_policies
from dispatch.rules.nearest import Weights
from dispatch.rules.people import Person, Reach, carer, contact, operator
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.rules.steps import STEPS
from dispatch.rules.travel import StraightLine
from dispatch.siren import Consoles
from dispatch.situations import Situations
from dispatch.store.alarms import Alarms
from dispatch.store.database import reading_engine, writing_engine
from dispatch.store.outbox import Message, Outbox
from dispatch.store.people import carers, contacts, homes, residents, stations
from dispatch.store.precedence import Precedence
from dispatch.store.record import Record
from dispatch.store.transactions import SerialTransactions
from dispatch.talks import ResidentClaims, Talks
from dispatch.web.alarms import alarms_blueprint
from dispatch.web.app import create_app
from dispatch.web.calls import calls_blueprint
from dispatch.web.hooks import Forgeries, Keypad, hooks_blueprint
from dispatch.web.hub import Bell
from dispatch.web.options import WebOptions
from dispatch.web.registers import Panel, registers_blueprint
from dispatch.web.stream import stream_blueprint
from schedules.calendar import Calendar
from schedules.duty.roster import Roster
from tests.fakes.clock import HandClock
from tests.kept import Numbers, copy_loaded, keep_loaded, keep_templates, lay_tables

keep_templates()

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
"""Noon in Shijiazhuang, when every test begins unless it says otherwise."""

DISTRICT = """
[district]
name = "示范区"
timezone = "Asia/Shanghai"

[[stations]]
code = "S1"
name = "柏林颐养驿站"
lat = 38.0712
lng = 114.4903

[[carers]]
code = "C1"
name = "李护理"
phone = "+8613800000001"
station = "S1"
lat = 38.0722
lng = 114.4921
skills = ["nurse"]

[[carers]]
code = "C2"
name = "王护理"
phone = "+8613800000002"
station = "S1"
lat = 38.0762
lng = 114.4961

[[carers]]
code = "C3"
name = "Smith"
phone = "+8613800000003"
station = "S1"
lat = 38.0812
lng = 114.5011
languages = ["en"]

[[homes]]
code = "H1"
address = "柏林小区 3-2-501"
lat = 38.0720
lng = 114.4920
entry = "钥匙盒 4711"
residents = [{ code = "R1", name = "王秀英", born_on = 1938-03-05, phone = "+8613800000101", level = "moderate" }]
contacts = [
    { name = "王女士", phone = "+8613800000201", order = 1 },
    { name = "王先生", phone = "+8613800000202", order = 2 },
]
devices = [{ code = "D1", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01" }]

[[homes]]
code = "H2"
address = "红星里 2-101"
lat = 38.0730
lng = 114.4930
residents = [{ code = "R2", name = "张桂兰" }, { code = "R3", name = "赵大爷" }]
devices = [
    { code = "D2", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2d:01", resident = "R2" },
    { code = "D3", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2e:01", resident = "R3" },
]
"""

ESCALATION = Path(__file__).parent.parent / "config" / "escalation.toml"


def default_policies() -> Policies:
    """The policies that are shipped."""
    return read_policies(tomllib.loads(ESCALATION.read_text(encoding="utf-8"))["policies"], STEPS)


def policies_of(*steps: Mapping[str, Any], responders: int = 1) -> Policies:
    """One policy of these steps for every cause."""
    row = {"name": "test", "causes": [str(cause) for cause in Cause], "steps": list(steps), "responders": responders}
    return read_policies([row], STEPS)


def numbered_ids() -> Callable[[], str]:
    """Identities that count: the same in every run."""
    return Numbers()


@dataclass
class World:
    """A small district with its desk, on one SQLite file and one hand clock."""

    path: Path
    clock: HandClock
    writing: Engine
    reading: Engine
    transactions: SerialTransactions
    muster: Muster
    situations: Situations
    desk: Desk
    answers: Answers
    calls: Calls
    calendar: Calendar
    roster: Roster
    policies: Policies
    nudges: list[None] = field(default_factory=list)
    ids: Callable[[], str] = field(default_factory=numbered_ids)

    @property
    def owners(self) -> tuple[Calls | Desk | Answers, ...]:
        """Everybody who keeps waiting rows."""
        return self.calls, self.desk, self.answers

    def load(self, district: str | District) -> None:
        """Loads a further district file."""
        parsed = read_district(tomllib.loads(district)) if isinstance(district, str) else district
        load_into(self.transactions, parsed)
        self.roster.forget()
        self.muster.forget()

    def id_of(self, table: Any, code: str) -> str:
        with self.reading.connect() as connection:
            found = connection.execute(table.select().where(table.c.code == code)).one()
            return str(found.id)

    def carer(self, code: str) -> Person:
        return carer(CarerId(self.id_of(carers, code)))

    def home(self, code: str = "H1") -> HomeId:
        return HomeId(self.id_of(homes, code))

    def resident(self, code: str = "R1") -> ResidentId:
        return ResidentId(self.id_of(residents, code))

    def id_of_station(self, code: str) -> str:
        return self.id_of(stations, code)

    def contact(self, code: str = "H1/0") -> Person:
        return contact(self.id_of(contacts, code))  # type: ignore[arg-type]

    def press(
        self, home: str = "H1", resident: str | None = None, cause: Cause | None = Cause.PRESS, **more: Any
    ) -> AlarmId:
        """A pendant of this home is pressed."""
        number, beside = (
            len(self.nudges),
            {each: more.pop(each) for each in ("is_test", "spool", "also") if each in more},
        )
        signal = Signal(
            id=SignalId(self.ids()),
            event=more.pop("event", Event.PRESS),
            cause=cause,
            gateway="test",
            protocol="rflink",
            address=more.pop("address", f"EV1527:{home}"),
            dedup_key=more.pop("dedup_key", f"press-{number}-{self.clock.now().timestamp()}"),
            received_at=self.clock.now(),
            home_id=self.home(home) if home else None,
            resident_id=self.resident(resident) if resident else None,
            **more,
        )
        received = self.desk.receive(signal, **beside)
        assert received.alarm_id is not None
        return received.alarm_id

    def wake(self) -> int:
        """Wakes everything that is due, alarms and answers, until nothing is; how many wakes that took."""
        count = 0
        for owner in self.owners:
            while due := owner.due(self.clock.now(), 100):
                for id_ in due:
                    owner.wake(id_)
                    count += 1
        return count

    def advance(self, seconds: float) -> None:
        """Time passes; what falls due on the way is woken at its own time."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while True:
            times = [at for owner in self.owners if (at := owner.next_due()) is not None and at <= until]
            if not times:
                break
            self.clock.advance(max(0.0, (min(times) - self.clock.now()).total_seconds()))
            self.wake()
        self.clock.advance((until - self.clock.now()).total_seconds())

    def alarm(self, id_: AlarmId) -> Alarm:
        with self.reading.connect() as connection:
            return Alarms(connection).get(id_)

    def offers(self, id_: AlarmId) -> tuple[Offer, ...]:
        with self.reading.connect() as connection:
            return Alarms(connection).offers_of(id_)

    def messages(self, id_: AlarmId | None = None) -> Sequence[Message]:
        with self.reading.connect() as connection:
            outbox = Outbox(connection)
            return outbox.of_alarm(id_) if id_ else outbox.recent(1000)

    def kinds(self, id_: AlarmId) -> list[str]:
        """What the record says happened to this alarm, in order."""
        with self.reading.connect() as connection:
            return [entry.kind for entry in Record(connection).of_alarm(id_)]

    def close(self) -> None:
        self.transactions.close()
        self.writing.dispose()
        self.reading.dispose()


def build_world(
    folder: Path,
    *,
    district: str = DISTRICT,
    policies: Policies | None = None,
    on_duty: Sequence[str] = ("C1", "C2", "C3"),
    operators: Sequence[str] = (),
    two_way: Callable[[str], bool] = lambda phone: True,
    start: datetime = NOON,
    ids: Callable[[], str] | None = None,
    clock: HandClock | None = None,
    precedence: Precedence | None = None,
) -> World:
    """A world in this folder; the carers named are on duty from eight hours before to sixteen hours after the start."""
    file = folder / "anling.db"
    text = "\n".join([district, *(_shift(code, start) for code in on_duty)])
    # What a test brings along itself may be anything: then nothing is copied.
    is_usual = ids is None and clock is None and not file.exists()
    given = copy_loaded(file, (text, start)) if is_usual else None
    counting = Numbers(given or 0)
    clock, ids = clock or HandClock(start), ids or counting
    writing, reading = writing_engine(f"sqlite:///{file}", synchronous="OFF"), reading_engine(f"sqlite:///{file}")
    lay_tables(writing, file)
    transactions = SerialTransactions(writing, clock, ids)
    calendar, roster = Calendar("Asia/Shanghai"), Roster(reading)
    muster = Muster(reading, roster, StraightLine(), Weights(), lambda: clock.look().steady_s)
    reach = [Reach(person=operator(phone), phone=phone) for phone in operators]
    situations = Situations(reading, muster, clock, operators=reach, two_way=two_way, emergency_number="120")
    nudges: list[None] = []
    policies = policies or default_policies()
    nudge = lambda: nudges.append(None)  # noqa: E731
    desk = Desk(
        transactions, reading, muster, policies, situations,
        day_number=calendar.day_number, nudge=nudge, precedence=precedence,
    )  # fmt: skip
    claimants: list[Claimant] = [DeskClaims(desk), ResidentClaims(desk)]
    answers = Answers(transactions, reading, claimants, desk, nudge=nudge, operators=operators)
    calls = Calls(transactions, reading, desk, nudge=nudge)
    world = World(
        folder,
        clock,
        writing,
        reading,
        transactions,
        muster,
        situations,
        desk,
        answers,
        calls,
        calendar,
        roster,
        policies,
        nudges,
        ids,
    )
    if given is None:
        world.load(text)
        if is_usual:
            keep_loaded(file, (text, start), counting.given)
    return world


def _shift(code: str, start: datetime) -> str:
    begins, ends = start - timedelta(hours=8), start + timedelta(hours=16)
    return f'[[shifts]]\ncarer = "{code}"\nstart = {begins.isoformat()}\nend = {ends.isoformat()}\n'


def worlds(folder: Path) -> Iterator[World]:
    """For fixtures: a world that is closed afterwards."""
    world = build_world(folder)
    yield world
    world.close()


# ------------------------------------------------------------------------------------------------ with the web

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
PUBLIC_URL = "https://anling.example"
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class _Well:
    """A service that says nothing of how it is."""

    def facts(self) -> dict[str, Any]:
        return {}


class House:
    """The programs' side of the web over a world: its blueprints, an operator, keys, and one pretend provider."""

    def __init__(
        self,
        world: World,
        *,
        providers: Mapping[str, Provider] | None = None,
        streams_max: int = 4,
        doors: Mapping[str, Door] | None = None,
        keypad: Keypad | None = None,
        **panels: Panel,
    ) -> None:
        self.world = world
        self.panel = ConsolePanel()
        self.providers = providers or {"console": ConsoleProvider(ConsoleSettings(panel=self.panel))}
        self.review = Review(world.reading, lambda: world.calendar.day_of(world.clock.now()))
        self.courier = Courier(
            world.transactions,
            world.reading,
            self.providers,
            world.clock,
            local=world.calendar.local,
            unreached=world.desk,
        )
        self.talks = Talks(world.transactions)
        self.bell, self.consoles, self.forgeries = Bell(), Consoles(world.clock), Forgeries()
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        self.keys = Keys(world.transactions, world.reading, world.clock)
        self.operator = self.sign_in.add_operator(LOGIN, "王芳", PASSWORD)
        self.doors = doors or {}
        self.keypad = keypad
        self.app = self._app(streams_max, panels)

    def _app(self, streams_max: int, panels: Mapping[str, Panel]) -> Flask:
        world = self.world
        reception = Reception(
            world.desk, Supervision(world.transactions), world.reading, world.clock, identities.new_id,
            protocols={}, stations={},
        )  # fmt: skip
        blueprints: list[Blueprint] = [
            alarms_blueprint(world.desk, self.review, reading=world.reading, transactions=world.transactions),
            signals_blueprint(reception, Edges(world.transactions, world.reading, world.clock), world.clock),
            frames_blueprint(self.doors),
            hooks_blueprint(
                self.providers,
                self.courier,
                world.answers,
                self.talks,
                world.calls,
                public_url=PUBLIC_URL,
                forgeries=self.forgeries,
                keypad=self.keypad,
            ),
            calls_blueprint(world.calls, transactions=world.transactions, book=CallBook(world.reading, world.clock)),
            stream_blueprint(self.review, self.bell, world.clock, self.consoles, streams_max=streams_max),
            registers_blueprint(world.reading, self.review, panels=panels),
        ]
        options = WebOptions(public_url=PUBLIC_URL, secret_key="k" * 32, secure_cookies=False)
        return create_app(blueprints, sign_in=self.sign_in, keys=self.keys, options=options, health=_Well())

    def stranger(self) -> FlaskClient:
        return self.app.test_client()

    def operators(self) -> FlaskClient:
        """The browser of the operator, signed in, whose posts carry the token of its session."""
        client = self.app.test_client()
        form = {"login": LOGIN, "password": PASSWORD, "csrf_token": _token(client, "/login")}
        assert client.post("/login", data=form).status_code == 303
        client.environ_base["HTTP_X_CSRFTOKEN"] = _token(client, "/nowhere")
        return client

    def machine(self, scope: str) -> FlaskClient:
        """A program with a key of this scope."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.keys.new_key('program', scope)}"
        return client

    def close(self) -> None:
        self.sign_in.close()


def _token(client: FlaskClient, path: str) -> str:
    found = _TOKEN.search(client.get(path).text)
    assert found is not None, "a page with a form has a token"
    return found.group(1)
