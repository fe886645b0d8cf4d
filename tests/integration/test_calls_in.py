"""Calls that ring in: kept, put through to the desk, judged with one key, and a soft alarm where nobody takes them."""

import json

import pytest

from dispatch.callbook import CallBook
from dispatch.errors import Busy, Conflict, Invalid, NotFound
from dispatch.ids import CallId, HomeId
from dispatch.rules.alarm import State
from dispatch.rules.calls import WAIT_S, CallState, Judgement
from dispatch.rules.people import operator
from dispatch.rules.signal import Cause
from tests.builders import DISTRICT, PUBLIC_URL
from tests.integration.call_rig import DESK, incoming, rigs

RESIDENT, DAUGHTER, STRANGER, WITHHELD = "+8613800000101", "+8613800000201", "+8613912345678", "anonymous"
WANG = operator("wang")
VOICE, RECEIPT = f"{PUBLIC_URL}/hooks/twilio/voice", f"{PUBLIC_URL}/hooks/twilio/receipt"


@pytest.fixture
def rig(tmp_path):
    yield from rigs(tmp_path)


def alarms(rig):
    return rig.house.review.board()


# ------------------------------------------------------------------------------------------------ somebody takes it


def test_a_call_is_put_through_to_whoever_takes_it_at_the_desk(rig):
    phone = rig.rings_in(RESIDENT)
    assert phone.said[0].startswith("您好，这里是安铃")
    assert [number for number, _ in phone.dialled] == [DESK[0]]
    desk = rig.picks_up(phone)
    assert desk.said[0] == "安铃来电，接听请按一。"
    desk.press("1")
    assert not [word for word in desk.said if "再见" in word]
    (call,) = rig.on_file()
    assert (call.state, call.due_at) == (CallState.ANSWERED, None)
    phone.dial_ends("completed")
    rig.hangs_up(RESIDENT)
    rig.world.advance(3600)
    assert alarms(rig) == []
    assert [each.kind for each in rig.entries()][-2:] == ["call_came", "call_answered"]


def test_a_mailbox_at_the_desk_has_taken_nothing(rig):
    phone = rig.rings_in(RESIDENT)
    assert rig.picks_up(phone).wait().over
    phone.dial_ends("completed")
    rig.world.wake()
    (call,) = rig.on_file()
    assert call.state is CallState.MISSED
    assert [each["cause"] for each in alarms(rig)] == ["missed_call"]


def test_another_key_takes_no_call(rig):
    desk = rig.picks_up(rig.rings_in(RESIDENT)).press("5")
    assert desk.over
    assert rig.on_file()[0].state is CallState.RINGING


def test_the_telephones_of_the_desk_ring_one_after_the_other(rig):
    phone = rig.rings_in(RESIDENT).dial_ends("no-answer")
    assert [number for number, _ in phone.dialled] == [DESK[1]]
    phone.dial_ends("busy")
    assert phone.said[-2] == "值守台正忙，我们马上给您回电。"
    rig.world.wake()
    assert [each["cause"] for each in alarms(rig)] == ["missed_call"]


# ------------------------------------------------------------------------------------------------ nobody takes it


def test_a_missed_call_of_a_resident_is_a_soft_alarm_at_home(rig):
    rig.rings_in(RESIDENT)
    rig.hangs_up(RESIDENT, "no-answer")
    rig.settle()
    (short,) = alarms(rig)
    assert (short["cause"], short["home"], short["resident"]) == ("missed_call", "H1", "R1")
    assert {each.sentence for each in rig.world.messages()} == {"page"}, "the desk first, nobody is sent yet"
    rig.world.advance(125)
    rig.settle()
    assert rig.world.carer("C1") in {each.person for each in rig.world.messages()}


def test_a_missed_call_of_a_contact_is_about_their_home(rig):
    rig.rings_in(DAUGHTER)
    rig.hangs_up(DAUGHTER)
    rig.settle()
    assert [(each["cause"], each["home"]) for each in alarms(rig)] == [("missed_call", "H1")]


@pytest.mark.parametrize("sender", [STRANGER, WITHHELD, "", "+266696687", "sip:x@y"])
def test_an_unknown_number_is_an_alarm_of_the_desk_and_wakes_no_carer(rig, sender):
    rig.rings_in(sender)
    rig.hangs_up(sender)
    rig.settle()
    (short,) = alarms(rig)
    rig.world.advance(600)
    rig.settle()
    assert (short["cause"], short["home"]) == ("missed_call", None)
    assert {each.sentence for each in rig.world.messages()} == {"page"}
    kinds = rig.world.kinds(short["id"])
    assert kinds.count("operator_paged") >= 5, "repeated until a human ends it"


