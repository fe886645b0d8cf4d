"""A world with its response log: alarms that were lived through, two reviewers, and the pages over them."""

import re
import tomllib
from pathlib import Path

from argon2 import PasswordHasher

from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.logbook.follower import Follower
from dispatch.logbook.reviewing import Reviewing
from dispatch.logbook.stories import Stories
from dispatch.logbook.verifying import Verifier
from dispatch.review import Review
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.people import operator
from dispatch.rules.review import read_limits
from dispatch.rules.signal import Cause
from dispatch.store.record import Record
from dispatch.web.alarms import alarms_blueprint
from dispatch.web.app import create_app
from dispatch.web.logbook.api import review_api, verify_api
from dispatch.web.logbook.reading import LogRoom
from dispatch.web.logbook.record import record_blueprint
from dispatch.web.logbook.review import review_blueprint
from dispatch.web.options import WebOptions
from dispatch.web.registers import registers_blueprint
from tests.builders import DISTRICT, PASSWORD, build_world

LIMITS = Path(__file__).parents[2] / "config" / "review.toml"
ANNA, BORIS, DESK = "anna", "boris", "wangfang"
"""Two reviewers and an operator."""

TWO_STATIONS = (
    DISTRICT
    + """
[[stations]]
code = "S2"
name = "红星驿站"
lat = 38.2
lng = 114.7

[[homes]]
code = "H9"
address = "红星里 9-901"
lat = 38.2
lng = 114.7
residents = [{ code = "R9", name = "=HYPERLINK(\\"http://x\\")", phone = "+8613900000909" }]
"""
)


class LogRig:
    """The log of a small district. `sample_percent` 0 draws nobody but by breach."""

    def __init__(self, folder: Path, *, lang: str = "zh", sample_percent: float = 0, **limits) -> None:
        self.world = world = build_world(folder, district=TWO_STATIONS, operators=("+8613800000009",))
        self.review = Review(world.reading, lambda: world.calendar.day_of(world.clock.now()))
        self.written = tomllib.loads(LIMITS.read_text(encoding="utf-8"))
        for name, value in {"sample_percent": sample_percent, **limits}.items():
            self.written[name]["value"] = value
        self.follower = self.another_follower()
        self.reviewing = Reviewing(world.transactions, self.follower, world.calendar.day_of)
        self.stories = Stories(world.reading, self.review, self.follower)
        self.verifier = Verifier(world.reading, world.transactions, world.clock)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        self.people = {
            login: operator(self.sign_in.add_operator(login, name, PASSWORD, lang=lang).id)
            for login, name in ((ANNA, "安娜"), (BORIS, "鲍里斯"), (DESK, "王芳"))
        }
        self.keys = Keys(world.transactions, world.reading, world.clock)
        self.reads: list[tuple[str, str]] = []
        self.app = self._app(lang)

    def another_follower(self) -> Follower:
        return Follower(self.world.transactions, self.world.reading, self.world.clock, read_limits(self.written))

    def facts(self):
        return {"ready": True}

    def _app(self, lang):
        world = self.world

        def seen(*, by, subject, where):
            self.reads.append((by, subject))

        self.room = room = LogRoom(
            reading=world.reading, transactions=world.transactions, clock=world.clock, zone=world.calendar.tzinfo,
            follower=self.follower, reviewing=self.reviewing, stories=self.stories, verifier=self.verifier, seen=seen,
            limits=self.written,
        )  # fmt: skip
        options = WebOptions(public_url="http://127.0.0.1", secret_key="k" * 32, secure_cookies=False, lang=lang)
        blueprints = [
            review_blueprint(room), record_blueprint(room), review_api(room), verify_api(room),
            registers_blueprint(world.reading, self.review, panels={}),
            alarms_blueprint(world.desk, self.review, reading=world.reading, transactions=world.transactions),
        ]  # fmt: skip
        return create_app(blueprints, sign_in=self.sign_in, keys=self.keys, options=options, health=self)

    def live_through(
        self, home="H1", *, accepted_s=20, there_s=300, closed_s=600, outcome=Outcome.HELPED, note=None,
        resident=None, cause=Cause.PRESS,
    ):  # fmt: skip
        """An alarm from the press to the closing; nobody is asked by text here, the operator does everything."""
        world, by = self.world, self.people[DESK]
        alarm_id, lead = world.press(home, resident, cause), world.carer("C1")
        world.clock.advance(accepted_s)
        world.desk.accept(alarm_id, lead, by=by)
        world.clock.advance(there_s - accepted_s)
        world.desk.attend(alarm_id, lead, proof=Proof.VOICE, by=by)
        world.clock.advance(closed_s - there_s)
        world.desk.close(alarm_id, outcome=outcome, by=by, note=note)
        return alarm_id

    def follow(self):
        return self.follower.catch_up()

    def entries(self):
        with self.world.reading.connect() as connection:
            return Record(connection).after(0, 100_000)

    def limit_to(self, login, *, roles, stations=()):
        """What an account may do, and where."""
        ids = f" {' '.join(self.world.id_of_station(each) for each in stations)} " if stations else ""
        with self.world.writing.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE operators SET roles = ?, stations = ? WHERE login = ?", (roles, ids, login)
            )

    def browser(self, login=ANNA):
        """Somebody signed in, whose posts carry the token of their session."""
        client = self.app.test_client()
        form = {"csrf_token": token(client, "/login"), "login": login, "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 303
        client.environ_base["HTTP_X_CSRFTOKEN"] = token(client, "/nowhere")
        return client

    def machine(self, scope="read"):
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.keys.new_key('program', scope)}"
        return client

    def close(self):
        self.verifier.stop()
        self.sign_in.close()
        self.world.close()


def token(client, path):
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]
