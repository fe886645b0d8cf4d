"""Escalation files read and checked whole; policies kept and read back."""

import hashlib
import json
import tomllib
from pathlib import Path

import pytest

from dispatch.errors import Misconfigured
from dispatch.rules.escalation import engagements, policy_from_json, policy_json, read_policies, soon, swap
from dispatch.rules.signal import Cause
from dispatch.rules.steps import STEPS
from tests.unit.rules.test_alarm import C1, C2, C3, NOW, OfferState, a_policy, a_situation, an_offer, at

SHIPPED = Path(__file__).parents[3] / "config" / "escalation.toml"
LAST = {"step": "all_hands", "wait_s": 120}
ALL = [str(cause) for cause in Cause]


def row(*steps, **more):
    return {"name": "test", "causes": ALL, "steps": list(steps or (LAST,)), **more}


def read(*rows):
    return read_policies(rows, STEPS)


def waits(*seconds, last=120):
    return [*({"step": "offer_nearest", "wait_s": each} for each in seconds), {"step": "all_hands", "wait_s": last}]


# ------------------------------------------------------------------------------------------------ what is right


def test_the_shipped_policies_keep_every_promise():
    policies = read_policies(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["policies"], STEPS)
    for cause in set(Cause) - {Cause.EXERCISE}:
        policy = policies.of(cause)
        assert cause in policy.causes
        assert sum(spec.wait_s for spec in policy.steps[:-1]) <= 290
        assert max(spec.wait_s for spec in policy.steps[:-1]) <= 60
        # A missed call alone wakes nobody but the desk and, for a home that is known, the nearest.
        assert policy.steps[-1].step == ("call_back" if cause is Cause.MISSED_CALL else "all_hands")
        assert policy.steps[-1].wait_s <= 120


def test_a_file_from_before_missed_calls_means_the_same():
    shipped = read_policies(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["policies"], STEPS)
    old = read_policies([{**row(), "causes": [each for each in ALL if each != "missed_call"]}], STEPS)
    assert old.of(Cause.MISSED_CALL).id == shipped.of(Cause.MISSED_CALL).id


def test_an_exercise_turns_to_one_carer_and_to_the_desk_without_being_named_in_the_file():
    policies = read_policies(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["policies"], STEPS)
    assert [spec.step for spec in policies.of(Cause.EXERCISE).steps] == ["exercise", "page_operator"]


def test_the_step_of_an_exercise_belongs_to_an_exercise_alone():
    """In any other policy it would do nothing, and perhaps as the last step."""
    rows = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["policies"]
    rows[0]["steps"][-1] = {"step": "exercise", "wait_s": 60}
    with pytest.raises(Misconfigured, match="exercise"):
        read_policies(rows, STEPS)


def test_a_policy_has_its_steps_with_all_their_parameters():
    policy = read(row({"step": "offer_nearest", "wait_s": 9, "count": 3}, {"step": "call_family", "wait_s": 1}, LAST))
    first, second, last = policy.of(Cause.GAS).steps
    assert (first.step, first.wait_s, dict(first.params)) == ("offer_nearest", 9, {"count": 3})
    assert dict(second.params) == {"count": 2}
    assert (dict(last.params), policy.of(Cause.GAS).last, policy.of(Cause.GAS).responders) == ({"count": 20}, 2, 1)


@pytest.mark.parametrize("responders", [1, 5])
def test_one_to_five_may_be_wanted(responders):
    assert read(row(responders=responders)).of(Cause.FALL).responders == responders


@pytest.mark.parametrize("steps", [waits(60, 60, 60, 60, 50), waits(1, last=1), [LAST] * 1, waits(*[1] * 19)])
def test_waits_up_to_what_was_promised_are_taken(steps):
    assert len(read(row(*steps)).of(Cause.PRESS).steps) == len(steps)


