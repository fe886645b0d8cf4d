"""What Twilio's provider believes and understands of what comes back: signatures, receipts, replies, key presses."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers.provider import Blame, Forged, Hook, ReceiptKind
from dispatch.messages.providers.twilio import TwilioProvider
from tests.fakes.hook_catcher import HookCatcher
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin
from tests.integration.twilio_rig import PUBLIC, SETTINGS, TO, call, provider_towards


@pytest.fixture
def twilio() -> TwilioProvider:
    return TwilioProvider(SETTINGS)


# ------------------------------------------------------------------------------------------------ hooks


ATTEMPT = AttemptId("0123456789abcdef")
RECEIPT = {"AccountSid": ACCOUNT, "MessageSid": "SM1", "SmsSid": "SM1", "MessageStatus": "delivered"}


def signed(kind="receipt", *, form=RECEIPT, url=None, sign_url=None, sign_form=None, token=TOKEN) -> Hook:
    url = url or f"{PUBLIC}/hooks/twilio/{kind}?a={ATTEMPT}"
    signature = RequestValidator(token).compute_signature(sign_url or url, form if sign_form is None else sign_form)
    return Hook(
        kind=kind,
        url=url,
        headers={"X-Twilio-Signature": signature},
        body=b"",
        query={},
        form={name: (value,) for name, value in form.items()},
    )


def test_a_signed_receipt_names_its_attempt(twilio):
    (receipt,) = twilio.hear(signed()).receipts
    assert (receipt.provider_id, receipt.attempt_id, receipt.kind) == ("SM1", ATTEMPT, ReceiptKind.DELIVERED)


@pytest.mark.parametrize(
    "hook",
    [
        replace(signed(), headers={}),
        replace(signed(), headers={"X-Twilio-Signature": ""}),
        replace(signed(), headers={"X-Twilio-Signature": None}),  # type: ignore[dict-item]
        replace(signed(), headers={"X-Twilio-Signature": "é" * 28}),
        signed(token="another"),
        signed(token=""),
        signed(sign_url=f"http://anling.example/hooks/twilio/receipt?a={ATTEMPT}"),
        signed(sign_url=f"{PUBLIC}/hooks/twilio/receipt/?a={ATTEMPT}"),
        signed(sign_url=f"{PUBLIC}/hooks/twilio/receipt?a={ATTEMPT}#rc=5"),
        signed(url=f"{PUBLIC}/x?a=1&b=2", sign_url=f"{PUBLIC}/x?b=2&a=1"),
        signed(url=f"{PUBLIC}/x?m=12%2F3", sign_url=f"{PUBLIC}/x?m=12/3"),
        signed(form=RECEIPT | {"Extra": "1"}, sign_form=RECEIPT),
        signed(form=RECEIPT, sign_form=RECEIPT | {"Body": ""} | {"Dropped": "x"}),
        signed(form=RECEIPT | {"AccountSid": "AC" + "1" * 32}),
        signed(form={name: value for name, value in RECEIPT.items() if name != "AccountSid"}),
    ],
    ids=["none", "empty", "null", "not ascii", "another token", "empty token", "http", "slash", "fragment signed",
         "reordered", "decoded", "extra unsigned", "dropped", "another account", "no account"],
)  # fmt: skip
def test_what_is_not_signed_so_is_forged(twilio, hook):
    with pytest.raises(Forged):
        twilio.hear(hook)


@pytest.mark.parametrize(
    "hook",
    [
        signed(url=f"{PUBLIC}/hooks/twilio/receipt?m=12%2F3&x=%E7%B4%A7"),
        signed(sign_url=f"https://anling.example:443/hooks/twilio/receipt?a={ATTEMPT}"),
        signed(form=RECEIPT | {"SomethingNew": "1", "RawDlrDoneDate": ""}),
        replace(
            signed(sign_url=f"{PUBLIC}/hooks/twilio/receipt?a={ATTEMPT}"),
            url=f"{PUBLIC}/hooks/twilio/receipt?a={ATTEMPT}#rc=5",
        ),
        replace(signed(), headers={"x-twilio-signature": signed().headers["X-Twilio-Signature"]}),
    ],
    ids=["encoded query", "port", "unknown parameters", "fragment not signed", "small letters"],
)
def test_what_is_signed_so_is_heard(twilio, hook):
    assert twilio.hear(hook).receipts[0].provider_id == "SM1"


def test_during_a_rotation_both_tokens_sign():
    provider = TwilioProvider(replace(SETTINGS, alternate_auth_token="next"))
    assert provider.hear(signed(token="next")).receipts
    assert provider.hear(signed()).receipts
    with pytest.raises(Forged):
        provider.hear(signed(token="third"))


def test_without_a_token_nobody_is_believed():
    with pytest.raises(Forged):
        TwilioProvider(replace(SETTINGS, auth_token="")).hear(signed(token=""))


def test_a_replay_is_valid_and_has_the_same_key(twilio):
    assert twilio.hear(signed()).receipts[0].key == twilio.hear(signed()).receipts[0].key
    other = signed(form=RECEIPT | {"MessageStatus": "undelivered", "ErrorCode": "30003"})
    assert twilio.hear(other).receipts[0].key != twilio.hear(signed()).receipts[0].key


_STATUSES = [
    ("Message", "queued", {}, ReceiptKind.QUEUED, None, None),
    ("Message", "accepted", {}, ReceiptKind.QUEUED, None, None),
    ("Message", "sending", {}, ReceiptKind.QUEUED, None, None),
    ("Message", "sent", {}, ReceiptKind.SENT, None, None),
    ("Message", "read", {}, ReceiptKind.DELIVERED, None, None),
    ("Message", "never heard of", {}, ReceiptKind.QUEUED, None, None),
    ("Message", "undelivered", {"ErrorCode": "30006"}, ReceiptKind.UNDELIVERED, "30006", Blame.RECIPIENT),
    ("Message", "failed", {"ErrorCode": "30008"}, ReceiptKind.FAILED, "30008", Blame.PROVIDER),
    ("Message", "canceled", {}, ReceiptKind.FAILED, None, None),
    ("Call", "ringing", {}, ReceiptKind.SENT, None, None),
    ("Call", "completed", {"SipResponseCode": "200"}, ReceiptKind.DELIVERED, None, None),
    ("Call", "busy", {}, ReceiptKind.UNDELIVERED, "busy", None),
    ("Call", "no-answer", {"SipResponseCode": "487"}, ReceiptKind.UNDELIVERED, "487", None),
    ("Call", "failed", {"SipResponseCode": "404"}, ReceiptKind.FAILED, "404", None),
    ("Call", "failed", {"SipResponseCode": "480"}, ReceiptKind.UNDELIVERED, "480", None),
]


@pytest.mark.parametrize(("what", "status", "more", "kind", "code", "blame"), _STATUSES)
def test_a_status_means(twilio, what, status, more, kind, code, blame):
    form = {"AccountSid": ACCOUNT, f"{what}Sid": "X1", f"{what}Status": status, **more}
    heard = twilio.hear(signed(form=form))
    (receipt,) = heard.receipts
    assert (receipt.kind, receipt.code, receipt.blame, receipt.status) == (kind, code, blame, status)
    assert heard.replies == (), "a status is never an answer"


def test_a_reply_keeps_its_blanks_and_gets_an_empty_answer(twilio):
    form = {"AccountSid": ACCOUNT, "MessageSid": "SM9", "From": TO, "To": "+1", "Body": " 1 ", "FromCity": ""}
    heard = twilio.hear(signed("reply", form=form))
    assert [(reply.key, reply.sender, reply.text, reply.voice) for reply in heard.replies] == [
        ("SM9", TO, " 1 ", False)
    ]
    assert (heard.answer.status, heard.answer.body) == (200, "<Response/>")
    assert heard.answer.content_type.startswith("text/xml")
    blank = twilio.hear(signed("reply", form=form | {"Body": ""}))
    assert blank.replies[0].text == ""


def pressed(digits, query="", **more) -> Hook:
    form = {"AccountSid": ACCOUNT, "CallSid": "CA1", "To": TO, "From": "+1", "Digits": digits, **more}
    return signed("voice", form=form, url=f"{PUBLIC}/hooks/twilio/voice?a={ATTEMPT}{query}")


def test_a_key_is_an_answer_to_its_attempt(twilio):
    heard = twilio.hear(pressed("1"))
    (reply,) = heard.replies
    assert (reply.text, reply.attempt_id, reply.voice, reply.sender) == ("1", ATTEMPT, True, TO)
    assert "已收到" in heard.answer.body
    assert "Received" in twilio.hear(pressed("1", "&l=en")).answer.body


def test_a_key_that_cannot_be_kept_comes_again_with_the_same_key(twilio):
    first = twilio.hear(pressed("1"))
    redirect = ET.fromstring(first.not_kept.body).find("Redirect")
    assert first.not_kept.status == 200
    again = twilio.hear(pressed("", redirect.text.partition(ATTEMPT)[2]))
    assert again.replies == first.replies
    last = twilio.hear(pressed("1", "&n=3"))
    assert "Redirect" not in last.not_kept.body


@pytest.mark.parametrize("key", "12345")
def test_where_satisfaction_is_asked_five_keys_are_answers_and_stay_so(twilio, key):
    (reply,) = twilio.hear(pressed(key, "&k=5")).replies
    assert reply.text == key
    again = ET.fromstring(twilio.hear(pressed("9", "&k=5")).answer.body).find("Gather")
    (reply,) = twilio.hear(pressed(key, again.attrib["action"].partition(ATTEMPT)[2])).replies
    assert reply.text == key


@pytest.mark.parametrize("key", "345")
def test_in_a_call_about_an_alarm_they_are_none(twilio, key):
    assert twilio.hear(pressed(key)).replies == ()


def test_no_key_is_asked_for_again_and_not_for_ever(twilio):
    query, asked = "", 0
    while (gather := ET.fromstring(twilio.hear(pressed("", query)).answer.body).find("Gather")) is not None:
        query, asked = gather.attrib["action"].partition(ATTEMPT)[2], asked + 1
    assert asked == 3
    assert twilio.hear(pressed("")).replies == ()


@pytest.mark.parametrize(
    "hook",
    [
        signed("voice", form=RECEIPT | {"Digits": "1", "CallSid": "CA1"}, url=f"{PUBLIC}/hooks/twilio/voice"),
        signed("voice", form={"AccountSid": ACCOUNT, "Digits": "1", "CallSid": "CA1"}),
        signed("reply", form={"AccountSid": ACCOUNT, "MessageSid": "SM1", "From": TO}),
        signed("receipt", form={"AccountSid": ACCOUNT, "MessageSid": "SM1"}),
        signed("fax"),
    ],
    ids=["no attempt", "no number", "no body", "no status", "another kind"],
)
def test_what_is_signed_and_makes_no_sense_is_invalid(twilio, hook):
    with pytest.raises(Invalid):
        twilio.hear(hook)


def test_the_whole_way_over_sockets():
    with TwilioStandin() as standin, provider_towards(standin) as twilio, HookCatcher(PUBLIC) as service:
        message = call()
        sid = twilio.send(message).provider_id
        standin.press(sid, "1", through=service.base_url)
        standin.call_back(sid, "completed", through=service.base_url)
        standin.reply(f"{PUBLIC}/hooks/twilio/reply", sender=TO, to="+1", body="1 ", through=service.base_url)
        key, receipt, reply = [twilio.hear(hook) for hook in service.wait(3)]
    assert key.replies[0].attempt_id == message.attempt_id
    assert receipt.receipts[0].attempt_id == message.attempt_id
    assert reply.replies[0].text == "1 "
