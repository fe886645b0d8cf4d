"""The books of a small district with a clean and eventful history, on SQLite or PostgreSQL, and ways to spoil them."""

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, select, text

from devices.rules.plan import read_plan
from devices.upkeep.cases import Cases
from devices.upkeep.silences import Silences
from dispatch.ids import AlarmId
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.database import metadata, sqlite_module, to_us
from dispatch.store.record import append
from dispatch.watch.auditor import Auditor
from tests.builders import World, build_world
from tests.fakes.clock import HandClock

DUTY = Person("operator:1")
SECOND = 1_000_000
SHIPPED = Path(__file__).parents[2] / "config" / "devices.toml"

MEANT: Mapping[str, str] = {
    "there": "a position proves the arrival", "claimed": "nothing proves it", "coming": "a second one leads",
    "second": "on the way", "done": "closed", "again": "reopened", "asked": "still asking", "hand": "just raised",
}  # fmt: skip
"""What the history leaves behind, by the names the tests use."""


def _look_after(world: World) -> None:
    """The first look at every device, as the timers would take it."""
    plan = read_plan(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))
    silences = Silences(world.transactions, world.reading, plan, Cases(plan, world.calendar.by_day))
    while due := silences.due(world.clock.now(), 1):
        silences.wake(due[0])


def deliver(world: World) -> None:
    """What the courier would do: everything that waits is taken by a provider."""

    def work(tx: Any) -> None:
        for row in tx.connection.execute(text("SELECT id, alarm_id FROM messages WHERE due_at IS NOT NULL")).all():
            attempt = {"id": tx.new_id(), "message": row.id, "now": to_us(tx.now)}
            tx.connection.execute(text(_ATTEMPT), attempt)
            facts = {"message": row.id, "outcome": "taken"}
            tx.log(Line(kind="message_settled", by=SERVICE, alarm_id=row.alarm_id, facts=facts))
        tx.connection.execute(text("UPDATE messages SET state = 'sent', due_at = NULL WHERE due_at IS NOT NULL"))

    world.transactions.run(work)


_ATTEMPT = """INSERT INTO attempts (id, message_id, seq, provider, started_at, ended_at, outcome, text)
    VALUES (:id, :message, 1, 'fake', :now, :now, 'taken', '…')"""


class History:
    """Plays the history with the real desk, and lets an auditor look after every step."""

    def __init__(self, folder: Path) -> None:
        self.world = build_world(folder)
        _look_after(self.world)
        self.auditor = Auditor(self.world.reading, self.world.clock)
        self.alarms: dict[str, str] = {}
        self.broken: list[Any] = []

    def play(self) -> None:
        self._over()
        self._arrived()
        self._late()
        self._asking()

    def step(self) -> None:
        deliver(self.world)
        self.broken += self.auditor.pass_()

    def wait(self, seconds: int) -> None:
        """Time passes, and no message waits longer than the courier would let it."""
        until = self.world.clock.now() + timedelta(seconds=seconds)
        while self.world.clock.now() < until:
            self.world.advance(1)
            deliver(self.world)
        self.step()

    def _press(self, name: str, **where: Any) -> AlarmId:
        alarm_id = self.world.press(**where)
        self.alarms[name] = alarm_id
        self.step()
        self.world.wake()
        self.step()
        return alarm_id

    def _accept(self, alarm_id: AlarmId, code: str, by: Person | None = None) -> Person:
        person = self.world.carer(code)
        self.world.desk.accept(alarm_id, person, by=by or person)
        self.step()
        return person

    def _attend(self, alarm_id: AlarmId, person: Person, proof: Proof) -> None:
        self.world.desk.attend(alarm_id, person, proof=proof, by=person)
        self.step()

    def _over(self) -> None:
        done = self._press("done", home="H1")
        self.world.press(home="H1")
        self.step()
        self.wait(40)
        self._attend(done, self._accept(done, "C1"), Proof.DOOR_CODE)
        self.world.desk.close(done, outcome=Outcome.HELPED, by=DUTY)
        self.step()
        again = self._press("again", home="", address="EV1527:again")
        self.world.desk.decline(again, self.world.carer("C1"), by=self.world.carer("C1"))
        self.world.desk.close(again, outcome=Outcome.FALSE_ALARM, by=DUTY, note="认错了")
        self.step()
        self.world.desk.reopen(again, by=DUTY)
        self.step()
        self.wait(400)
        self._poisoned(again)

    def _poisoned(self, alarm_id: AlarmId) -> None:
        """The rules fail for a while; what is left is plain text to everybody, and again in two minutes."""
        for _ in range(2):
            self.world.desk.stumble(alarm_id, ValueError())
            self.step()
        self.wait(60)

    def _arrived(self) -> None:
        there = self._press("there", home="", address="EV1527:there")
        person = self._accept(there, "C3", by=DUTY)
        self._attend(there, person, Proof.CLAIMED)
        self.wait(300)
        self._attend(there, person, Proof.VOICE)
        claimed = self._press("claimed", home="", address="EV1527:claimed", cause=Cause.FIRE)
        self._attend(claimed, self._accept(claimed, "C2", by=DUTY), Proof.CLAIMED)

    def _late(self) -> None:
        coming = self._press("coming", home="H2", resident="R3")
        self._accept(coming, "C2", by=DUTY)
        self.wait(605)
        self._accept(coming, "C1", by=DUTY)
        second = self._press("second", home="H2", resident="R2")
        self._accept(second, "C3", by=DUTY)

    def _asking(self) -> None:
        self._press("asked", home="H1", cause=Cause.INACTIVITY)
        self.wait(250)
        hand = self.world.desk.raise_by_hand(Cause.HOTLINE, by=DUTY)
        self.alarms["hand"] = hand
        self.step()
        self.world.desk.note(hand, "没有说地址", by=DUTY)
        self.step()


