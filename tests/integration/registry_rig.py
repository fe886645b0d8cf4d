"""A world with its registers to be changed: the services, their pages and the programs' side, people with roles."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from config.district_phones import typed_number
from devices.store.assignments import Assignment, Assignments
from devices.store.dwellings import at_home, called
from devices.web.words import KINDS as DEVICE_KINDS
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.ids import OperatorId
from dispatch.registry.absences import Absent
from dispatch.registry.contact_consents import ContactConsents
from dispatch.registry.disclosures import Disclosures
from dispatch.registry.finding import Finding
from dispatch.registry.follow_ups import FollowingUp
from dispatch.registry.id_numbers import IdNumbers, draw_key
from dispatch.registry.leaving import Leaving
from dispatch.registry.registers import Registry
from dispatch.rules.people import operator as operator_of
from dispatch.rules.rights import DISTRICT, Role
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.store.accounts import Accounts, Operator
from dispatch.store.record import Record
from dispatch.store.register_rows import RegisterRows
from dispatch.web.access import file_opened
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from dispatch.web.residents.api import registry_api
from dispatch.web.residents.consents import consent_api, consent_pages
from dispatch.web.residents.pages import registry_pages
from dispatch.web.residents.work import Work
from tests.builders import DISTRICT as FILE
from tests.builders import PASSWORD, PUBLIC_URL, _token, build_world

SECOND = """
[[stations]]
code = "S2"
name = "红星驿站"
lat = 38.10
lng = 114.60

[[homes]]
code = "H9"
address = "红星里9号楼1单元101"
station = "S2"
lat = 38.1001
lng = 114.6001
residents = [{ code = "R9", name = "单田芳", phone = "0311-85000009" }]
"""
"""A second station with a home of its own, for areas."""

OPERATOR = operator_of("o1")


def work_over(world, names=dict, changed=lambda: None):
    """The registers' services over a world, as their views are given them."""
    run, reading = world.transactions, world.reading
    sealing = IdNumbers([draw_key()], b"pepper")
    registry = Registry(run, sealing, changed=changed)
    return Work(
        reading=reading, transactions=run, clock=world.clock, zone=world.calendar.tzinfo, registry=registry,
        leaving=Leaving(run, registry, devices_at=at_home, carry=_carry, changed=changed),
        absent=Absent(run, reading, nudge=changed), following_up=FollowingUp(run, reading),
        finding=Finding(reading, run, world.clock, devices=called), disclosures=Disclosures(run, sealing),
        phone=typed_number,
        devices_at=at_home, device_kinds=DEVICE_KINDS, seen=file_opened, names=names,
    )  # fmt: skip


class RegistryRig:
    """Services over one world, and the application with their pages."""

    def __init__(self, folder: Path, *, blueprints=(), lang: str = "zh", world=None) -> None:
        self.world = world = world or build_world(folder, district=FILE + SECOND)
        self.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(world.transactions, world.reading, world.clock, self.hasher)
        self.keys = Keys(world.transactions, world.reading, world.clock)
        self.work = work = work_over(
            world, lambda: {f"operator:{each.id}": each.name for each in self.sign_in.operators()}
        )
        self.registry, self.leaving, self.absent = work.registry, work.leaving, work.absent
        self.following_up, self.finding, self.sealing = work.following_up, work.finding, work.registry._sealing
        options = WebOptions(public_url=PUBLIC_URL, secret_key="k" * 32, secure_cookies=False, lang=lang)
        self.consents = ContactConsents(world.transactions, world.reading, changed=lambda: None)
        told = consent_pages(self.consents), consent_api(self.consents, work)
        own = [registry_api(work), registry_pages(work), *told, *blueprints]
        self.app = create_app(own, sign_in=self.sign_in, keys=self.keys, options=options, health=self)

    def names(self):
        return {f"operator:{each.id}": each.name for each in self.sign_in.operators()}

    def facts(self):
        return {}

    def id(self, kind, code):
        with self.world.reading.connect() as connection:
            return RegisterRows(connection).one(kind, code, DISTRICT)["id"]

    def person(self, login: str, *roles: Role, area=DISTRICT, lang: str = "zh"):
        """Somebody with these roles, signed in."""
        operator = Operator(
            id=OperatorId(login), login=login, name=login, phone=None, lang=lang, disabled=False,
            created_at=self.world.clock.now(), roles=frozenset(roles), area=area,
        )  # fmt: skip
        hash_ = self.hasher.hash(PASSWORD)
        self.world.transactions.run(lambda tx: Accounts(tx.connection).add_operator(operator, hash_))
        return self.again(login)

    def again(self, login: str):
        """Somebody who has an account."""
        client = self.app.test_client()
        form = {"login": login, "password": PASSWORD, "csrf_token": _token(client, "/login")}
        assert client.post("/login", data=form).status_code == 303
        client.environ_base["HTTP_X_CSRFTOKEN"] = _token(client, "/nowhere")
        return client

    def machine(self, scope: str):
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.keys.new_key('program', scope)}"
        return client

    def lines(self, kind: str | None = None):
        with self.world.reading.connect() as connection:
            record = Record(connection)
            found = [each for each in record.after(0, 10_000) if kind in {None, each.kind}]
            words = record.notes_of([each.note_hash for each in found if each.note_hash])
        return [(each, words.get(each.note_hash or "")) for each in found]

    def pass_time(self, seconds: float) -> None:
        """Time passes; whatever waits is woken at its own time."""
        until = self.world.clock.now() + timedelta(seconds=seconds)
        while (at := self.absent.next_due()) is not None and at <= until:
            self.world.clock.advance(max(0.0, (at - self.world.clock.now()).total_seconds()))
            for id_ in self.absent.due(self.world.clock.now(), 100):
                self.absent.wake(id_)
        self.world.clock.advance((until - self.world.clock.now()).total_seconds())

    def silence(self, home: str = "H1", resident: str | None = "R1"):
        """A sensor has heard nobody for too long; the alarm it raised, or None."""
        world = self.world
        signal = Signal(
            id=world.ids(), event=Event.INACTIVITY, cause=Cause.INACTIVITY, gateway="test",
            protocol="bed", address="bed-1", dedup_key=f"quiet-{world.ids()}", received_at=world.clock.now(),
            home_id=world.home(home), resident_id=world.resident(resident) if resident else None,
        )  # fmt: skip
        return world.desk.receive(signal).alarm_id

    def close(self) -> None:
        self.sign_in.close()
        self.world.close()


def _carry(tx, device_id, home_id, resident_id, by):
    """Gives a device away, as the devices' own register does it, without its tests and cases."""
    given = Assignment(
        id=tx.new_id(), device_id=device_id, home_id=home_id, resident_id=resident_id, kind="given",
        from_at=tx.now, by=by, back_at=None,
    )  # fmt: skip
    Assignments(tx.connection).move(device_id, tx.now, given, reason="moved")


def at(hours: float, start: datetime = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)) -> datetime:
    """So many hours after the beginning of every test."""
    return start + timedelta(hours=hours)
