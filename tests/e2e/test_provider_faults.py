"""What the provider of messages does wrong, and what strangers try at its hooks."""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from twilio.request_validator import RequestValidator

from tests.e2e.rig import SENDER, Rig, district, phone_of, policy, rest, rflink_of, sent_more_than_once, until
from tests.fakes.twilio_faults import EMPTY_503, ERROR_500, HALF_BODY, HANG, RESET, Fault, refuse, too_many
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin

STEPS = policy("offer_nearest 6", "offer_nearest 6", "all_hands 60")
FIRST, SECOND = phone_of(1), phone_of(2)
QUICKLY = {"ANLING_PROVIDERS__TWILIO__TOTAL_DEADLINE_S": "2.0"}
LOST_BEFORE = Fault(how="reset", taken=False)


@pytest.fixture
def twilio() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


@pytest.fixture
def rig(tmp_path, twilio) -> Iterator[Rig]:
    loaded = district(carers=[FIRST, SECOND])
    with Rig(tmp_path, district=loaded, escalation=STEPS, twilio=twilio, environ=QUICKLY) as running:
        yield running


def taken_for(twilio: TwilioStandin, phone: str) -> list[dict]:
    return twilio.listed("Messages", phone)


def attempts(rig: Rig, phone: str) -> list[dict]:
    return rig.rows(
        'SELECT a.* FROM attempts a JOIN messages m ON m.id = a.message_id WHERE m."to" = :phone ORDER BY a.seq',
        phone=phone,
    )


LONG = pytest.mark.drill


@pytest.mark.parametrize("fault", [HANG, RESET, pytest.param(HALF_BODY, marks=LONG)], ids=lambda fault: fault.how)
def test_a_text_of_unknown_fate_is_recorded_looked_up_and_not_sent_again(rig, twilio, fault):
    twilio.will(fault)
    rig.start()
    rig.radio.press(rflink_of(1))
    alarm = rig.raised("H1")
    until("the first text is found at the provider", lambda: "confirmed" in _outcomes(rig, FIRST))
    settled = [entry["facts"] for entry in rig.entries("message_settled")]
    assert "unknown" in {facts["outcome"] for facts in settled}, "the doubt is in the record"
    until("the second carer is asked in time", lambda: taken_for(twilio, SECOND))
    assert len(taken_for(twilio, FIRST)) == 1
    assert sent_more_than_once(rig, twilio) == {}
    assert rig.reply(FIRST, "1")[0] == 200
    rig.heard(alarm["id"], "accepted")
    rig.stop()
    assert rig.surprises() == []


def test_a_text_that_certainly_never_arrived_is_sent_again(rig, twilio):
    twilio.will(LOST_BEFORE)
    rig.start()
    rig.radio.press(rflink_of(1))
    rig.made(FIRST)
    outcomes = _outcomes(rig, FIRST)
    assert outcomes[0] in {"unknown", "absent"}
    until("the second carer is asked in time", lambda: taken_for(twilio, SECOND))
    assert len(taken_for(twilio, FIRST)) == 1
    rig.stop()


@pytest.mark.parametrize(
    "fault",
    [pytest.param(ERROR_500, marks=LONG), pytest.param(EMPTY_503, marks=LONG), too_many("7")],
    ids=["500", "503", "429"],
)
def test_a_passing_fault_is_tried_again_and_costs_the_next_step_nothing(rig, twilio, fault):
    twilio.will(fault, fault)
    rig.start()
    rig.radio.press(rflink_of(1))
    rig.raised("H1")
    rig.made(FIRST)
    until("the second carer is asked in time", lambda: taken_for(twilio, SECOND))
    steps = [row["steady_us"] for row in rig.entries("step_taken")]
    assert steps[1] - steps[0] < 12_000_000, "six seconds, and what a busy machine is late"
    for count, outcomes in sent_more_than_once(rig, twilio).values():
        assert sum(outcome in {"unknown", "confirmed"} for outcome in outcomes) >= count - 1
    rig.stop()


@pytest.mark.parametrize("code", [21211, pytest.param(21610, marks=LONG), 21614])
def test_a_number_that_cannot_be_reached_is_passed_over_at_once(rig, twilio, code):
    twilio.will(refuse(code))
    rig.start()
    rig.radio.press(rflink_of(1))
    alarm = rig.raised("H1")
    until("the second carer is asked", lambda: taken_for(twilio, SECOND))
    first, second = (entry["steady_us"] for entry in rig.entries("offered"))
    assert second - first < 5_500_000, "their time would have been six seconds"
    rig.heard(alarm["id"], "undeliverable")
    assert {entry["facts"]["code"] for entry in rig.entries("undeliverable")} == {str(code)}
    rig.stop()
    assert rig.surprises() == []


def test_a_receipt_that_says_undelivered_asks_the_next_at_once(rig, twilio):
    rig.start()
    rig.radio.press(rflink_of(1))
    rig.raised("H1")
    offered = rig.made(FIRST)
    assert twilio.call_back(offered["sid"], "undelivered", ErrorCode="30003") == 204
    until("the second carer is asked", lambda: taken_for(twilio, SECOND))
    first, second = (entry["steady_us"] for entry in rig.entries("offered"))
    assert second - first < 5_500_000
    rig.stop()