@dataclass
class Books:
    """A database to be spoilt: nothing in it refuses any more what it would refuse in the service."""

    engine: Engine
    clock: HandClock
    alarms: Mapping[str, str]

    @property
    def now(self) -> int:
        return to_us(self.clock.now())

    def sql(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            done = connection.execute(text(statement), values)
            assert done.rowcount > 0, f"nothing was spoilt by {statement}"

    def one(self, query: str, **values: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(text(query), values).scalar_one()

    def offer(self, alarm: str, where: str) -> str:
        """The id of an offer for the alarm of this name."""
        query = f"SELECT id FROM offers WHERE alarm_id = :alarm AND {where} ORDER BY id LIMIT 1"
        return str(self.one(query, alarm=self.alarms[alarm]))

    def say(
        self, kind: str, *, by: str = "service", alarm: str | None = None, version: int | None = None,
        wall_s: float = 0, steady_s: float = 0, **facts: Any,
    ) -> str:  # fmt: skip
        """Writes an entry at the end of the record, well chained; gives back its number."""
        look = self.clock.look()
        then = replace(look, wall=look.wall + timedelta(seconds=wall_s), steady_s=look.steady_s + steady_s)
        alarm_id = AlarmId(self.alarms[alarm]) if alarm else None
        line = Line(kind=kind, by=by, alarm_id=alarm_id, version=version, facts=facts)
        with self.engine.begin() as connection:
            return str(append(connection, [line], then, lambda: then)[0])

    def change(self, alarm: str, kind: str, to: str, *, before: str = "raised", by: str = "service", grown: int = 1,
               **facts: Any) -> str:  # fmt: skip
        """Changes an alarm's state with its entry, as the desk would; gives back the entry's number."""
        id_ = self.alarms[alarm]
        version = self.one("SELECT version FROM alarms WHERE id = :id", id=id_) + grown
        self.sql("UPDATE alarms SET state = :to, version = :version WHERE id = :id", to=to, version=version, id=id_)
        return self.say(kind, by=by, alarm=alarm, version=version, **{"from": before, "to": to, **facts})


def spoilable(path: Path, folder: Path) -> Engine:
    """A copy of the SQLite file, without the database's own refusals."""
    shutil.copy(path, folder / "spoilt.db")
    engine = create_engine(f"sqlite:///{folder / 'spoilt.db'}", module=sqlite_module())

    @event.listens_for(engine, "connect")
    def _let(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA ignore_check_constraints=ON")

    with engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER entries_refuse_{verb}"))
        connection.execute(text("DROP INDEX ix_offers_lead"))
    return engine


def copied(path: Path, engine: Engine) -> None:
    """Makes the PostgreSQL database like the SQLite file, without refusals."""
    with engine.begin() as connection:
        if not connection.dialect.has_table(connection, "alarms"):
            _lay(connection)
        # What refuses to be emptied (the ledger) is emptied all the same: as a copy is filled, without triggers.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        # Each table that is truncated gets new files, which takes ten times as long as deleting the few rows of most.
        connection.execute(text("; ".join(f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables)))
        for table, found in _rows(path):
            connection.execute(insert(table), found)


@cache
def _rows(path: Path) -> list[tuple[Table, list[dict[str, Any]]]]:
    """What the file holds; nobody writes to it any more."""
    source = create_engine(f"sqlite:///{path}", module=sqlite_module())
    with source.connect() as rows:
        found = [
            (table, [dict(row) for row in rows.execute(select(table)).mappings()]) for table in metadata.sorted_tables
        ]
    source.dispose()
    return [(table, held) for table, held in found if held]


def _lay(connection: Connection) -> None:
    metadata.create_all(connection)
    connection.execute(text("DROP TRIGGER entries_refuse ON entries"))
    connection.execute(text("DROP INDEX ix_offers_lead"))
    query = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('c', 'f')"
    for table, name in connection.execute(text(query)).all():
        if table in {each.name for each in metadata.sorted_tables}:
            connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'))
