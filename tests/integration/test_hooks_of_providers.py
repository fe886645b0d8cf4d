"""Forged, late, replayed, doubled and reordered webhooks, for each provider that is called back, through the web."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.errors import Invalid
from dispatch.messages.providers.provider import Blame, Forged, Hook, ReceiptKind
from dispatch.messages.providers.standard_webhooks import TOLERANCE_S, secret_bytes, sign, verify
from dispatch.rules.alarm import State
from dispatch.store.outbox import Outbox
from dispatch.store.replies import Replies
from tests.builders import PUBLIC_URL, House, build_world
from tests.fakes.clock import NOON
from tests.fakes.foreign_lock import foreign_lock
from tests.fakes.twilio_standin import ACCOUNT, TOKEN
from tests.integration.provider_rigs import HOOK_SECRET, RIGS, WEBHOOK_SECRET, Rig, posted, pushed

CARER = "+8613800000001"
CALLED_BACK = ("aliyun", "twilio", "webhook")


class Called:
    """A house that a provider calls back, with an alarm of which a carer was told."""

    def __init__(self, name: str, rig: Rig, folder) -> None:
        self.name = name
        self.world = build_world(folder)
        self.house = House(self.world, providers={name: rig.provider})
        self.alarm = self.world.press()
        self.world.wake()
        (self.job, *_) = self.house.courier.claim(10, emergency=True)
        self.attempt = self.job.outgoing.attempt_id

    def close(self) -> None:
        self.house.close()
        self.world.close()

    def post(self, hook: Hook):
        target = hook.url.removeprefix(PUBLIC_URL).removeprefix("https://anling.example")
        form = {name: values[-1] for name, values in hook.form.items()}
        more = {"data": form} if form else {"data": hook.body, "content_type": "application/json"}
        return self.house.stranger().post(target, headers=dict(hook.headers), **more)

    def replies(self) -> list[str]:
        with self.world.reading.connect() as connection:
            return [each.text for each in Replies(connection).recent(100)]

    def status(self) -> str | None:
        with self.world.reading.connect() as connection:
            found = Outbox(connection).attempt(self.attempt)
            return found.status if found else None

    def reply(self, text: str, *, id_: str = "1") -> Hook:
        """A genuine answer of the carer's; `id_` is the provider's own number of it."""
        if self.name == "aliyun":
            return pushed("reply", [{"phone_number": CARER[3:], "content": text, "sequence_id": id_, "dest_code": "1"}])
        if self.name == "webhook":
            return posted("reply", "message.reply", {"from": CARER, "text": text}, id_=f"msg_{id_}")
        return _twilio("reply", {"MessageSid": f"SM{id_}", "From": CARER, "To": "+15005550006", "Body": text})

    def receipt(self, kind: ReceiptKind) -> Hook:
        """A genuine receipt for the attempt."""
        delivered = kind is ReceiptKind.DELIVERED
        if self.name == "aliyun":
            code = "DELIVERED" if delivered else "MOBILE_NOT_ON_SERVICE"
            return pushed(
                "receipt", [{"biz_id": "9^0", "out_id": self.attempt, "success": delivered, "err_code": code}]
            )
        if self.name == "webhook":
            data = {"attempt_id": self.attempt, "status": kind.value}
            return posted("receipt", "message.status", data, id_=f"msg_{kind}")
        return _twilio("receipt", {"MessageSid": "SM9", "MessageStatus": kind.value}, f"?a={self.attempt}")


def _twilio(kind: str, form: dict[str, str], query: str = "") -> Hook:
    form = form | {"AccountSid": ACCOUNT}
    url = f"https://anling.example/hooks/twilio/{kind}{query}"
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    told = {name: (value,) for name, value in form.items()}
    return Hook(kind=kind, url=url, headers={"X-Twilio-Signature": signature}, body=b"", query={}, form=told)


@pytest.fixture(params=CALLED_BACK)
def called(request, tmp_path) -> Iterator[Called]:
    with ExitStack() as stack:
        rig = RIGS[request.param](stack)
        built = Called(request.param, rig, tmp_path)
        stack.callback(built.close)
        yield built


def altered(hook: Hook) -> list[Hook]:
    """The same hook in hands that do not know the secret."""
    strange = {
        "X-Twilio-Signature": "AAAA",
        "webhook-signature": "v1,AAAA",
        "webhook-id": "x",
        "webhook-timestamp": "1",
    }
    bare = urlsplit(hook.url)._replace(query="").geturl()
    return [
        replace(hook, headers={}, url=bare),
        replace(hook, headers=strange, url=f"{bare}?k=guessed-guessed-guessed-guessed"),
        replace(hook, headers={}, url=f"{bare}?k="),
    ]


def test_a_genuine_answer_accepts(called):
    assert called.post(called.reply("1")).status_code == 200 + 4 * (called.name == "webhook")
    called.world.wake()
    assert called.world.alarm(called.alarm).state is State.ACCEPTED


@pytest.mark.error_lines("commit_failed", "hook_not_kept")
def test_while_nothing_can_be_written_a_hook_is_asked_to_come_again_and_then_counts(called):
    with foreign_lock(called.world.path / "anling.db", called.world.transactions):
        later = called.post(called.reply("1"))
    assert (later.status_code, later.headers["Retry-After"]) == (503, "2")
    assert (later.content_type, later.json["type"]) == ("application/problem+json", "urn:anling:problem:busy")
    assert called.replies() == []
    assert called.post(called.reply("1")).status_code < 300
    called.world.wake()
    assert called.world.alarm(called.alarm).state is State.ACCEPTED


def test_forged_ones_are_refused_counted_and_without_effect(called):
    hooks = [each for hook in (called.reply("1"), called.receipt(ReceiptKind.DELIVERED)) for each in altered(hook)]
    assert [called.post(hook).status_code for hook in hooks] == [403] * len(hooks)
    called.world.wake()
    assert called.replies() == []
    assert called.status() is None
    assert called.world.alarm(called.alarm).state is State.OFFERED
    assert called.house.forgeries.by_provider() == {called.name: len(hooks)}


def test_doubled_and_replayed_answers_count_once_and_are_counted(called):
    hook = called.reply("1")
    for _ in range(3):
        assert called.post(hook).status_code in {200, 204}
        called.world.wake()
    assert called.replies() == ["1"]
    assert called.world.kinds(called.alarm).count("accepted") == 1
    assert called.house.forgeries.known_by_provider() == {called.name: 2}


def test_a_replay_long_afterwards_neither_accepts_again_nor_undoes(called):
    first = called.reply("1")
    called.post(first)
    called.world.wake()
    called.post(called.reply("2", id_="2"))
    called.world.wake()
    before = called.world.kinds(called.alarm)
    called.world.clock.advance(120)
    called.post(first)
    called.world.wake()
    assert called.world.kinds(called.alarm).count("accepted") == before.count("accepted") == 1
    assert called.replies().count("1") == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "reordered"])
def test_receipts_only_ever_move_upwards(called, order):
    hooks = (called.receipt(ReceiptKind.UNDELIVERED), called.receipt(ReceiptKind.DELIVERED))
    for place in order:
        assert called.post(hooks[place]).status_code in {200, 204}
    assert called.status() == "delivered"


def test_a_receipt_again_and_again_is_one(called):
    for _ in range(3):
        called.post(called.receipt(ReceiptKind.UNDELIVERED))
    assert called.world.kinds(called.alarm).count("undeliverable") == 1


def test_a_receipt_of_an_attempt_that_was_never_made_has_no_effect(called):
    called.attempt = "f" * 32
    assert called.post(called.receipt(ReceiptKind.UNDELIVERED)).status_code in {200, 204}
    called.world.wake()
    assert called.world.alarm(called.alarm).state is State.OFFERED
    assert "undeliverable" not in called.world.kinds(called.alarm)


def test_two_answers_in_the_wrong_order_are_each_understood_as_they_come(called):
    called.post(called.reply("3", id_="2"))
    called.post(called.reply("1", id_="1"))
    called.world.wake()
    called.world.wake()
    assert sorted(called.replies()) == ["1", "3"]
    assert called.world.alarm(called.alarm).state is not State.CLOSED


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[1]", b"\xff\xfe", b"[" * 50_000, b'{"data": {}}', b"null"])
def test_a_body_that_says_nothing_changes_nothing(called, body):
    if called.name == "twilio":
        hook = replace(called.reply("1"), form={}, body=body)
    elif called.name == "webhook":
        signed = sign(secret_bytes(WEBHOOK_SECRET), "m", NOON, body)
        hook = Hook(kind="reply", url="https://anling.example/hooks/webhook/reply", headers=signed, body=body, query={})
    else:
        hook = replace(called.reply("1"), body=body)
    assert called.post(hook).status_code in {200, 403, 422}
    assert called.replies() == []


# ------------------------------------------------------------------------------------------------ what only one has


def webhook() -> tuple[ExitStack, Rig]:
    stack = ExitStack()
    return stack, RIGS["webhook"](stack)


def test_the_published_example_of_standard_webhooks_is_believed():
    """The example of the specification's own libraries."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body = b'{"test": 2432232314}'
    at = NOON.fromtimestamp(1614265330, NOON.tzinfo)
    assert sign(secret, headers["webhook-id"], at, body) == headers
    assert verify([secret], headers, body, [at]) == headers["webhook-id"]
    several = headers | {"webhook-signature": f"v1,AAAA v2,{'B' * 8} {headers['webhook-signature']}"}
    assert verify([b"x" * 24, secret], several, body, [at]) == headers["webhook-id"]


