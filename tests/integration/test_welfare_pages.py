"""`/welfare` and its programs' side: what is shown, changed and refused, without losing what was typed."""

from datetime import timedelta

import pytest

from dispatch.rules.rights import Area, Role
from schedules.welfare.web.api import welfare_blueprint
from schedules.welfare.web.pages import welfare_pages
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.integration.registry_rig import SECOND, RegistryRig
from tests.integration.welfare_rig import Watching


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """Two homes with a signal each, the pages over them, somebody on watch, one of the other station, a program."""
    folder = tmp_path_factory.mktemp("welfare")
    world = build_world(folder, district=FILE + SECOND)
    watching = Watching(world)
    watching.sees("door_unanswered")
    watching.sees("no_motion")
    watching.sees("door_unanswered", "H2", "R2")
    watching.sees("no_motion", "H2", "R2")
    blueprints = [
        welfare_pages(
            watching.office, failed=lambda: frozenset({"canteens"}), names=dict, zone=world.calendar.tzinfo
        ),
        welfare_blueprint(watching.office, watching.gathering, world.reading, transactions=world.transactions),
    ]  # fmt: skip
    rig = RegistryRig(folder, world=world, blueprints=blueprints)
    rig.watching = watching
    rig.first, rig.second = (
        next(each.id for each in watching.given if each.home_id == world.home(code)) for code in ("H1", "H2")
    )
    rig.watch = rig.person("watch", Role.OPERATOR)
    rig.english = rig.person("english", Role.OPERATOR, lang="en")
    elsewhere = Area(frozenset({world.id_of_station("S2")}))
    rig.narrow = rig.person("narrow", Role.OPERATOR, area=elsewhere)
    rig.program = rig.machine("welfare")
    yield rig
    rig.close()


def test_the_page_shows_homes_with_their_reasons_in_both_languages(rig):
    zh, en = rig.watch.get("/welfare").text, rig.english.get("/welfare").text
    for words in ("柏林小区", "上门没人开门", "平时有动静的时候没有动静", "canteens", "平安信号"):
        assert words in zh
    for words in ("nobody opened the door", "nothing moved at a time when", "Households by score"):
        assert words in en


def test_another_station_sees_nothing_of_it(rig):
    assert "柏林小区" not in rig.narrow.get("/welfare").text
    assert rig.narrow.post("/welfare/homes/H1", data={"threshold": "-3", "reason": "x"}).status_code == 404
    assert rig.narrow.post(f"/welfare/signals/{rig.first}", data={"became": "wrong"}).status_code == 404
    assert rig.narrow.get("/api/v1/welfare").json["items"] == []
    assert rig.narrow.get("/api/v1/welfare/signals").json["items"] == []


def test_a_threshold_is_kept_with_its_reason_and_a_refused_form_keeps_what_was_typed(rig):
    refused = rig.watch.post("/welfare/homes/H1", data={"of": "H1", "threshold": "viel", "reason": "刚出院"})
    assert refused.status_code == 422
    assert 'value="viel"' in refused.text
    assert 'value="刚出院"' in refused.text
    kept = rig.watch.post("/welfare/homes/H1", data={"of": "H1", "threshold": "-3.5", "reason": "刚出院"})
    assert kept.status_code == 303
    assert "刚出院" in rig.watch.get("/welfare").text
    assert rig.watching.standing().threshold == -3.5
    assert rig.watch.post("/welfare/homes/H1", data={"threshold": "", "reason": "好了"}).status_code == 303
    assert rig.watching.standing().threshold is None


def test_what_a_signal_was_and_what_was_missed_are_counted(rig):
    before = rig.watch.get("/api/v1/welfare").json["figures"]
    right = {"became": "right", "note": "摔倒"}
    assert rig.watch.post(f"/welfare/signals/{rig.first}", data=right).status_code == 303
    at = rig.world.calendar.local(rig.world.clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    form = {"home": "H2", "at": at, "note": "邻居发现"}
    assert rig.watch.post("/welfare/missed", data=form | {"at": "gestern"}).status_code == 422
    assert rig.watch.post("/welfare/missed", data=form | {"home": " "}).status_code == 422
    assert rig.watch.post("/welfare/missed", data=form).status_code == 303
    figures = rig.watch.get("/api/v1/welfare").json["figures"]
    missed = before["missed"] + 1
    assert (before["right"], figures["right"], figures["missed"]) == (0, 1, missed)
    assert (figures["precision"], figures["recall"]) == (1.0, 1 / (1 + missed))


def test_a_program_tells_signs_once_and_is_told_which_field_is_wrong(rig):
    now = rig.world.clock.now().isoformat()
    sign = {"key": "till-1", "kind": "meal", "resident": "R2", "at": now}
    assert rig.program.post("/api/v1/welfare/signs", json={"signs": [sign]}).json == {"new": 1}
    assert rig.program.post("/api/v1/welfare/signs", json={"signs": [sign]}).json == {"new": 0}
    for wrong in ({"kind": "yawn"}, {"resident": "R77"}, {"strength": 2}):
        assert rig.program.post("/api/v1/welfare/signs", json={"signs": [sign | wrong]}).status_code == 422
    homeless = {name: value for name, value in sign.items() if name != "resident"}
    assert rig.program.post("/api/v1/welfare/signs", json={"signs": [homeless]}).status_code == 422
    assert rig.program.get("/api/v1/welfare").status_code == 403


def test_a_program_may_judge_and_set_what_is_enough(rig):
    unclear = {"became": "unclear", "note": "x"}
    assert rig.program.post(f"/api/v1/welfare/signals/{rig.second}/became", json=unclear).status_code == 200
    body = {"threshold": -4.0, "reason": "x"}
    assert rig.program.post("/api/v1/welfare/homes/H1/threshold", json=body).json == {"id": "H1"}
    assert rig.watching.standing().threshold == -4.0
    body = {"home": "H1", "at": rig.world.clock.now().isoformat(), "note": "x"}
    missed = rig.program.post("/api/v1/welfare/missed", json=body)
    assert missed.status_code == 201
    # What was missed was no signal, and cannot be judged as one.
    address = f"/api/v1/welfare/signals/{missed.json['id']}/became"
    assert rig.program.post(address, json=unclear).status_code == 409
    assert rig.program.post("/api/v1/welfare/missed", json=body | {"home": "H77"}).status_code == 422
