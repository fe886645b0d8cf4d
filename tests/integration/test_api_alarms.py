"""Alarms by the API: a whole one, who may do what, what is refused and how, and what is done only once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.errors import Busy
from dispatch.rules.signal import Cause
from dispatch.web.schemas import ShortSchema, StorySchema
from tests.builders import House, build_world
from tests.fakes.foreign_lock import foreign_lock

API = "/api/v1/alarms"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = build_world(tmp_path)
    built = House(world)
    yield built
    built.close()
    world.close()


@pytest.fixture
def operator(house):
    return house.operators()


def do(client, alarm: str, deed: str, status: int = 200, headers=None, **said):
    answer = client.post(f"{API}/{alarm}/{deed}", json=said, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json


def is_problem(answer, status: int, slug: str) -> bool:
    assert answer.content_type == "application/problem+json", answer.content_type
    assert {"type", "title", "status", "detail", "instance"} <= set(answer.json)
    assert (answer.status_code, answer.json["status"]) == (status, status)
    assert answer.json["type"] == f"urn:anling:problem:{slug}"
    assert all(answer.json[key] for key in ("title", "detail", "instance"))
    return True


# ------------------------------------------------------------------------------------------------ a whole alarm


def test_an_alarm_lives_and_ends_by_the_api(house, operator):
    raised = operator.post(API, json={"home": "H1", "resident": "R1", "note": "她打了热线"})
    assert raised.status_code == 201
    alarm = raised.json["id"]
    assert (raised.json["state"], raised.json["cause"], raised.json["home"]) == ("raised", "hotline", "H1")
    house.world.wake()
    (asked,) = operator.get(f"{API}/{alarm}").json["offers"]
    assert do(operator, alarm, "accept", person=asked["person"])["state"] == "accepted"
    assert do(operator, alarm, "note", text="门开着")["timeline"][-1]["note"] == "门开着"
    assert do(operator, alarm, "emergency", reference="120-77")["timeline"][-1]["facts"] == {"reference": "120-77"}
    there = do(operator, alarm, "attend", person=asked["person"], proof="position", lat=38.0720, lng=114.4920)
    assert (there["state"], there["proof"]) == ("attended", "position")
    closed = do(operator, alarm, "close", outcome="helped", note="扶起来了")
    assert (closed["state"], closed["outcome"]) == ("closed", "helped")
    assert closed["closed_by"] == f"operator:{house.operator.id}"
    kinds = [each["kind"] for each in closed["timeline"]]
    assert [kind for kind in kinds if kind in {"raised", "accepted", "attended", "closed"}] == [
        "raised", "accepted", "attended", "closed",
    ]  # fmt: skip
    assert do(operator, alarm, "reopen", note="又按了")["state"] == "raised"


def test_the_story_has_what_the_contract_promises(house, operator):
    story = operator.get(f"{API}/{house.world.press()}").json
    assert set(story) == set(StorySchema().fields) == set(house.review.story(story["id"], "zh"))
    promised = (
        "id number cause state home resident place raised_at due_at press_count policy responders offers candidates "
        "attempts timeline outcome"
    )
    assert set(promised.split()) <= set(story)


def test_an_alarm_goes_by_its_number_too(house, operator):
    alarm = house.world.alarm(house.world.press())
    assert operator.get(f"{API}/{alarm.number}").json["id"] == alarm.id
    assert do(operator, alarm.number, "note", text="在路上")["id"] == alarm.id


@pytest.mark.parametrize("called", ["C2", "carer", "id"])
def test_a_carer_goes_by_code_reference_and_id(house, operator, called):
    person = house.world.carer("C2")
    said = {"C2": "C2", "carer": person, "id": person.partition(":")[2]}[called]
    (coming,) = do(operator, house.world.press(), "accept", person=said)["responders"]
    assert (coming["person"], coming["role"]) == (person, "lead")


def test_a_contact_may_be_asked_by_hand(house, operator):
    person = house.world.contact()
    (asked,) = do(operator, house.world.press(), "offer", person=person.partition(":")[2])["offers"]
    assert asked["person"] == person


def test_who_declines_is_not_waited_for(house, operator):
    alarm = house.world.press()
    house.world.wake()
    (asked,) = operator.get(f"{API}/{alarm}").json["offers"]
    story = do(operator, alarm, "decline", person=asked["person"])
    assert [each["state"] for each in story["offers"] if each["person"] == asked["person"]] == ["declined"]
    house.world.wake()
    waiting = [each for each in operator.get(f"{API}/{alarm}").json["offers"] if each["state"] == "open"]
    assert len(waiting) == 1


def test_a_position_on_a_street_map_is_set_right_before_it_proves(house, operator):
    alarm = house.world.press()
    story = do(operator, alarm, "attend", person="C1", proof="position", lat=38.0720, lng=114.4920, datum="gcj02")
    assert story["proof"] == "claimed"


# ------------------------------------------------------------------------------------------------ what is refused


def test_the_second_to_accept_is_told_that_it_is_taken(house, operator):
    alarm = house.world.press()
    do(operator, alarm, "accept", person="C1")
    answer = house.operators().post(f"{API}/{alarm}/accept", json={"person": "C2"})
    assert is_problem(answer, 409, "already-taken")
    assert [each["name"] for each in operator.get(f"{API}/{alarm}").json["responders"]] == ["李护理"]


def test_nothing_more_happens_to_a_closed_alarm(house, operator):
    alarm = house.world.press()
    do(operator, alarm, "close", outcome="test")
    for deed, said in _ENDED:
        assert is_problem(operator.post(f"{API}/{alarm}/{deed}", json=said), 409, "alarm-closed")


_ENDED = [
    ("accept", {"person": "C1"}),
    ("decline", {"person": "C1"}),
    ("attend", {"person": "C1", "proof": "voice"}),
    ("offer", {"person": "C1"}),
    ("close", {"outcome": "test"}),
]


@pytest.mark.parametrize("scope", ["alarms", "alarms read operator"])
def test_a_machine_may_not_close(house, scope):
    alarm = house.world.press()
    answer = house.machine(scope).post(f"{API}/{alarm}/close", json={"outcome": "test"})
    assert is_problem(answer, 403, "not-allowed")
    assert house.world.alarm(alarm).open


def test_a_machine_may_raise_and_answer_in_its_own_name(house):
    machine = house.machine("alarms read")
    alarm = machine.post(API, json={"home": "H1", "cause": "fall"}).json
    assert alarm["timeline"][0]["by"].startswith("key:")
    house.world.wake()
    (asked,) = machine.get(f"{API}/{alarm['id']}").json["offers"]
    assert do(machine, alarm["id"], "accept", person=asked["person"])["state"] == "accepted"


def test_a_machine_learns_no_door_and_no_number(house):
    alarm = house.world.press()
    house.world.wake()
    told = house.machine("read").get(f"{API}/{alarm}").text
    assert "4711" not in told
    assert "13800000" not in told
    assert "4711" in house.operators().get(f"{API}/{alarm}").json["home_file"]["entry"]


@pytest.mark.parametrize(
    ("path", "method"),
    [(API, "get"), (API, "post"), (f"{API}/1", "get"), (f"{API}/1/accept", "post"), (f"{API}/1/close", "post")],
)
def test_a_stranger_learns_nothing(house, path, method):
    assert is_problem(getattr(house.stranger(), method)(path), 401, "sign-in-needed")


def test_a_key_for_something_else_is_refused(house):
    assert is_problem(house.machine("signals").get(API), 403, "not-allowed")
    assert is_problem(house.machine("read").post(API, json={"home": "H1"}), 403, "not-allowed")


@pytest.mark.parametrize("deed", ["", "/accept", "/close", "/note", "/reopen", "/offer", "/emergency", "/attend"])
def test_an_unknown_alarm_is_not_found(operator, deed):
    said = {
        "/accept": {"person": "C1"}, "/offer": {"person": "C1"}, "/close": {"outcome": "test"}, "/note": {"text": "x"},
        "/emergency": {"reference": "1"}, "/attend": {"person": "C1", "proof": "voice"},
    }.get(deed, {})  # fmt: skip
    answer = operator.post(f"{API}/nothing{deed}", json=said) if deed else operator.get(f"{API}/nothing")
    assert is_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("deed", "said", "field"),
    [
        ("accept", {}, "person"),
        ("accept", {"person": "nobody"}, "person"),
        ("accept", {"person": "operator:1"}, "person"),
        ("accept", {"person": "C1", "by": "operator:1"}, "by"),
        ("attend", {"person": "C1"}, "proof"),
        ("attend", {"person": "C1", "proof": "telepathy"}, "proof"),
        ("attend", {"person": "C1", "proof": "position", "lat": 38.0}, "lng"),
        ("attend", {"person": "C1", "proof": "position", "lat": 91, "lng": 1}, "lat"),
        ("close", {}, "outcome"),
        ("close", {"outcome": "bored"}, "outcome"),
        ("note", {"text": ""}, "text"),
        ("note", {"text": "a\x00b"}, "text"),
        ("emergency", {}, "reference"),
    ],
)
def test_what_is_wrong_is_named(house, operator, deed, said, field):
    answer = operator.post(f"{API}/{house.world.press()}/{deed}", json=said)
    assert is_problem(answer, 422, answer.json["type"].rpartition(":")[2])
    assert field in answer.json["errors"]["json"]


@pytest.mark.parametrize("said", [{"home": "H9"}, {"home": "H1", "resident": "R2"}, {"home": "H1", "resident": "R9"}])
def test_an_alarm_is_raised_only_for_who_is_there(operator, said):
    answer = operator.post(API, json=said)
    assert is_problem(answer, 422, "invalid")
    assert operator.get(API).json["items"] == []


def test_what_is_no_json_is_refused(operator):
    answer = operator.post(API, data="{", content_type="application/json")
    assert is_problem(answer, 400, "bad-request")


# ------------------------------------------------------------------------------------------------ the list


def test_a_list_is_read_to_its_end_by_its_cursor(house, operator):
    pressed = [house.world.press("H2", resident) for resident in ("R2", "R3")]
    house.world.advance(1)
    pressed.append(house.world.press("H1"))
    seen, address = [], f"{API}?limit=1"
    while address:
        answer = operator.get(address)
        seen += [each["id"] for each in answer.json["items"]]
        assert set(answer.json["items"][0]) == set(ShortSchema().fields)
        next_ = answer.json["next"]
        address = next_ and f"{API}?limit=1&cursor={next_}"
        assert bool(next_) == ("Link" in answer.headers)
    assert sorted(seen) == sorted(pressed)
    assert seen[0] == pressed[2]


def test_a_list_can_be_of_one_state_or_of_what_changed_since(house, operator):
    first, second = house.world.press("H1"), house.world.press("H2", "R2")
    do(operator, first, "accept", person="C1")
    head = house.review.head()
    do(operator, first, "note", text="到楼下了")
    assert [each["id"] for each in operator.get(f"{API}?state=accepted").json["items"]] == [first]
    assert [each["id"] for each in operator.get(f"{API}?since={head}").json["items"]] == [first]
    assert {each["id"] for each in operator.get(f"{API}?since=0").json["items"]} == {first, second}
    assert operator.get(f"{API}?since={house.review.head()}").json == {"items": [], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "state=asleep", "since=-1", "cursor=x", "colour=red"])
def test_a_list_refuses_what_it_does_not_know(operator, query):
    answer = operator.get(f"{API}?{query}")
    assert is_problem(answer, 422, answer.json["type"].rpartition(":")[2])
    assert query.partition("=")[0] in answer.json["errors"]["query"]


# ------------------------------------------------------------------------------------------------ once


def test_the_same_key_raises_one_alarm_and_gets_the_same_answer(house, operator):
    key = {"Idempotency-Key": "till-7-000123"}
    first = operator.post(API, json={"home": "H1"}, headers=key)
    house.world.wake()
    again = operator.post(API, json={"home": "H1"}, headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert house.world.alarm(first.json["id"]).press_count == 1


def test_the_same_key_for_something_else_is_refused(operator):
    key = {"Idempotency-Key": "k"}
    operator.post(API, json={"home": "H1"}, headers=key)
    assert is_problem(operator.post(API, json={"home": "H2"}, headers=key), 422, "invalid")


def test_a_key_belongs_to_its_caller_and_its_path(house, operator):
    key = {"Idempotency-Key": "k"}
    alarm = operator.post(API, json={"home": "H1"}, headers=key).json["id"]
    assert house.machine("alarms").post(API, json={"home": "H1"}, headers=key).json["press_count"] == 2
    do(operator, alarm, "accept", person="C1", headers=key)


def test_a_key_is_forgotten_after_a_day(house, operator):
    key = {"Idempotency-Key": "k"}
    alarm = operator.post(API, json={"home": "H1"}, headers=key).json["id"]
    do(operator, alarm, "close", outcome="test")
    house.world.clock.advance(11 * 3600)
    assert operator.post(API, json={"home": "H1"}, headers=key).json["id"] == alarm
    house.world.clock.advance(13 * 3600 + 1)
    assert house.operators().post(API, json={"home": "H1"}, headers=key).json["id"] != alarm


def test_what_was_refused_may_be_asked_again_with_the_same_key(house, operator):
    key, alarm = {"Idempotency-Key": "k"}, house.world.press()
    do(operator, alarm, "accept", person="C1")
    do(operator, alarm, "accept", 409, headers=key, person="C2")
    do(operator, alarm, "decline", person="C1")
    assert do(operator, alarm, "accept", headers=key, person="C2")["state"] == "accepted"


@pytest.mark.parametrize("key", ["k" * 201, "K 4M", "schlüssel"])
def test_a_key_that_is_none_is_refused(operator, key):
    answer = operator.post(API, json={"home": "H1"}, headers={"Idempotency-Key": key})
    assert is_problem(answer, 422, "invalid")
    assert operator.get(API).json["items"] == []


class Stalled:
    """Transactions whose every second unit comes too late: it was done, but its caller has given up."""

    def __init__(self, inner) -> None:
        self.inner, self.stalls = inner, False

    def run(self, work, **how):
        result = self.inner.run(work, **how)
        if self.stalls:
            raise Busy("the database is busy; try again")
        return result


@pytest.mark.error_lines("commit_failed")
def test_whatever_is_written_while_somebody_else_holds_the_file_is_told_to_come_again(house, operator, log_lines):
    """By a program or by a person, wherever: nothing of ours is broken, so there is no trace and no 500."""
    key, machine = {"Idempotency-Key": "k"}, house.machine("alarms")
    with foreign_lock(house.world.path / "anling.db", house.world.transactions):
        later = [machine.post(API, json={"home": "H1"}, headers=each) for each in ({}, key)]
        later.append(operator.post("/logout"))
    assert [(each.status_code, each.headers["Retry-After"]) for each in later] == [(503, "2")] * 3
    assert all(is_problem(each, 503, "busy") for each in later[:2])
    assert "系统正忙" in later[2].text
    assert {each["why"] for each in log_lines if each["event"] == "request_not_kept"} == {"database is locked"}
    assert machine.post(API, json={"home": "H1"}, headers=key).status_code == 201


def test_a_caller_that_was_given_up_on_may_come_again(tmp_path):
    world = build_world(tmp_path)
    stalled = Stalled(world.transactions)
    world.desk._transactions = stalled
    house = House(world)
    operator, key = house.operators(), {"Idempotency-Key": "k"}
    stalled.stalls = True
    answer = operator.post(API, json={"home": "H1"}, headers=key)
    assert is_problem(answer, 503, "busy")
    assert answer.headers["Retry-After"]
    stalled.stalls = False
    assert is_problem(operator.post(API, json={"home": "H1"}, headers=key), 409, "conflict")
    world.clock.advance(10)
    assert operator.post(API, json={"home": "H1"}, headers=key).status_code == 201
    assert len(operator.get(API).json["items"]) == 1
    house.close()
    world.close()


def test_everything_is_in_the_document(house):
    paths = json.loads(house.stranger().get("/api/v1/openapi.json").text)["paths"]
    deeds = ("accept", "decline", "attend", "close", "note", "reopen", "offer", "emergency")
    assert {f"{API}/{{name}}/{deed}" for deed in deeds} <= set(paths)
    assert {"/api/v1/signals", "/api/v1/homes", "/api/v1/record"} <= set(paths)


def test_an_exercise_is_not_raised_by_hand(operator):
    assert operator.post(API, json={"home": "H1", "cause": "exercise"}).status_code == 422


@pytest.mark.parametrize("cause", sorted(map(str, set(Cause) - {Cause.EXERCISE})))
def test_every_cause_may_be_raised_by_hand(operator, cause):
    assert operator.post(API, json={"home": "H1", "cause": cause}).json["cause"] == cause