@pytest.mark.parametrize("age_s", [TOLERANCE_S + 1, 86_400, -TOLERANCE_S - 1])
def test_a_late_webhook_is_forged_and_one_in_time_is_not(age_s):
    stack, rig = webhook()
    with stack:
        data = {"from": CARER, "text": "1"}
        with pytest.raises(Forged):
            rig.provider.hear(posted("reply", "message.reply", data, age_s=age_s))
        in_time = TOLERANCE_S - 1 if age_s > 0 else 1 - TOLERANCE_S
        assert rig.provider.hear(posted("reply", "message.reply", data, age_s=in_time)).replies


def test_a_webhook_signed_with_another_secret_is_forged():
    stack, rig = webhook()
    other = "whsec_" + base64.b64encode(b"another secret of twenty-four bytes").decode()
    with stack, pytest.raises(Forged):
        rig.provider.hear(posted("reply", "message.reply", {"from": CARER, "text": "1"}, secret=other))


@pytest.mark.parametrize(
    ("name", "value"),
    [("webhook-timestamp", "soon"), ("webhook-timestamp", "1" * 30), ("webhook-timestamp", "-5"), ("webhook-id", ""),
     ("webhook-signature", ""), ("webhook-signature", "v1a,x"), ("webhook-timestamp", "１６１４２６５３３０")],
)  # fmt: skip
def test_a_header_that_is_none_is_forged_and_not_an_error(name, value):
    stack, rig = webhook()
    hook = posted("reply", "message.reply", {"from": CARER, "text": "1"})
    with stack, pytest.raises(Forged):
        rig.provider.hear(replace(hook, headers=dict(hook.headers) | {name: value}))


