"""Puts the pages together: every blueprint with what it needs, and what the service tells of itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from flask import Blueprint, Flask

from config.district_phones import own_number
from config.pages_after import after_pages
from config.pages_anomalies import anomaly_blueprints
from config.pages_bedmoney import bed_money_blueprints
from config.pages_beds import bed_blueprints
from config.pages_board import Parts, console_blueprints, false_alarms
from config.pages_care import care_pages
from config.pages_carers import carer_blueprints, keypad_of
from config.pages_corrections import correction_blueprints
from config.pages_coverage import coverage_blueprints
from config.pages_figures import figure_pages
from config.pages_logbook import logbook_blueprints
from config.pages_meals import meal_blueprints
from config.pages_operators import operator_blueprints
from config.pages_planning import planning_blueprints
from config.pages_programs import program_blueprints
from config.pages_registry import absence_notes, almanac_notes, file_notes, registry_blueprints
from config.pages_rounds import round_blueprints
from config.pages_settlement import settlement_blueprints
from config.pages_upkeep import FirstRun, alive_page, upkeep_pages
from config.pages_welfare import welfare_blueprints
from config.wiring import House
from config.wiring_accounts import build_sign_in
from config.wiring_scanner import scanner_of
from devices.line import Condition
from devices.web.devices import devices_blueprint
from devices.web.frames import frames_blueprint
from devices.web.pages import device_pages
from devices.web.repairs import repairs_blueprint
from devices.web.shelves import Shelves, Upkeep
from devices.web.signals import signals_blueprint
from dispatch.accounts.carers import CarerSignIn
from dispatch.answers import Said
from dispatch.callbook import CallBook
from dispatch.families import Families
from dispatch.horn.state import SirenState
from dispatch.privacy.reads import Reads
from dispatch.rules.people import carer, contact
from dispatch.store.accounts import Accounts
from dispatch.store.database import Connection
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Replies
from dispatch.tasks import Tasks
from dispatch.web.access import area
from dispatch.web.alarms import alarms_blueprint
from dispatch.web.app import create_app
from dispatch.web.board import board_blueprint
from dispatch.web.boards import Boards, Strip
from dispatch.web.calls import call_forms, calls_blueprint
from dispatch.web.carer import task_blueprint
from dispatch.web.carer_list import list_blueprint
from dispatch.web.family import family_blueprint
from dispatch.web.handover import Topic
from dispatch.web.health import Facts
from dispatch.web.hooks import Forgeries, hooks_blueprint
from dispatch.web.hub import Bell
from dispatch.web.i18n import N_
from dispatch.web.options import MapOptions, WebOptions
from dispatch.web.phones import DemoControls, phones_blueprint
from dispatch.web.registers import EVERYBODY, STATION, registers_blueprint
from dispatch.web.roads import RoadsPage, roads_blueprint
from dispatch.web.stream import stream_blueprint
from schedules.orders.store.orders import Orders

HANDED_OVER = 50
"""Rows of a topic at a handover; the page it leads to has them all."""

T = TypeVar("T")


class Pages:
    """The application with what stands beside it: the bell of the streams and the count of forged hooks."""

    def __init__(
        self, house: House, *, file: Path | None = None, restart: Callable[[], None] | None = None
    ) -> None:  # fmt: skip
        """`file` and `restart` are for the setup wizard: the settings file, and how to begin anew."""
        self._house = house
        self._setup = FirstRun(house, file=file, restart=restart)
        self._shelves = Shelves(house.reading, house.upkeep.plan, house.clock)
        self._calls = CallBook(house.reading, house.clock)
        self.bell = Bell()
        self.reads = Reads(house.transactions, house.clock)
        self.forgeries = Forgeries()
        roads = house.roads
        self._roads = RoadsPage(
            roads.reach, roads.drilling, roads.shadowing, clock=house.clock, siren_well=lambda: roads.guard.well,
            siren=lambda: SirenState.read(house.settings.home, house.clock), worries=lambda: roads.vitals.worries,
            names=self._names,
        )  # fmt: skip
        self._alive = alive_page(house)
        house.nudges.join(self.bell.ring)

    def stop(self) -> None:
        """Ends the streams, and whatever the wizard listens to."""
        self.bell.stop()
        self._setup.stop()

    def app(self, *, secret_key: str, demo: DemoControls | None = None) -> Flask:
        """The application, ready to be served."""
        house, web = self._house, self._house.settings.web
        options = WebOptions(
            public_url=web.base_url,
            secret_key=secret_key,
            secure_cookies=web.base_url.startswith("https://"),
            threads=web.threads,
            streams_max=web.streams_max,
            hsts_subdomains=web.hsts_subdomains,
            demo=demo is not None,
            map=MapOptions(**asdict(house.settings.map)),
        )
        sign_in = build_sign_in(
            house.settings, house.transactions, house.reading, house.clock, secret=secret_key, page=house.page
        )

        def operators() -> Mapping[str, str]:
            return {f"operator:{each.id}": each.name for each in sign_in.operators()}

        keys = house.keys
        boards = Boards(
            house.review, house.clock, strip=self._strip, operators=operators, calls=self._calls,
            in_charge=house.console.claiming,
        )  # fmt: skip
        blueprints = [
            alarms_blueprint(house.desk, house.review, reading=house.reading, transactions=house.transactions),
            signals_blueprint(house.reception, house.edges, house.clock),
            frames_blueprint(house.doors),
            registers_blueprint(house.reading, house.review, panels=self._panels()),
            stream_blueprint(
                house.review, self.bell, house.clock, house.consoles, streams_max=web.streams_max, boards=boards
            ),
            hooks_blueprint(
                house.providers,
                house.courier,
                house.answers,
                house.talks,
                house.calls,
                public_url=web.base_url,
                forgeries=self.forgeries,
                keypad=keypad_of(house),
            ),
            calls_blueprint(house.calls, transactions=house.transactions, book=self._calls),
            call_forms(house.calls, self._calls),
            board_blueprint(
                boards,
                house.review,
                house.desk,
                clock=house.clock,
                zone=house.calendar.tzinfo,
                operators=operators,
                in_charge=house.console.claiming,
                false_alarms=false_alarms(house.reading, house.clock, house.calendar),
            ),
            *console_blueprints(self._console(operators)),
            *self._device_blueprints(operators),
            *self._small_pages(options, secret_key),
            *after_pages(house, self._names),
            *care_pages(house),
            *carer_blueprints(house, options, secret_key),
            roads_blueprint(self._roads, zone=house.calendar.tzinfo),
            *upkeep_pages(house, self._alive),
            *program_blueprints(house),
            *([] if demo else self._setup.pages(sign_in)),
            *figure_pages(house),
            *logbook_blueprints(house),
            *registry_blueprints(house, operators),
            *planning_blueprints(house),
            *coverage_blueprints(house),
            *bed_blueprints(house, operators),
            *bed_money_blueprints(house),
            *operator_blueprints(house),
            *settlement_blueprints(house, operators),
            *correction_blueprints(house, operators),
            *round_blueprints(house, self._names, options=options),
            *welfare_blueprints(house, self._names),
            *anomaly_blueprints(house, self._names),
            *meal_blueprints(house),
        ]
        if "console" in house.providers:
            blueprints.append(phones_blueprint(house.review, house.panel, _Door(house), demo=demo))
        return create_app(
            blueprints, sign_in=sign_in, keys=keys, options=options, health=self, reads=self.reads,
            scan=scanner_of(house.settings, house.clock),
        )  # fmt: skip

    def _console(self, operators: Callable[[], Mapping[str, str]]) -> Parts:
        house = self._house
        return Parts(
            console=house.console, review=house.review, reading=house.reading, transactions=house.transactions,
            clock=house.clock, calendar=house.calendar, operators=operators,
            topics=[Topic(title=N_("Repairs"), path="/repairs", rows=lambda _: self._repairs())],
        )  # fmt: skip

    def _repairs(self) -> list[str]:
        rows = self._shelves.repairs(HANDED_OVER, is_open=True)
        return [" · ".join(str(each.get(key) or "") for key in ("device", "where", "name")) for each in rows]

    def _small_pages(self, options: WebOptions, secret: str) -> list[Blueprint]:
        """For carers and families, who have no account."""
        house = self._house
        tasks = Tasks(house.reading, house.transactions, house.answers, house.clock, local=house.calendar.local)
        carers = CarerSignIn(house.transactions, house.reading, house.clock, secret=secret, nudge=house.nudges)
        families = Families(house.reading, house.clock, local=house.calendar.local)
        desk = house.settings.operators.desk
        return [
            task_blueprint(tasks, house.links, house.clock, options=options, desk=desk),
            list_blueprint(carers, tasks, house.links, house.clock, options=options, e164=own_number),
            family_blueprint(families, house.links, house.clock, options=options),
        ]

    def _device_blueprints(self, operators: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
        house, own = self._house, self._house.upkeep
        upkeep = Upkeep(register=own.register, tests=own.tests, repairing=own.repairing, outages=house.outages)
        return [
            devices_blueprint(self._shelves, upkeep, transactions=house.transactions),
            repairs_blueprint(self._shelves, upkeep, transactions=house.transactions),
            device_pages(self._shelves, upkeep, clock=house.clock, zone=house.calendar.tzinfo, names=operators),
        ]

    def _names(self) -> Mapping[str, str]:
        """What everybody is called, by reference."""
        with self._house.reading.connect() as connection:
            people = People(connection)
            return {
                **{f"operator:{each.id}": each.name for each in Accounts(connection).operators()},
                **{carer(each.id): f"{each.code} {each.name}" for each in people.carers()},
                **{contact(each.id): each.name for each in people.contacts()},
                **{each.person: each.name for each in Orders(connection).providers(ended=True)},
            }

    def facts(self) -> Facts:
        """How the service is, for the machines that watch it."""
        house = self._house
        with house.reading.connect() as connection:
            waiting = Outbox(connection).waiting()
        due_at = house.desk.next_due()
        late_s = 0.0 if due_at is None else max(0.0, (house.clock.now() - due_at).total_seconds())
        return {
            "ready": house.timers.stuck_s() < STUCK_S,
            "oldest_due_s": round(late_s, 3),
            "last_tick_s": round(house.timers.stuck_s(), 3),
            "messages_waiting": waiting,
            "writer_queue": house.transactions.waiting(),
            "consoles_sounding": self._house.consoles.sounding(),
            "roads_in_doubt": dict(house.courier.breakers.facts()),
            "calls_24h": self._calls.counts(),
            "hooks_forged": self.forgeries.by_provider(),
            "hooks_known": self.forgeries.known_by_provider(),
            "gateway_connected": {each.name: each.state.connected for each in house.everybody()},
            "gateway_frames": {each.name: each.state.frames for each in house.everybody()},
        }

    def _strip(self) -> Strip:
        house = self._house
        return Strip(
            gateways={each.name: each.state.condition is Condition.CONNECTED for each in house.everybody()},
            providers={
                name: not each.lacking() and not house.courier.breakers.in_trouble(name)
                for name, each in house.providers.items()
            },
            sounding=self._house.consoles.sounding(),
            notes=[
                *self._alive.notes(),
                *self._roads.notes(),
                *absence_notes(house),
                *file_notes(house),
                *almanac_notes(house),
            ],
        )

    def _panels(self) -> Mapping[str, Callable[[], Iterable[dict[str, Any]]]]:
        return {
            "gateways": self._gateways,
            "strangers": lambda: [{**row, STATION: self._ears(row["gateway"])} for row in self._shelves.strangers()],
            "calls": lambda: [{**row, STATION: EVERYBODY} for row in self._calls.recent(area=area())],
        }

    def _ears(self, gateway: str) -> str:
        """Whose a gateway is: its station's, or everybody's."""
        stations = {each.code: each.id for each in self._read(lambda connection: People(connection).stations())}
        named = {each.name: each.station for each in self._house.settings.gateways}
        return stations.get(named.get(gateway, ""), EVERYBODY)

    def _read(self, rows_of: Callable[[Connection], list[T]]) -> list[T]:
        with self._house.reading.connect() as connection:
            return rows_of(connection)

    def _replies(self) -> list[dict[str, Any]]:
        """What people answered, with what became of it: the list an operator looks through."""
        return self._read(_replies)

    def _gateways(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.name,
                STATION: self._ears(each.name),
                "condition": str(each.state.condition),
                "connected": each.state.connected,
                "since": each.state.since.isoformat(),
                "last_heard_at": each.state.last_heard_at.isoformat() if each.state.last_heard_at else None,
                "frames": each.state.frames,
                "malformed": each.state.tally.malformed,
                "noise_bytes": each.state.tally.noise_bytes,
                "waiting": each.state.waiting,
                "talkers": each.state.talkers,
                "error": each.state.error,
                "behind": getattr(each, "behind", ""),
            }
            for each in self._house.everybody()
        ]


STUCK_S = 10.0
"""No pass of the timers for so long, and the service is not ready; PROMISES, P3."""


class _Door:
    """The console provider's door: what a person does on the phone page goes the way of any webhook."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, kind: str, form: Mapping[str, str]) -> None:
        heard = self._house.providers["console"].hear(self._house.panel.hook(kind, form))
        said = [
            Said(key=each.key, sender=each.sender, text=each.text, attempt_id=each.attempt_id, voice=each.voice)
            for each in heard.replies
        ]
        self._house.answers.receive("console", said)
        self._house.courier.receive("console", heard.receipts)


def _replies(connection: Connection) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id, "sender": each.sender, "text": each.text, "voice": each.voice, "person": each.person,
            "alarm": each.alarm_id, "result": each.result, "received_at": each.received_at.isoformat(),
        }
        for each in Replies(connection).recent(200)
    ]  # fmt: skip
