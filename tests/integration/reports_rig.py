"""A small district with a record of its months, and its report pages behind a sign-in."""

import re
from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher

from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.figures.counted import Figures
from dispatch.figures.signing import Signing
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.figures.counting import Limits
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from dispatch.web.reports.desk import ReportDesk
from dispatch.web.reports.pages import reports_blueprint
from dispatch.web.reports.wire import reports_api
from tests.builders import LOGIN, PASSWORD, build_world

DUTY = Person("operator:1")


class Reports:
    """Somebody's browser signed in at `/reports`, and a world whose alarms are played."""

    def __init__(self, folder: Path, *, lang: str = "zh") -> None:
        self.world = world = build_world(folder)
        self.figures = Figures(world.reading, zone=world.calendar.tzinfo, limits=Limits(), clock=world.clock)
        self.signing = Signing(world.transactions, world.reading, self.figures)
        self.desk = ReportDesk(world.reading, self.figures, self.signing, world.clock)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        self.sign_in.add_operator(LOGIN, "王芳", PASSWORD, lang=lang)
        self.keys = Keys(world.transactions, world.reading, world.clock)
        options = WebOptions(
            public_url="http://127.0.0.1", secret_key="k" * 32, secure_cookies=False, lang=lang, home="/reports"
        )
        self.app = create_app(
            [reports_blueprint(self.desk), reports_api(self.desk, transactions=world.transactions)],
            sign_in=self.sign_in, keys=self.keys, options=options, health=self,
        )  # fmt: skip
        self.client = self.app.test_client()

    def facts(self):
        return {}

    def signed_in(self):
        page = self.client.get("/login").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        form = {"csrf_token": token, "login": LOGIN, "password": PASSWORD}
        answer = self.client.post("/login", data=form, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303, answer.text[:500]
        return self

    def played(self, home="H1", *, accept_s=20, arrive_s=600, outcome=Outcome.HELPED):
        """One alarm from the press to its closing; its id."""
        world = self.world
        alarm_id = world.press(home)
        world.wake()
        li = world.carer("C1")
        world.clock.advance(accept_s)
        world.desk.accept(alarm_id, li, by=li)
        if arrive_s is not None:
            world.clock.advance(arrive_s - accept_s)
            world.desk.attend(alarm_id, li, proof=Proof.VOICE, by=li)
        world.clock.advance(60)
        world.desk.close(alarm_id, outcome=outcome, by=DUTY)
        world.clock.advance(120)
        return alarm_id

    def line(self, kind, **facts):
        self.world.transactions.run(lambda tx: tx.log(Line(kind=kind, by=Person("service"), facts=facts)))

    def to_next_month(self):
        """The clock stands a day into the month after this."""
        month = self.world.calendar.month_of(self.world.clock.now())
        self.world.clock.advance((month[2] + timedelta(days=1) - self.world.clock.now()).total_seconds())
        return month[0]

    def close(self):
        self.world.close()
