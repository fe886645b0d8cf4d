"""A browser and a program before the pages of satisfaction and personal data."""

import re

from argon2 import PasswordHasher

from config.retention import read_retention
from config.survey import read_form
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.privacy.consenting import Consenting
from dispatch.privacy.retention import Retention
from dispatch.satisfaction.surveying import Surveying
from dispatch.store.people import People, residents
from dispatch.web.app import create_app
from dispatch.web.consents import consents_blueprint
from dispatch.web.options import WebOptions
from dispatch.web.privacy import privacy_blueprint, privacy_pages
from dispatch.web.surveys import survey_pages, surveys_blueprint
from tests.builders import PASSWORD
from tests.integration.privacy_rig import PrivacyRig
from tests.integration.test_retention import FILE

FORM = read_form(FILE.with_name("survey.toml"))


class AfterRig(PrivacyRig):
    """`/surveys` and `/privacy`, with three people who may sign in; the third is called like a carer."""

    def __init__(self, folder, lang="zh", public_url="http://127.0.0.1") -> None:
        super().__init__(folder)
        world = self.world
        self.surveying = Surveying(
            world.transactions, world.reading, world.clock, wanted=True, form=FORM, month_of=world.calendar.month_of,
            share=1.0, least=1, seed=lambda: "seed",
        )  # fmt: skip
        self.retention = Retention(world.transactions, world.reading, world.clock, rules=read_retention(FILE))
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        self.people = {
            login: self.sign_in.add_operator(login, name, PASSWORD, lang=lang)
            for login, name in (("anna", "安娜"), ("boris", "鲍里斯"), ("li", "李护理"))
        }
        self.keys = Keys(world.transactions, world.reading, world.clock)
        whole = (self.erasing, self.exporting, self.retention)
        options = WebOptions(public_url=public_url, secret_key="k" * 32, secure_cookies=False, lang=lang)
        blueprints = [
            survey_pages(self.surveying, clock=world.clock),
            surveys_blueprint(self.surveying, transactions=world.transactions),
            privacy_pages(*whole, id_of=self.id_of, names=dict, zone=world.calendar.tzinfo),
            privacy_blueprint(*whole, transactions=world.transactions),
            consents_blueprint(Consenting(world.transactions, world.reading), transactions=world.transactions),
        ]
        self.app = create_app(blueprints, sign_in=self.sign_in, keys=self.keys, options=options, health=self)

    def facts(self):
        return {"ready": True}

    def id_of(self, code):
        with self.world.reading.connect() as connection:
            return People(connection).id_of(residents, code)

    def browser(self, login="anna"):
        return Browser(self.app.test_client(), login)

    def browser_without(self, login):
        """Signed in, and shown no page of ours on the way."""
        client = self.app.test_client()
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/login").text)[1]
        form = {"csrf_token": token, "login": login, "password": PASSWORD, "next": "/"}
        assert client.post("/login", data=form).status_code == 303
        return client


class Browser:
    """Somebody signed in, whose forms carry the token of their page."""

    def __init__(self, client, login) -> None:
        self.client = client
        self.at = "/surveys"
        form = {"csrf_token": self._token("/login"), "login": login, "password": PASSWORD, "next": "/surveys"}
        assert client.post("/login", data=form).status_code == 303

    def _token(self, path):
        return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.client.get(path).text)[1]

    def get(self, path):
        return self.client.get(path)

    def post(self, path, page="/surveys", **form):
        return self.client.post(path, data={"csrf_token": self._token(page), **form})

    def api(self, path, body):
        headers = {"X-CSRFToken": self._token("/surveys")}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)