# ------------------------------------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("wrong", "place", "cure"),
    [
        (row(colour="red"), "policies.0.colour", "unknown key; known are causes, name, responders, steps"),
        (row(name=""), "policies.0.name", "give the policy a name"),
        (row(name=7), "policies.0.name", "give the policy a name"),
        ({"causes": ALL, "steps": [LAST]}, "policies.0.name", "give the policy a name"),
        (row(steps=[]), "policies.0.steps", "1 to 20 steps"),
        (row(steps=waits(*[1] * 20)), "policies.0.steps", "1 to 20 steps"),
        (row(steps="all_hands"), "policies.0.steps", "1 to 20 steps"),
        (row(responders=0), "policies.0.responders", "a whole number from 1 to 5"),
        (row(responders=6), "policies.0.responders", "a whole number from 1 to 5"),
        (row(responders=True), "policies.0.responders", "a whole number from 1 to 5"),
        (row(responders="2"), "policies.0.responders", "a whole number from 1 to 5"),
        (row(causes=[]), "policies.0.causes", "a list out of fire, gas"),
        (row(causes="fire"), "policies.0.causes", "a list out of fire, gas"),
        (row(causes=["boredom"]), "policies.0.causes", "'boredom' is none of fire"),
        (row("all_hands"), "policies.0.steps.0", "a step is a table"),
        (row({"step": "pray", "wait_s": 1}), "policies.0.steps.0.step", "'pray' is none of offer_nearest, call_carer"),
        (row({"step": "all_hands"}), "policies.0.steps.0.wait_s", "whole seconds, at least 1"),
        (row({"step": "all_hands", "wait_s": 0}), "policies.0.steps.0.wait_s", "whole seconds, at least 1"),
        (row({"step": "all_hands", "wait_s": 1.5}), "policies.0.steps.0.wait_s", "whole seconds, at least 1"),
        (row({"step": "all_hands", "wait_s": True}), "policies.0.steps.0.wait_s", "whole seconds, at least 1"),
        (row({**LAST, "colour": 1}), "policies.0.steps.0.colour", "'all_hands' knows only count"),
        (row({"step": "call_carer", "wait_s": 1, "count": 1}), "policies.0.steps.0.count",
         "'call_carer' knows only no parameters"),
        (row({**LAST, "count": "many"}), "policies.0.steps.0.count", "must be like 20"),
        (row({**LAST, "count": True}), "policies.0.steps.0.count", "must be like 20"),
        (row(*waits(10, last=121)), "policies.0.steps.1.wait_s", "the last step repeats within 120 s"),
        (row(*waits(10, 61)), "policies.0.steps.1.wait_s", "wait at most 60 s before the next step"),
        (row(*waits(60, 60, 60, 60, 51)), "policies.0.steps", "the last step comes after 291 s; at most 290 s"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_place_and_its_cure(wrong, place, cure):
    with pytest.raises(Misconfigured) as refused:
        read(wrong)
    assert refused.value.place == place
    assert cure in refused.value.detail


def test_the_place_counts_policies():
    with pytest.raises(Misconfigured, match=r"^policies\.1\.name"):
        read(row(causes=["fire"]), row(name="", causes=["gas"]))


def test_a_cause_belongs_to_one_policy_only():
    with pytest.raises(Misconfigured, match=r"policies\.1\.causes: 'fire' already belongs to 'first'"):
        read(row(name="first"), row(name="second", causes=["fire"]))


def test_no_cause_may_be_left_without_a_policy():
    with pytest.raises(Misconfigured, match=r"policies: no policy for fire, hotline; name them"):
        read(row(causes=[cause for cause in ALL if cause not in {"fire", "hotline"}]))


@pytest.mark.parametrize("count", [0, -1, 51])
def test_nobody_cannot_be_asked(count):
    with pytest.raises(Misconfigured):
        read(row({**LAST, "count": count}))


def test_who_decides_about_120_is_one_of_two():
    with pytest.raises(Misconfigured):
        read(row({"step": "emergency_service", "wait_s": 1, "decides": "servce"}, LAST))


@pytest.mark.parametrize(
    "wrong",
    [
        row({"step": ["all_hands"], "wait_s": 1}),
        row(causes=[["fire"]]),
    ],
)
def test_a_list_where_a_word_belongs_is_a_mistake_like_any_other(wrong):
    with pytest.raises(Misconfigured):
        read(wrong)


# ------------------------------------------------------------------------------------------------ kept by alarms


def test_a_policy_is_kept_with_an_alarm_and_read_back_without_its_causes():
    policy = a_policy({"step": "offer_nearest", "wait_s": 20, "count": 2}, LAST, responders=2)
    content = policy_json(policy.name, policy.steps, policy.responders)
    assert policy.id == hashlib.sha256(content.encode()).hexdigest()[:16]
    back = policy_from_json(policy.id, content)
    assert (back.id, back.name, back.steps, back.responders) == (policy.id, policy.name, policy.steps, 2)
    assert back.causes == frozenset()


def test_the_name_of_the_content_depends_on_the_content_alone():
    assert a_policy(LAST).id == a_policy(LAST).id
    assert a_policy(LAST).id != a_policy(LAST, responders=2).id
    assert a_policy(LAST).id != a_policy({**LAST, "wait_s": 119}).id


def test_a_policy_is_kept_in_readable_chinese():
    policy = read(row(name="紧急")).of(Cause.FIRE)
    assert json.loads(policy_json(policy.name, policy.steps, 1))["name"] == "紧急"
    assert "紧急" in policy_json(policy.name, policy.steps, 1)


@pytest.mark.parametrize(
    ("age_s", "step"),
    [
        (0, 0),
        (90, 0),
        (91, 1),
        (150, 1),
        (151, 2),
        (210, 2),
        (211, 3),
        (230, 3),
        (231, 4),
        (290, 4),
        (291, 4),
        (9999, 4),
    ],
)
def test_a_policy_begins_where_its_last_step_still_comes_in_time(age_s, step):
    policy = a_policy(*waits(60, 60, 20, 60))
    assert policy.step_to_begin_with(raised_at=NOW, now=at(age_s)) == step


# ------------------------------------------------------------------------------------------------ small things


def test_soon_is_so_many_seconds_from_now():
    assert soon(NOW, 30) == at(30)


def test_new_offers_take_the_place_of_old_ones_and_others_stand_behind():
    old, lapsed = (an_offer(C1), an_offer(C2)), an_offer(C2, OfferState.LAPSED)
    assert swap(old, (an_offer(C3), lapsed)) == (old[0], lapsed, an_offer(C3))


def test_who_is_asked_or_coming_is_engaged_until_it_is_over():
    before = (an_offer(C1), an_offer(C2, OfferState.LAPSED))
    assert engagements(before, (an_offer(C1, OfferState.DECLINED),)) == {C1: -1}
    assert engagements(before, (an_offer(C1, OfferState.ACCEPTED),)) == {}
    assert engagements(before, (an_offer(C2), an_offer(C3))) == {C2: 1, C3: 1}
    assert engagements(before, (an_offer(C1, OfferState.DONE), an_offer(C2, OfferState.WITHDRAWN))) == {C1: -1}


def test_an_offer_is_found_by_its_person():
    situation = a_situation(None, an_offer(C1), an_offer(C2))
    assert situation.offer_of(C2) == an_offer(C2)
    assert situation.offer_of(C3) is None
