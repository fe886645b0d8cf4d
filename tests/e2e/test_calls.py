"""Calls through a real process: a key from another process, a busy line, a call that rings in and a kill amid it."""

from collections.abc import Iterator

import pytest

from tests.e2e.rig import Rig, district, policy, rflink_of, until
from tests.fakes.twilio_standin import TwilioStandin

CHINESE, SECOND, RESIDENT = "+8613800000001", "+8613800000002", "+8613811110001"
SLOWLY = policy("offer_nearest 30", "call_carer 30", "offer_nearest 30", "all_hands 60")


@pytest.fixture
def twilio() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


def ring_in(rig: Rig, twilio: TwilioStandin, **more: str) -> tuple[int, str]:
    form = {"AccountSid": twilio.account, "CallSid": "CA77", "CallStatus": "ringing", "Direction": "inbound",
            "From": RESIDENT, "To": "+15005550006", **more}  # fmt: skip
    return twilio.post(f"{rig.url}/hooks/twilio/voice", form)


def test_a_busy_line_and_a_call_without_a_key_are_not_waited_for(tmp_path, twilio):
    with Rig(tmp_path, district=district(carers=[CHINESE, SECOND]), escalation=SLOWLY, twilio=twilio) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        call = rig.made(CHINESE, kind="Calls")
        assert twilio.call_back(call["sid"], "busy") == 204
        rig.heard(alarm["id"], "not_answered")
        # The step that asked waits 30 s; whoever comes next is asked as soon as the gap of 5 s allows.
        second = rig.made(SECOND, kind="Calls", within_s=15)
        status, said = twilio.press(second["sid"], "1")
        assert (status, "Redirect" in said) == (200, True)
        rig.heard(alarm["id"], "accepted")
        assert twilio.call_back(second["sid"], "completed") == 204
        assert rig.kinds(alarm["id"]).count("not_answered") == 1
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


def test_a_call_that_was_answered_to_before_the_power_went_is_an_alarm_after_it(tmp_path, twilio):
    with Rig(tmp_path, district=district(carers=[CHINESE]), escalation=SLOWLY, twilio=twilio) as rig:
        rig.start()
        status, said = ring_in(rig, twilio)
        assert (status, "Response" in said) == (200, True)
        rig.kill()
        assert [row["state"] for row in rig.rows("SELECT state FROM calls")] in (["ringing"], ["missed"])
        rig.start()
        alarm = until("the call is an alarm", rig.alarm)
        assert alarm["cause"] == "missed_call"
        ring_in(rig, twilio)
        assert rig.one("SELECT count(*) FROM calls") == 1
        rig.assert_sound()
        rig.stop()
