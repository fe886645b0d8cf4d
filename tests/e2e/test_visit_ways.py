"""Visits of a real service, signed by text, by key, from the home's telephone and by the button in the home."""

import re
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError

import pytest

from dispatch.rules.signal import Event
from tests.e2e.rig import Rig, account_of, district, phone_of, policy, until
from tests.fakes.twilio_standin import TwilioStandin

CARER, STRANGER = "+8613800000001", "+8613800000002"
KEYED, RUNG, TAGGED, TEXTED = "H1", "H2", "H3", "H4"


def town(now: datetime) -> str:
    """Four homes, in a zone in which it is ten in the morning: nobody books a service at night."""
    off = 10 - now.hour
    text = district(homes=4, carers=[CARER, STRANGER], now=now)
    text = text.replace("Asia/Shanghai", f"Etc/GMT{-off:+d}" if off else "Etc/GMT")
    text = text.replace('name = "护理1"', 'name = "护理1"\nskills = ["errand"]')
    for number in range(1, 5):
        whole, mark = f'code = "R{number}", name = "王秀英"', "+8613800000101"
        head, _, tail = text.partition(whole)
        text = head + whole + tail.replace(mark, f"+86138000001{number:02}", 1)
    return text


@pytest.mark.drill
def test_each_way_of_signing_reaches_its_visit_and_no_other(tmp_path):
    now = datetime.now(UTC)
    with (
        TwilioStandin() as twilio,
        Rig(
            tmp_path, district=town(now), escalation=policy("offer_nearest 30", "all_hands 60"), twilio=twilio,
            radio=False, receiver=True, environ={"ANLING_OPERATORS__PHONES": phone_of(50)},
        ) as rig,
    ):  # fmt: skip
        rig.add_operator()
        key = rig.key("orders visits visits:read")
        rig.start()
        operator = rig.sign_in()
        for number in range(1, 5):
            asked = {"resident": f"R{number}", "service": "errand", "urgent": True,
                     "start_at": (now + timedelta(minutes=20 + number)).isoformat()}  # fmt: skip
            order = operator.post("/api/v1/orders", asked)
            rig.post(f"/api/v1/orders/{order['id']}/accept", {"provider": "C1"}, key=key)
        # Visits are planned at the start, and every few minutes.
        rig.stop()
        rig.start()
        until("the visits are planned", lambda: rig.one("SELECT count(*) FROM visits") == 4)
        operator = rig.sign_in()

        by_text(rig)
        by_key(rig, twilio)
        from_the_telephone(rig, twilio, operator)
        rig.receiver.say(account_of(3), Event.ATTENDANCE)
        until("the button in the home is read", lambda: said(rig, TAGGED) == [("begin", "tag")])
        assert said(rig, KEYED) == [("begin", "call")]
        assert rig.alarm(TAGGED) is None
        assert rig.surprises() == []
        rig.assert_sound()


def said(rig: Rig, home: str) -> list[tuple[str, str]]:
    """What is on file about the visit of a home, in order."""
    rows = rig.rows(
        "SELECT p.which, p.way FROM visit_points p JOIN visits v ON v.id = p.visit_id JOIN homes h ON h.id = v.home_id "
        "WHERE h.code = :home ORDER BY p.received_at", home=home,
    )  # fmt: skip
    return [(row["which"], row["way"]) for row in rows]


def code_of(rig: Rig, home: str) -> int:
    return int(rig.one("SELECT v.code FROM visits v JOIN homes h ON h.id = v.home_id WHERE h.code = :home", home=home))


def by_text(rig: Rig) -> None:
    code = code_of(rig, TEXTED)
    for sender, text, back in (
        (CARER, "签到", "哪一处"), (CARER, "签到 999", "没有可签"), (CARER, f"签退 {code}", "没有可签"),
        (STRANGER, f"签到 {code}", "没有可签"), (CARER, f"签到 {code}", "已签到"), (CARER, f"签到 {code}", "已签到"),
        (CARER, f"签退 {code}", "已签退"), (CARER, f"签退 {code}", "已签退"),
    ):  # fmt: skip
        many = answers(rig, sender, back)
        assert rig.reply(sender, text)[0] == 200
        until(f"{text} is answered with {back}", lambda b=back, s=sender, m=many: answers(rig, s, b) > m)
    assert said(rig, TEXTED) == [("begin", "sms"), ("finish", "sms")]


def answers(rig: Rig, to: str, text: str) -> int:
    assert rig.twilio is not None
    return sum(
        each["direction"] != "inbound" and text in (each["body"] or "") for each in rig.twilio.listed("Messages", to)
    )


def by_key(rig: Rig, twilio: TwilioStandin) -> None:
    """Of three visits a further key says which, in the order of their hours."""
    form = {"AccountSid": twilio.account, "CallSid": "CA900", "CallStatus": "in-progress", "Direction": "inbound",
            "From": CARER, "To": "+15005550006"}  # fmt: skip
    _, menu = twilio.post(f"{rig.url}/hooks/twilio/voice", form | {"CallStatus": "ringing"})
    _, which = twilio.post(action_of(menu), form | {"Digits": "1"})
    assert which.count("的上门请按") == 3
    _, done = twilio.post(action_of(which), form | {"Digits": "1"})
    assert "已签到" in done


def action_of(twiml: str) -> str:
    found = re.search(r'<Gather action="([^"]+)"', twiml)
    assert found is not None, twiml
    return found[1].replace("&amp;", "&")


def from_the_telephone(rig: Rig, twilio: TwilioStandin, operator) -> None:
    """A call that rang in from the home proves the place; one from elsewhere proves nothing."""
    visit = rig.one("SELECT v.id FROM visits v JOIN homes h ON h.id = v.home_id WHERE h.code = :home", home=RUNG)
    for sid, sender in (("CA950", "+8613800000102"), ("CA951", "+8613800000103")):
        form = {"AccountSid": twilio.account, "CallSid": sid, "CallStatus": "ringing", "Direction": "inbound",
                "From": sender, "To": "+15005550006"}  # fmt: skip
        assert twilio.post(f"{rig.url}/hooks/twilio/voice", form)[0] == 200
    theirs, other = (
        rig.one("SELECT id FROM calls WHERE sender = :it", it=it) for it in ("+8613800000102", "+8613800000103")
    )
    with pytest.raises(HTTPError) as refused:
        operator.post(f"/api/v1/visits/{visit}/begin", {"carer": "C1", "call": other})
    with refused.value:
        assert refused.value.code == 422
    for _ in range(2):
        operator.post(f"/api/v1/visits/{visit}/begin", {"carer": "C1", "call": theirs})
    assert said(rig, RUNG) == [("begin", "landline")]
