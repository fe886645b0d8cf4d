"""The page about roads in both languages, by the forms of a browser without a script; and the board's strip."""

import json
import re

import pytest
from argon2 import PasswordHasher

from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.horn.judge import Reason
from dispatch.horn.state import SirenState
from dispatch.web.app import create_app
from dispatch.web.boards import Note
from dispatch.web.options import WebOptions
from dispatch.web.roads import LACKING, REASONS, RESULTS, UNREACHED, RoadsPage, roads_blueprint
from tests.builders import LOGIN, PASSWORD
from tests.integration.roads_rig import Roads


class Page:
    """A browser signed in at `/roads`."""

    def __init__(self, folder, lang="zh"):
        self.roads = Roads(folder)
        world = self.roads.world
        self.worries, self.siren_well = [], None
        self.sign_in = SignIn(
            world.transactions, world.reading, world.clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        )
        self.sign_in.add_operator(LOGIN, "王芳", PASSWORD, lang=lang)
        self.page = RoadsPage(
            self.roads.reach, self.roads.drilling, self.roads.shadowing, clock=world.clock,
            siren=lambda: SirenState.read(world.path, world.clock), siren_well=lambda: self.siren_well,
            worries=lambda: self.worries, names=dict,
        )  # fmt: skip
        options = WebOptions(public_url="http://127.0.0.1", secret_key="k" * 32, secure_cookies=False, lang=lang)
        app = create_app(
            [roads_blueprint(self.page, zone=world.calendar.tzinfo)], sign_in=self.sign_in,
            keys=Keys(world.transactions, world.reading, world.clock), options=options, health=self,
        )  # fmt: skip
        self.client = app.test_client()
        form = {"csrf_token": self._token("/login"), "login": LOGIN, "password": PASSWORD, "next": "/roads"}
        assert self.client.post("/login", data=form).status_code == 303

    def facts(self):
        return {"ready": True}

    def _token(self, path):
        return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.client.get(path).text)[1]

    def text(self):
        answer = self.client.get("/roads")
        assert answer.status_code == 200
        return answer.text

    def post(self, address, **form):
        return self.client.post(address, data={"csrf_token": self._token("/roads"), **form})

    def close(self):
        self.sign_in.close()
        self.roads.close()


@pytest.fixture(params=["zh", "en"])
def page(tmp_path, request):
    page = Page(tmp_path, request.param)
    yield page
    page.close()


def test_a_stranger_sees_and_does_nothing(page):
    stranger = page.client.application.test_client()
    assert stranger.get("/roads").status_code in {302, 303}
    assert stranger.post("/roads/drill", data={"path": "hall|one|sms"}).status_code >= 300
    assert page.roads.drilling.recent(1) == []


def test_an_exercise_is_begun_by_the_form_in_the_name_of_who_pressed(page):
    assert page.post("/roads/drill", path="roof|two|sms").status_code == 303
    [drill] = page.roads.drilling.recent(5)
    assert (str(drill.path), drill.by[:9]) == ("roof → two sms", "operator:")
    page.roads.settle()
    assert "roof → two" in page.text()


@pytest.mark.parametrize("path", ["", "hall", "cellar|one|sms"])
def test_a_path_that_is_none_is_refused(page, path):
    assert page.post("/roads/drill", path=path).status_code == 422


def test_a_street_goes_into_the_shadow_and_back(page):
    assert page.post("/roads/street", street="柏林小区", mode="shadow").status_code == 303
    page.roads.world.press()
    page.roads.settle()
    assert page.roads.sent() == []
    assert "柏林小区" in page.text()
    assert Note(text="shadow mode") in page.page.notes()
    assert page.post("/roads/street", street="柏林小区", mode="live").status_code == 303
    page.roads.settle()
    assert page.roads.sent()


@pytest.mark.parametrize(
    "form", [{"street": "柏林小区"}, {"street": "柏林小区", "mode": "off"}, {"street": "x", "mode": "live"}]
)
def test_a_street_or_a_mode_that_is_none_is_refused(page, form):
    assert page.post("/roads/street", **form).status_code == 422


def test_the_strip_says_only_what_is_not_well(page):
    assert page.page.notes() == []
    page.worries, page.siren_well = ["message_not_taken"], False
    assert [each.fault for each in page.page.notes()] == [True, True]


def test_what_the_siren_sounds_for_is_on_the_page(page):
    at = page.roads.world.clock.look()
    said = {
        "steady_s": at.steady_s, "boot": at.boot, "reasons": ["engine_silent"], "faults": {"relay": "is gone"},
        "mistakes": [],
    }  # fmt: skip
    (page.roads.world.path / "siren.beat").write_text(json.dumps(said), encoding="utf-8")
    page.siren_well = False
    assert "relay: is gone" in page.text()


def test_every_reason_has_words_on_the_page():
    assert set(REASONS) == set(Reason)
    assert all((RESULTS, LACKING, UNREACHED))


def test_a_carer_who_cannot_be_reached_stands_first(page):
    world = page.roads.world
    with world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE carers SET opted_out = 1 WHERE code = 'C3'")
    assert page.text().index(">C3<") < page.text().index(">C1<")
