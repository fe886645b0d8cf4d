"""One alarm from the radio frame to the closing, through a real process, a real line and the real client of Twilio."""

import time
from collections.abc import Iterator

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rflink_of, until
from tests.fakes.twilio_standin import TwilioStandin

BRITISH, CHINESE = phone_of(1), "+8613800000001"
SLOWLY = policy("offer_nearest 30", "call_carer 30", "all_hands 60")


@pytest.fixture
def twilio() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


def test_a_press_becomes_a_text_an_answer_a_door_an_arrival_and_a_closing(tmp_path, twilio):
    loaded = district(carers=[BRITISH, phone_of(2)])
    with Rig(tmp_path, district=loaded, escalation=SLOWLY, twilio=twilio) as rig:
        rig.add_operator()
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        offered = rig.made(BRITISH)
        assert "柏林小区" in offered["body"]
        assert "2-501" not in offered["body"], "the door is for whoever accepts"
        assert "4701" not in offered["body"]
        assert twilio.call_back(offered["sid"], "delivered") == 204
        assert rig.reply(BRITISH, "1")[0] == 200
        door = rig.made(BRITISH, containing="4701")
        assert "1-2-501" in door["body"]
        assert rig.reply(BRITISH, "3")[0] == 200
        rig.heard(alarm["id"], "attended")
        operator = rig.sign_in()
        story = operator.post(f"/api/v1/alarms/{alarm['id']}/close", {"outcome": "helped", "note": "扶起"})
        assert (story["state"], story["outcome"]) == ("closed", "helped")
        kinds = rig.kinds(alarm["id"])
        wanted = ["raised", "offered", "message_settled", "accepted", "attended", "closed"]
        assert [kind for kind in wanted if kind in kinds] == wanted
        assert sorted(wanted, key=kinds.index) == wanted
        assert phone_of(2) not in {made["to"] for made in twilio.made}, "nobody else was disturbed"
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


def test_a_carer_whose_answers_cannot_come_back_is_called_at_once_and_presses_a_key(tmp_path, twilio):
    with Rig(tmp_path, district=district(carers=[CHINESE]), escalation=SLOWLY, twilio=twilio) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        text, call = rig.made(CHINESE), rig.made(CHINESE, kind="Calls")
        assert "回" not in text["body"], "a text that cannot be answered asks for no answer"
        assert "http" not in text["body"]
        assert rig.messages(alarm["id"])[0]["posted_at"] == rig.messages(alarm["id"])[1]["posted_at"]
        status, said = twilio.press(call["sid"], "1")
        assert status == 200
        assert "<Response>" in said
        rig.heard(alarm["id"], "accepted")
        door = rig.made(CHINESE, containing="4701")
        assert "1-2-501" in door["body"]
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


def test_a_receiver_gets_its_answer_only_for_what_is_on_disk(tmp_path, twilio):
    loaded = district(homes=2, carers=[BRITISH])
    with Rig(tmp_path, district=loaded, escalation=SLOWLY, twilio=twilio, radio=False, receiver=True) as rig:
        rig.start()
        assert rig.receiver.press("4001")
        signals = rig.rows("SELECT * FROM signals")
        assert [(row["address"], row["alarm_id"] is not None) for row in signals] == [("4001:000", True)]
        rig.made(BRITISH)
        rig.stop()


def test_the_second_press_joins_and_the_answer_of_a_stranger_changes_nothing(tmp_path, twilio):
    with Rig(tmp_path, district=district(carers=[BRITISH]), escalation=SLOWLY, twilio=twilio) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        assert rig.reply(phone_of(99), "1")[0] == 200
        until("the stranger's answer is on file", lambda: rig.rows("SELECT 1 FROM replies WHERE due_at IS NULL"))
        assert rig.alarm("H1")["accepted_at"] is None
        until("four seconds have passed since the press", lambda: _age(rig) > 4)
        rig.radio.press(rflink_of(1))
        until("the second press is counted", lambda: rig.alarm("H1")["press_count"] == 2)
        assert rig.one("SELECT count(*) FROM alarms") == 1
        assert len(rig.rows("SELECT * FROM signals WHERE alarm_id = :id", id=alarm["id"])) == 2
        rig.stop()


def _age(rig: Rig) -> float:
    """Seconds since the newest signal, by the steady clock of the entries and ours."""
    newest = rig.one("SELECT MAX(steady_us) FROM entries WHERE kind = 'raised'")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - newest / 1_000_000
