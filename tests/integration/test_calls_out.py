"""Calls that we make: read aloud, answered by key, taken by machines, connected with the resident; by signed hooks."""

import json
import xml.etree.ElementTree as ET

import pytest

from dispatch.errors import Busy
from dispatch.rules.alarm import OfferState, Outcome, State
from dispatch.rules.people import operator
from dispatch.rules.signal import Cause
from tests.builders import DISTRICT
from tests.integration.call_rig import rigs

C1, C2, RESIDENT = "+8613800000001", "+8613800000002", "+8613800000101"


@pytest.fixture
def rig(tmp_path):
    yield from rigs(tmp_path)


def begun(rig, cause=Cause.PRESS):
    """An alarm, and the call to the nearest carer."""
    alarm_id = rig.world.press(cause=cause)
    rig.settle()
    (made,) = rig.calls(C1)
    return alarm_id, made


def due_in_s(rig, alarm_id):
    return (rig.world.alarm(alarm_id).due_at - rig.world.clock.now()).total_seconds()


# ------------------------------------------------------------------------------------------------ heard and answered


def test_a_carer_hears_the_alarm_twice_and_accepts_with_one(rig):
    alarm_id, made = begun(rig)
    phone = rig.answer(made)
    assert phone.said[0] == phone.said[1]
    assert "柏林小区" in phone.said[0]
    assert not {"王秀英", "3-2-501", "4711"} & set("".join(phone.said).split())
    phone.press("1")
    assert "您已接单，地址另行告知，请马上前往。" in phone.said
    alarm = rig.world.alarm(alarm_id)
    assert (alarm.state, rig.world.offers(alarm_id)[0].state) == (State.ACCEPTED, OfferState.ACCEPTED)


def test_two_declines_and_the_next_is_asked_at_once(rig):
    alarm_id, made = begun(rig)
    phone = rig.answer(made).press("2")
    assert "已记下您去不了，谢谢。" in phone.said
    assert phone.over
    rig.settle()
    assert {each.person: each.state for each in rig.world.offers(alarm_id)} == {
        rig.world.carer("C1"): OfferState.DECLINED, rig.world.carer("C2"): OfferState.OPEN,
    }  # fmt: skip


@pytest.mark.parametrize("key", ["0", "*"])
def test_naught_and_star_read_it_again(rig, key):
    alarm_id, made = begun(rig)
    phone = rig.answer(made)
    first, before = phone.said[0], len(phone.said)
    phone.press(key).press(key)
    assert phone.said[before:].count(first) == 4
    phone.press("1")
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED


@pytest.mark.parametrize("key", ["5", "9", "#", "4"])
def test_a_key_that_means_nothing_is_asked_again_and_answers_nothing(rig, key):
    alarm_id, made = begun(rig)
    phone = rig.answer(made).press(key)
    assert phone.asks
    assert rig.world.alarm(alarm_id).state is State.OFFERED
    phone.press("1")
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED


def test_in_english_for_who_speaks_nothing_else(tmp_path):
    district = DISTRICT.replace('skills = ["nurse"]', 'languages = ["en"]')
    for rig in rigs(tmp_path, district=district):
        _, made = begun(rig)
        phone = rig.answer(made)
        assert phone.said[0].startswith("Emergency call from Anling.")
        assert "You have accepted. The address follows. Please go now." in phone.press("1").said


def test_who_comes_too_late_hears_it_in_the_same_call(rig):
    alarm_id, made = begun(rig)
    rig.world.advance(61)
    rig.settle()
    (second,) = rig.calls(C2)
    rig.answer(second).press("1")
    assert "已由他人接单，您不用去了，谢谢。" in rig.answer(made).press("1").said
    assert [each.person for each in rig.world.offers(alarm_id) if each.role] == [rig.world.carer("C2")]


def test_what_is_not_understood_yet_is_waited_for_and_never_for_ever(rig):
    _, made = begun(rig)
    asleep, rig.world.wake = rig.world.wake, lambda: 0
    phone = rig.answer(made).press("1")
    rig.world.wake = asleep
    assert phone.said[-4:] == ["请稍候。", "请稍候。", "请稍候。", "已收到，谢谢。"]
    assert phone.over


@pytest.mark.error_lines("hook_not_kept")
def test_a_key_that_could_not_be_kept_is_kept_when_the_call_comes_back(rig, monkeypatch, log_lines):
    alarm_id, made = begun(rig)
    take, failures = rig.world.answers.take, iter([Busy("x")])

    def busy_once(provider, said):
        if said and (failure := next(failures, None)):
            raise failure
        return take(provider, said)

    monkeypatch.setattr(rig.world.answers, "take", busy_once)
    rig.answer(made).press("1")
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED
    assert [line["event"] for line in log_lines if line["log_level"] == "error"] == ["hook_not_kept"]