def test_whoever_rings_again_joins_the_alarm(rig):
    for sid in ("CA1", "CA2"):
        rig.rings_in(STRANGER, sid)
        rig.hangs_up(STRANGER, sid=sid)
        rig.settle()
    (short,) = alarms(rig)
    assert short["press_count"] == 2
    assert len(rig.house.review.story(short["id"], "zh")["calls"]) == 2


def test_a_withheld_number_never_joins_another(rig):
    for sid in ("CA1", "CA2"):
        rig.rings_in(WITHHELD, sid)
        rig.hangs_up(WITHHELD, sid=sid)
        rig.settle()
    assert len(alarms(rig)) == 2


def test_a_missed_call_joins_the_open_alarm_of_the_resident(rig):
    alarm_id = rig.world.press()
    rig.settle()
    rig.rings_in(RESIDENT)
    rig.hangs_up(RESIDENT)
    rig.settle()
    (short,) = alarms(rig)
    assert (short["id"], short["cause"], short["press_count"]) == (alarm_id, "press", 2)


def test_a_call_of_which_nothing_more_is_heard_is_missed(rig):
    rig.rings_in(RESIDENT)
    rig.world.advance(WAIT_S - 1)
    assert alarms(rig) == []
    rig.world.advance(1)
    assert [each["cause"] for each in alarms(rig)] == ["missed_call"]


def test_a_talk_told_late_is_counted_and_the_alarm_stays_for_a_human(rig):
    phone = rig.rings_in(RESIDENT)
    desk = rig.picks_up(phone)
    rig.world.advance(WAIT_S)
    desk.press("1")
    (call,) = rig.on_file()
    assert call.state is CallState.ANSWERED
    assert len(alarms(rig)) == 1


def test_one_number_in_two_homes_is_not_guessed(tmp_path):
    for rig in rigs(tmp_path, district=DISTRICT.replace('name = "赵大爷"', f'name = "赵大爷", phone = "{DAUGHTER}"')):
        rig.rings_in(DAUGHTER)
        rig.hangs_up(DAUGHTER)
        rig.settle()
        assert [each["home"] for each in alarms(rig)] == [None]


def test_without_a_telephone_at_the_desk_a_call_is_missed_at_once(tmp_path):
    for rig in rigs(tmp_path, desk=()):
        phone = rig.rings_in(RESIDENT)
        assert (phone.over, phone.said[0]) == (True, "值守台正忙，我们马上给您回电。")
        rig.world.wake()
        assert [each["cause"] for each in alarms(rig)] == ["missed_call"]


# ------------------------------------------------------------------------------------------------ told, and told again


def test_news_told_thrice_and_in_any_order_has_one_effect(rig):
    form = incoming(RESIDENT, "CA77")
    for _ in range(3):
        rig.post(RECEIPT, form | {"CallStatus": "completed"})
        rig.post(VOICE, form)
        rig.world.wake()
    assert len(rig.on_file()) == 1
    (short,) = alarms(rig)
    assert short["press_count"] == 1
    assert [each.kind for each in rig.entries()].count("call_missed") == 1


def test_a_forged_call_is_nothing(rig):
    assert rig.post(VOICE, incoming(RESIDENT, "CA77"), token="guessed")[0] == 403
    assert rig.post(f"{VOICE}?i=take&c=CA77", incoming(RESIDENT, "CA77") | {"Digits": "1"}, token="x")[0] == 403
    rig.world.wake()
    assert (rig.on_file(), rig.entries("call_came")) == ([], [])


@pytest.mark.error_lines("hook_not_kept")
def test_while_nothing_can_be_kept_the_desk_rings_and_the_end_is_told_again(rig, monkeypatch):
    def busy(*_):
        raise Busy("x")

    with monkeypatch.context() as broken:
        broken.setattr(rig.world.calls, "receive", busy)
        phone = rig.rings_in(RESIDENT)
        assert phone.dialled
        assert rig.post(RECEIPT, incoming(RESIDENT, "CA77") | {"CallStatus": "completed"})[0] == 503
    rig.hangs_up(RESIDENT)
    rig.world.wake()
    assert [each["cause"] for each in alarms(rig)] == ["missed_call"]