def test_a_provider_that_is_down_stops_no_step_and_everybody_is_told_when_it_is_back(rig, twilio):
    twilio.always = ERROR_500
    rig.start()
    rig.radio.press(rflink_of(1))
    rig.raised("H1")
    until("the last step is taken", lambda: len(rig.entries("step_taken")) >= 3)
    steps = [row["steady_us"] / 1e6 for row in rig.entries("step_taken")]
    assert steps[2] - steps[0] < 12 + 8
    assert rig.get("/readyz")[0] == 200
    assert twilio.made == []
    twilio.always = None
    until("everybody is told", lambda: taken_for(twilio, FIRST) and taken_for(twilio, SECOND))
    rig.stop()


# ------------------------------------------------------------------------------------------------ hooks


def _form(**more: str) -> dict[str, str]:
    form = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "9" * 32, "From": FIRST, "To": SENDER, "Body": "1"}
    return {**form, "NumMedia": "0", **more}


def _signed(url: str, form: dict[str, str], token: str = TOKEN) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, form)}


def test_forged_hooks_are_refused_counted_and_change_nothing(rig):
    rig.start()
    rig.radio.press(rflink_of(1))
    alarm = rig.raised("H1")
    rig.made(FIRST)
    url = f"{rig.url}/hooks/twilio/reply"
    good = _form()
    tries = {
        "unsigned": (good, {}),
        "another token": (good, _signed(url, good, "not the token")),
        "an altered body": (_form(Body="2"), _signed(url, good)),
        "another address": (good, _signed(f"{rig.url}/hooks/twilio/voice", good)),
        "another host": (good, {**_signed("http://evil.example/hooks/twilio/reply", good), "Host": "evil.example"}),
        "another account": ((other := _form(AccountSid="AC" + "1" * 32)), _signed(url, other)),
        "no signature at all": (good, {"X-Twilio-Signature": b64encode(b"x" * 20).decode()}),
    }
    for name, (form, headers) in tries.items():
        assert rig.post_form("/hooks/twilio/reply", form, **headers)[0] == 403, name
    for kind in ("receipt", "voice"):
        assert rig.post_form(f"/hooks/twilio/{kind}?a=1", good)[0] == 403
    assert rig.metric("hooks_forged", "twilio") == len(tries) + 2
    assert rig.rows("SELECT * FROM replies") == []
    assert rig.alarm("H1")["accepted_at"] is None
    assert rig.alarm("H1")["id"] == alarm["id"]
    assert len(rig.logged("hook_forged")) == len(tries) + 2
    rig.stop()
    assert rig.surprises() == []


def test_a_replayed_answer_and_repeated_receipts_have_no_second_effect(rig, twilio):
    rig.start()
    rig.radio.press(rflink_of(1))
    alarm = rig.raised("H1")
    offered = rig.made(FIRST)
    url, form = f"{rig.url}/hooks/twilio/reply", _form()
    assert rig.post_form("/hooks/twilio/reply", form, **_signed(url, form))[0] == 200
    rig.heard(alarm["id"], "accepted")
    declined = _form(MessageSid="SM" + "8" * 32, Body="2")
    assert rig.post_form("/hooks/twilio/reply", declined, **_signed(url, declined))[0] == 200
    rig.heard(alarm["id"], "gave_up")
    version = rig.alarm("H1")["version"]
    for _ in range(5):
        assert rig.post_form("/hooks/twilio/reply", form, **_signed(url, form))[0] == 200
        assert twilio.call_back(offered["sid"], "delivered") == 204
    rest(1.0)
    assert rig.one("SELECT count(*) FROM replies") == 2
    assert rig.one("SELECT count(*) FROM receipts WHERE status = 'delivered'") == 1
    assert rig.kinds(alarm["id"]).count("accepted") == 1, "the old yes does not come back to life"
    assert rig.alarm("H1")["version"] >= version
    assert twilio.call_back(offered["sid"], "sent") == 204, "a late word about an earlier state"
    assert rig.one("SELECT state FROM messages WHERE sentence = 'offer' ORDER BY posted_at") == "delivered"
    rig.stop()
    assert rig.surprises() == []


def test_a_hook_that_is_no_form_or_far_too_long_is_refused_without_an_error(rig):
    rig.start()
    assert rig.post("/hooks/twilio/reply", {"Body": "1"})[0] == 403
    assert rig.post_form("/hooks/pigeon/reply", _form())[0] == 404
    assert rig.post_form("/hooks/twilio/reply", _form(Body="1" * 100_000))[0] == 413
    assert rig.get("/readyz")[0] == 200
    rig.stop()
    assert rig.surprises() == []


def _outcomes(rig: Rig, phone: str) -> list[str]:
    return [row["outcome"] for row in attempts(rig, phone)]