def test_a_hook_of_another_kind_cannot_be_passed_off():
    """Signed as a receipt, posted as a reply: the type in the body decides."""
    stack, rig = webhook()
    receipt = posted(
        "receipt", "message.status", {"attempt_id": "1", "status": "delivered", "from": CARER, "text": "1"}
    )
    with stack, pytest.raises(Invalid):
        rig.provider.hear(replace(receipt, kind="reply"))


def test_one_bad_item_in_a_push_does_not_cost_the_answer_beside_it():
    with ExitStack() as stack:
        provider = RIGS["aliyun"](stack).provider
        items = [
            {"content": "x"},
            {"phone_number": "13800000001", "content": "1", "sequence_id": 7},
            {"phone_number": 5},
        ]
        (reply,) = provider.hear(pushed("reply", items)).replies
        assert (reply.sender, reply.text, reply.key) == (CARER, "1", "7")
        with pytest.raises(Invalid):
            provider.hear(pushed("reply", [{"content": "x"}]))


@pytest.mark.parametrize("secret", ["", HOOK_SECRET[:-1], HOOK_SECRET + "x", HOOK_SECRET.upper()])
def test_a_push_that_knows_the_secret_only_nearly_is_forged(secret):
    with ExitStack() as stack, pytest.raises(Forged):
        RIGS["aliyun"](stack).provider.hear(pushed("reply", [{"phone_number": "1", "content": "1"}], secret=secret))


def test_a_text_that_was_lost_says_whose_fault_it_is():
    with ExitStack() as stack:
        provider = RIGS["aliyun"](stack).provider
        items = [
            {"biz_id": f"{code}^0", "success": False, "err_code": code} for code in ("MOBILE_NOT_ON_SERVICE", "MK:99")
        ]
        first, second = provider.hear(pushed("receipt", items)).receipts
        assert (first.kind, first.blame, second.blame) == (ReceiptKind.UNDELIVERED, Blame.RECIPIENT, None)


# ------------------------------------------------------------------------------------------------ behind a proxy


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "anling.example", "X-Forwarded-Proto": "https"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "8080"},
        {"Forwarded": "host=evil.example;proto=http", "X-Original-URL": "/hooks/twilio/voice", "X-Rewrite-URL": "/x"},
        {"X-Forwarded-Prefix": "/other"},
    ],
)
def test_what_a_proxy_says_of_hosts_and_schemes_decides_nothing(tmp_path, headers):
    """The signature is over the public address in the settings, whatever stands between Twilio and us."""
    with ExitStack() as stack:
        called = Called("twilio", RIGS["twilio"](stack), tmp_path)
        stack.callback(called.close)
        genuine, form = called.reply("1"), {"AccountSid": ACCOUNT}
        hook = replace(genuine, headers=dict(genuine.headers) | headers)
        assert called.post(hook).status_code == 200
        elsewhere = RequestValidator(TOKEN).compute_signature("http://evil.example/hooks/twilio/reply", form)
        assert called.post(replace(hook, headers={**headers, "X-Twilio-Signature": elsewhere})).status_code == 403


@pytest.mark.parametrize(("kind", "text"), [("STOP", "STOP"), ("stop", "STOP"), ("HELP", "weg"), ("", "weg")])
def test_what_twilio_took_for_an_opt_out_is_one_whatever_word_was_used(kind, text):
    with ExitStack() as stack:
        form = {"MessageSid": "SM1", "From": CARER, "Body": "weg", "OptOutType": kind}
        (reply,) = RIGS["twilio"](stack).provider.hear(_twilio("reply", form)).replies
        assert reply.text == text


def test_json_is_what_aliyun_gets_for_an_answer():
    with ExitStack() as stack:
        heard = RIGS["aliyun"](stack).provider.hear(pushed("reply", []))
        assert (heard.answer.status, json.loads(heard.answer.body)["code"]) == (200, 0)
        assert (heard.not_kept.status, heard.replies) == (503, ())