def test_a_call_that_cannot_be_made_an_alarm_is_tried_again(rig, monkeypatch):
    rig.rings_in(RESIDENT)
    rig.hangs_up(RESIDENT)
    (call,) = rig.on_file()

    def broken(*_):
        raise RuntimeError("a mistake elsewhere")

    with monkeypatch.context() as patched:
        patched.setattr(rig.world.desk, "raise_in", broken)
        with pytest.raises(RuntimeError) as raised:
            rig.world.calls.wake(call.id)
        rig.world.calls.stumble(call.id, raised.value)
    assert [each["state"] for each in CallBook(rig.world.reading, rig.world.clock).to_judge()] == ["missed"], (
        "on the board meanwhile"
    )
    rig.world.advance(5)
    assert [each["cause"] for each in alarms(rig)] == ["missed_call"]


def test_the_record_names_the_file_and_never_the_number(rig):
    rig.rings_in(RESIDENT)
    rig.hangs_up(RESIDENT)
    rig.settle()
    came = next(json.loads(each.body) for each in rig.entries("call_came"))
    assert (came["person"], came["home"]) == (f"resident:{rig.world.resident()}", rig.world.home())
    said = "".join(
        each.body + each.by for each in rig.entries() if each.kind.startswith("call") or "raised" in each.kind
    )
    assert RESIDENT[3:] not in said


# ------------------------------------------------------------------------------------------------ what a human says


def test_with_one_key_a_call_is_an_alarm(rig):
    rig.rings_in(RESIDENT)
    (call,) = rig.on_file()
    alarm_id = rig.world.calls.raise_alarm(call.id, by=WANG)
    alarm = rig.world.alarm(alarm_id)
    assert (alarm.cause, alarm.home_id, alarm.resident_id) == (Cause.HOTLINE, rig.world.home(), rig.world.resident())
    rig.hangs_up(RESIDENT)
    rig.settle()
    assert len(alarms(rig)) == 1
    assert rig.world.alarm(alarm_id).press_count == 1, "what is an alarm already is not missed as well"
    assert rig.world.alarm(alarm_id).state is State.OFFERED


def test_what_a_human_called_no_alarm_raises_none(rig):
    rig.rings_in(STRANGER)
    (call,) = rig.on_file()
    rig.world.calls.dismiss(call.id, by=WANG)
    rig.hangs_up(STRANGER)
    rig.world.advance(WAIT_S + 5)
    (call,) = rig.on_file()
    assert (call.state, call.judged, call.judged_by) == (CallState.MISSED, Judgement.NO_ALARM, WANG)
    assert alarms(rig) == []


def test_a_call_is_judged_once(rig):
    rig.rings_in(STRANGER)
    (call,) = rig.on_file()
    rig.world.calls.dismiss(call.id, by=WANG)
    with pytest.raises(Conflict):
        rig.world.calls.raise_alarm(call.id, by=WANG)
    with pytest.raises(NotFound):
        rig.world.calls.dismiss(CallId("nothing"), by=WANG)


def test_of_two_homes_the_human_says_which(tmp_path):
    for rig in rigs(tmp_path, district=DISTRICT.replace('name = "赵大爷"', f'name = "赵大爷", phone = "{DAUGHTER}"')):
        rig.rings_in(DAUGHTER)
        (call,) = rig.on_file()
        with pytest.raises(Invalid):
            rig.world.calls.raise_alarm(call.id, by=WANG, home_id=HomeId("elsewhere"))
        alarm_id = rig.world.calls.raise_alarm(call.id, by=WANG, home_id=rig.world.home("H2"))
        assert rig.world.alarm(alarm_id).resident_id == rig.world.resident("R3")


def test_the_key_on_the_board_needs_a_human(rig):
    rig.rings_in(STRANGER)
    (call,) = rig.on_file()
    address = f"/api/v1/calls/{call.id}/alarm"
    assert rig.client.post(address, json={}).status_code == 401
    assert rig.house.machine("alarms").post(address, json={}).status_code in {401, 403}
    answer = rig.house.operators().post(address, json={})
    assert (answer.status_code, answer.json["call"]) == (200, call.id)
    assert rig.world.alarm(answer.json["alarm"]).cause is Cause.HOTLINE
    assert rig.house.operators().post(f"/api/v1/calls/{call.id}/dismiss").status_code == 409
