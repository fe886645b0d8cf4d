"""A world with its pages: board, phones, API and stream over one database, for a test client or a real browser."""

from collections.abc import Mapping
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask

from config.pages_board import Parts, console_blueprints, false_alarms
from config.wiring_board import build_console
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.answers import Said
from dispatch.callbook import CallBook
from dispatch.clock import SystemClock
from dispatch.ids import AlarmId
from dispatch.messages.courier import Courier
from dispatch.messages.providers.console import ConsolePanel, ConsoleProvider, ConsoleSettings
from dispatch.review import Review
from dispatch.rules.signal import Cause
from dispatch.siren import Consoles
from dispatch.web.alarms import alarms_blueprint
from dispatch.web.app import create_app
from dispatch.web.board import board_blueprint
from dispatch.web.boards import Boards, Strip
from dispatch.web.calls import call_forms, calls_blueprint
from dispatch.web.hub import Bell
from dispatch.web.options import WebOptions
from dispatch.web.phones import DemoControls, phones_blueprint
from dispatch.web.residents.api import registry_api
from dispatch.web.residents.pages import registry_pages
from dispatch.web.stream import stream_blueprint
from tests.builders import DISTRICT, build_world
from tests.integration.registry_rig import work_over

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"


class BoardRig:
    """What a small service has, put together by hand; `gateways` and `providers` are what the strip tells."""

    def __init__(self, folder: Path, *, lang: str = "zh", district: str = DISTRICT, streams_max: int = 8) -> None:
        self.world = build_world(folder, district=district, operators=("+8613800000009",))
        world = self.world
        self.review = Review(world.reading, lambda: world.calendar.day_of(world.clock.now()))
        self.panel = ConsolePanel()
        self.provider = ConsoleProvider(ConsoleSettings(panel=self.panel, hang_s=0.1))
        self.courier = Courier(
            world.transactions,
            world.reading,
            {"console": self.provider},
            world.clock,
            local=world.calendar.local,
            unreached=world.desk,
        )
        self.bell = Bell()
        self.consoles = Consoles(SystemClock())
        self.gateways = {"hall": True, "roof": True}
        self.providers = {"console": True}
        self.plugged = True
        self.sign_in = SignIn(
            world.transactions, world.reading, world.clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        )
        self.operator = self.sign_in.add_operator(LOGIN, "王芳", PASSWORD, lang=lang)
        self.console = build_console(
            world.transactions,
            world.reading,
            world.clock,
            world.calendar,
            world.desk,
            world.roster,
            home=folder,
            nudge=self.bell.ring,
            desk_phones=("+8613800000009",),
            emergency="120",
        )
        self.claiming = self.console.claiming
        self.options = WebOptions(
            public_url="http://127.0.0.1",
            secret_key="k" * 32,
            secure_cookies=False,
            lang=lang,
            demo=True,
            streams_max=streams_max,
        )
        self.app = self._app(self.options)

    def names(self):
        return {f"operator:{each.id}": each.name for each in self.sign_in.operators()}

    def facts(self):
        return {"ready": True}

    def strip(self) -> Strip:
        return Strip(gateways=self.gateways, providers=self.providers, sounding=self.consoles.sounding())

    def press(self, home: str = "H1", resident: str | None = None, cause: Cause = Cause.PRESS) -> AlarmId:
        """A pendant is pressed, and the first step taken."""
        alarm_id = self.world.press(home, resident, cause)
        self.settle()
        return alarm_id

    def settle(self) -> None:
        """Everything that is due is done, every message carried, every board told."""
        self.world.wake()
        for emergency in (True, False):
            for job in self.courier.claim(100, emergency=emergency):
                self.courier.carry(job)
        self.bell.ring()

    def hear(self, kind: str, form: Mapping[str, str]) -> None:
        """The door of the console provider."""
        heard = self.provider.hear(self.panel.hook(kind, form))
        said = [
            Said(key=each.key, sender=each.sender, text=each.text, attempt_id=each.attempt_id, voice=each.voice)
            for each in heard.replies
        ]
        self.world.answers.receive("console", said)
        self.courier.receive("console", heard.receipts)
        self.settle()

    def close(self) -> None:
        self.bell.stop()
        self.sign_in.close()
        self.world.close()

    def _app(self, options: WebOptions) -> Flask:
        world = self.world
        self.registers = work_over(world)
        demo = DemoControls(
            homes=[("H1", "柏林小区 3-2-501 王秀英"), ("H2", "红星里 2-101")],
            press=lambda home, cause: self.press(home, cause=Cause(cause)) and None,
            unplug=lambda: setattr(self, "plugged", False),
            plug=lambda: setattr(self, "plugged", True),
            is_plugged=lambda: self.plugged,
            causes=("press", "fall", "fire"),
        )
        self.boards = Boards(
            self.review, world.clock, strip=self.strip, operators=self.names,
            calls=CallBook(world.reading, world.clock), in_charge=self.console.claiming,
        )  # fmt: skip
        blueprints = [
            alarms_blueprint(world.desk, self.review, reading=world.reading, transactions=world.transactions),
            stream_blueprint(
                self.review, self.bell, SystemClock(), self.consoles, streams_max=options.streams_max,
                boards=self.boards,
            ),
            board_blueprint(
                self.boards, self.review, world.desk, clock=world.clock, zone=world.calendar.tzinfo,
                operators=self.names, in_charge=self.console.claiming,
                false_alarms=false_alarms(world.reading, world.clock, world.calendar),
            ),
            *console_blueprints(Parts(
                console=self.console, review=self.review, reading=world.reading, transactions=world.transactions,
                clock=world.clock, calendar=world.calendar, operators=self.names,
            )),
            calls_blueprint(world.calls, transactions=world.transactions, book=CallBook(world.reading, world.clock)),
            call_forms(world.calls, CallBook(world.reading, world.clock)),
            phones_blueprint(self.review, self.panel, self.hear, demo=demo),
            registry_api(self.registers),
            registry_pages(self.registers),
        ]  # fmt: skip
        keys = Keys(world.transactions, world.reading, world.clock)
        return create_app(blueprints, sign_in=self.sign_in, keys=keys, options=options, health=self)