def test_the_same_key_told_thrice_is_one_answer(rig):
    alarm_id, made = begun(rig)
    gather = ET.fromstring(made["_params"]["Twiml"]).find("Gather")
    form = {"AccountSid": rig.standin.account, "CallSid": made["sid"], "Digits": "1", "To": C1, "From": "+1"}
    for _ in range(3):
        rig.ask(gather.attrib["action"], form)
    assert rig.world.kinds(alarm_id).count("accepted") == 1


def test_a_forged_key_does_nothing(rig):
    alarm_id, made = begun(rig)
    gather = ET.fromstring(made["_params"]["Twiml"]).find("Gather")
    form = {"AccountSid": rig.standin.account, "CallSid": made["sid"], "Digits": "1", "To": C1, "From": "+1"}
    assert rig.post(gather.attrib["action"], form, token="guessed")[0] == 403
    rig.world.wake()
    assert rig.world.alarm(alarm_id).state is State.OFFERED


# ------------------------------------------------------------------------------------------------ not answered


@pytest.mark.parametrize(("status", "more", "code"), [
    ("completed", {}, "completed"), ("busy", {}, "busy"), ("no-answer", {"SipResponseCode": "487"}, "487"),
    ("failed", {"SipResponseCode": "404"}, "404"), ("canceled", {}, "canceled"),
])  # fmt: skip
def test_a_call_that_ends_without_a_key_brings_the_next_step_at_once(rig, status, more, code):
    alarm_id, made = begun(rig)
    rig.world.clock.advance(12)
    assert due_in_s(rig, alarm_id) == 18
    rig.ends(made, status, **more)
    assert due_in_s(rig, alarm_id) == 0
    assert rig.world.offers(alarm_id)[0].state is OfferState.LAPSED
    (entry,) = rig.entries("not_answered")
    assert json.loads(entry.body)["code"] == code
    rig.settle()
    rig.world.advance(1)
    assert rig.world.kinds(alarm_id).count("step_taken") == 2


def test_a_call_that_was_answered_by_key_is_not_in_vain(rig):
    alarm_id, made = begun(rig)
    rig.answer(made).press("2")
    before = rig.world.kinds(alarm_id)
    rig.ends(made)
    assert "not_answered" not in rig.world.kinds(alarm_id)
    assert rig.world.kinds(alarm_id) == before


def test_a_key_that_is_kept_and_not_understood_yet_counts_as_well(rig):
    alarm_id, made = begun(rig)
    asleep, rig.world.wake = rig.world.wake, lambda: 0
    rig.answer(made).press("1")
    rig.ends(made)
    rig.world.wake = asleep
    assert "not_answered" not in rig.world.kinds(alarm_id)
    rig.world.wake()
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED


def test_while_it_still_rings_nothing_is_in_vain(rig):
    alarm_id, made = begun(rig)
    rig.ends(made, "ringing")
    rig.ends(made, "in-progress")
    assert rig.world.offers(alarm_id)[0].state is OfferState.OPEN


def test_the_end_of_a_call_told_twice_counts_once(rig):
    alarm_id, made = begun(rig)
    rig.ends(made, "busy")
    rig.ends(made, "busy")
    assert rig.world.kinds(alarm_id).count("not_answered") == 1


def test_a_busy_line_never_runs_through_the_policy_in_seconds(rig):
    alarm_id, made = begun(rig)
    rig.ends(made, "busy")
    assert due_in_s(rig, alarm_id) == 5


def test_who_did_not_pick_up_may_still_accept(rig):
    alarm_id, made = begun(rig)
    rig.ends(made, "no-answer")
    rig.answer(made).press("1")
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED


def test_while_another_telephone_rings_nothing_is_hurried(rig):
    alarm_id = rig.world.press(cause=Cause.FIRE)
    rig.settle()
    rig.world.advance(2)
    rig.settle()
    (first,), (second,) = rig.calls(C1), rig.calls(C2)
    due_at = rig.world.alarm(alarm_id).due_at
    rig.world.clock.advance(6)
    rig.ends(first, "busy")
    assert rig.world.alarm(alarm_id).due_at == due_at
    rig.ends(second, "busy")
    assert due_in_s(rig, alarm_id) == 0


# ------------------------------------------------------------------------------------------------ machines


