"""A world with the pages of carers and families, and phones that read what the courier would send."""

import re
from pathlib import Path

from argon2 import PasswordHasher

from config.district_phones import own_number
from dispatch.accounts.carers import CarerSignIn
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.families import Families
from dispatch.links import Links
from dispatch.tasks import Tasks
from dispatch.web.app import create_app
from dispatch.web.carer import task_blueprint
from dispatch.web.carer_list import list_blueprint
from dispatch.web.family import family_blueprint
from dispatch.web.options import WebOptions
from tests.builders import DISTRICT, PUBLIC_URL, build_world

SECRET = "s" * 40
PRIVATE = ("3-2-501", "钥匙盒 4711", "王秀英", "13800000101", "高血压")
"""The door, the entry, the name, the phone and the illness of the resident of the first home."""

PEOPLE = (
    DISTRICT.replace('level = "moderate" }', 'level = "moderate", illness = "高血压", talk = ["hard_of_hearing"] }')
    .replace(
        '{ name = "王女士", phone = "+8613800000201", order = 1 }',
        '{ name = "王女士", phone = "+8613800000201", order = 1, '
        'consent = { by = "王秀英", at = 2026-11-01T09:00:00+08:00, '
        'may_know = ["raised", "coming", "there", "closed"] } }',
    )
    .replace(
        '{ name = "王先生", phone = "+8613800000202", order = 2 }',
        '{ name = "王先生", phone = "+8613800000202", order = 2, key_holder = true, '
        'consent = { by = "王秀英", at = 2026-11-01T09:00:00+08:00, may_know = ["closed"] } }',
    )
)


class PagesRig:
    """What a small service has for people without an account."""

    def __init__(self, folder: Path, *, lang: str = "zh", secure: bool = False, **more) -> None:
        more.setdefault("district", PEOPLE)
        self.world = world = build_world(folder, operators=("+8613800000009",), **more)
        self.links = Links(world.reading, world.clock, secret=SECRET)
        self.tasks = Tasks(world.reading, world.transactions, world.answers, world.clock, local=world.calendar.local)
        self.carers = CarerSignIn(world.transactions, world.reading, world.clock, secret=SECRET, nudge=lambda: None)
        self.families = Families(world.reading, world.clock, local=world.calendar.local)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        keys = Keys(world.transactions, world.reading, world.clock)
        options = WebOptions(public_url=PUBLIC_URL, secret_key=SECRET, secure_cookies=secure, lang=lang)
        blueprints = [
            task_blueprint(self.tasks, self.links, world.clock, options=options, desk="+8613800000009"),
            list_blueprint(self.carers, self.tasks, self.links, world.clock, options=options, e164=own_number),
            family_blueprint(self.families, self.links, world.clock, options=options),
        ]
        self.app = create_app(blueprints, sign_in=sign_in, keys=keys, options=options, health=self)

    def facts(self):
        return {}

    def press(self, home="H1", resident=None):
        alarm_id = self.world.press(home, resident)
        self.world.wake()
        return alarm_id

    def offer(self, alarm_id, code="C1"):
        person = self.world.carer(code)
        return next(each for each in self.world.offers(alarm_id) if each.person == person)

    def path(self, alarm_id, code="C1"):
        # A link is opened a moment after it was made at the earliest: it has to reach a phone first.
        self.world.clock.advance(1)
        return f"/t/{self.links.task(self.offer(alarm_id, code).id)}"

    def family_path(self, alarm_id, code="H1/0"):
        return f"/f/{self.links.family(alarm_id, self.world.contact(code).partition(':')[2])}"

    def phone(self):
        """A browser of its own."""
        return Phone(self.app.test_client())


class Phone:
    """Somebody's browser: looks at pages and presses the buttons that stand on them, nothing else."""

    def __init__(self, client) -> None:
        self.client = client

    def look(self, path):
        return self.client.get(path)

    def press(self, path, deed, **more):
        """Looks, and presses this button as it stands there."""
        page = self.client.get(path).text
        assert f'name="do" value="{deed}"' in page, f"no button {deed}"
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        return self.client.post(path, data={**fields, "do": deed, **more}, headers={"Sec-Fetch-Site": "same-origin"})

    def fill(self, path, action=None, **values):
        """Looks for the form of a page and sends it with what was typed."""
        page = self.client.get(path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        return self.client.post(action or path, data={"csrf_token": token[1], **values})