def test_a_machine_was_not_reached_and_is_told_in_short(rig):
    alarm_id, made = begun(rig)
    rig.world.clock.advance(9)
    rig.answered_by(made, "machine_start")
    sid, form = rig.standin.changed.get(timeout=60)
    assert sid == made["sid"]
    words = rig.answer(made | {"_params": form}).said
    assert len(words) == 1
    assert "柏林" not in words[0]
    assert rig.world.offers(alarm_id)[0].state is OfferState.LAPSED
    assert due_in_s(rig, alarm_id) == 0
    rig.ends(made)
    assert rig.world.kinds(alarm_id).count("not_answered") == 1


def test_a_human_taken_for_a_machine_may_still_accept(rig):
    alarm_id, made = begun(rig)
    rig.answered_by(made, "machine_end_beep")
    _, form = rig.standin.changed.get(timeout=60)
    rig.answer(made | {"_params": form}).press("1")
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED


@pytest.mark.parametrize("who", ["human", "unknown"])
def test_a_human_is_left_in_peace(rig, who):
    alarm_id, made = begun(rig)
    rig.answered_by(made, who)
    assert rig.world.offers(alarm_id)[0].state is OfferState.OPEN
    assert rig.standin.changed.empty()
    assert "not_answered" not in rig.world.kinds(alarm_id)


def test_the_words_do_not_wait_for_the_detection(rig):
    _, made = begun(rig)
    params = made["_params"]
    assert (params["MachineDetection"], params["AsyncAmd"]) == ("Enable", "true")
    assert params["Twiml"].startswith("<?xml")


def test_without_detection_nobody_pays_for_it(tmp_path):
    for rig in rigs(tmp_path, machine_detection=False):
        _, made = begun(rig)
        assert not {"MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback"} & set(made["_params"])


# ------------------------------------------------------------------------------------------------ with the resident


def test_who_accepted_is_connected_with_the_resident(rig):
    alarm_id, made = begun(rig)
    phone = rig.answer(made).press("1").press("3")
    assert phone.dialled == [(RESIDENT, None)]
    phone.dial_ends("completed")
    assert phone.said[-1] == "通话结束，请前往。再见。"
    assert [json.loads(each.body)["result"] for each in rig.entries("talked")] == ["asked", "completed"]
    assert all(RESIDENT not in each.body for each in rig.entries())
    assert rig.world.kinds(alarm_id).count("talked") == 2


def test_a_talk_told_twice_is_in_the_record_once(rig):
    _, made = begun(rig)
    phone = rig.answer(made).press("1")
    again = rig.answer(made)
    phone.press("3").dial_ends("completed")
    again.press("3").dial_ends("completed")
    assert [json.loads(each.body)["result"] for each in rig.entries("talked")] == ["asked", "completed"]


def test_nobody_is_connected_before_they_accept(rig):
    alarm_id, made = begun(rig)
    phone = rig.answer(made).press("3")
    assert (phone.dialled, phone.asks) == ([], True)
    assert rig.world.alarm(alarm_id).state is State.OFFERED
    assert rig.entries("talked") == []


def test_who_declined_is_not_connected(rig):
    _, made = begun(rig)
    rig.answer(made).press("2")
    phone = rig.answer(made).press("3")
    assert (phone.dialled, phone.said[-1]) == ([], "现在不能接通老人，请直接前往。")


def test_once_the_alarm_is_over_nobody_is_connected(rig):
    alarm_id, made = begun(rig)
    phone = rig.answer(made).press("1")
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("o1"))
    assert phone.press("3").dialled == []


def test_a_resident_who_picks_nothing_up_is_gone_to(rig):
    _, made = begun(rig)
    phone = rig.answer(made).press("1").press("3").dial_ends("no-answer")
    assert phone.said[-1] == "老人没有接听，请直接前往。"


@pytest.mark.parametrize("cause", [Cause.DURESS, Cause.GAS])
def test_no_telephone_rings_where_it_would_do_harm(rig, cause):
    rig.world.press(cause=cause)
    rig.settle()
    rig.world.advance(3)
    rig.settle()
    (made,) = rig.calls(C1)
    phone = rig.answer(made).press("1")
    assert phone.over
    assert phone.said[-1] == "您已接单，地址另行告知，请马上前往。"
    rig.settle()
    assert rig.calls(RESIDENT) == []


@pytest.mark.error_lines("inquiry_not_answered")
def test_where_nobody_can_be_asked_a_neutral_sentence_is_said(rig, monkeypatch):
    _, made = begun(rig)

    def busy(*_, **__):
        raise Busy("x")

    monkeypatch.setattr(rig.house.talks, "answer", busy)
    phone = rig.answer(made).press("1")
    assert phone.said[-1] == "已收到，谢谢。"
