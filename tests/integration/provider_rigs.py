"""
Every provider, ready to be tried without the real thing.

A new provider brings a `Rig`: how to make it, how to make it fail, and what its hooks look like when genuine.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from devices.ports import open_port
from devices.ports.port import PortBlocked, PortLost
from dispatch.clock import SystemClock
from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers import PROVIDERS
from dispatch.messages.providers.aliyun import AliyunSettings
from dispatch.messages.providers.console import ConsoleFault, ConsolePanel, ConsoleSettings
from dispatch.messages.providers.exchange import Limits
from dispatch.messages.providers.modem import ModemSettings
from dispatch.messages.providers.provider import Hook, Outcome, Provider, ReceiptKind
from dispatch.messages.providers.standard_webhooks import secret_bytes, sign
from dispatch.messages.providers.twilio import TwilioSettings
from dispatch.messages.providers.webhook import WebhookSettings
from tests.fakes import aliyun_queue, twilio_faults
from tests.fakes.aliyun_queue import AliyunQueue
from tests.fakes.clock import NOON, HandClock
from tests.fakes.http_standin import Asked, HttpStandin
from tests.fakes.modem import FakeModem, incoming
from tests.fakes.twilio_faults import Fault
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin

TO = "+447700900123"
CHINESE = "+8613800000123"
ATTEMPT = AttemptId("0123456789abcdef0123456789abcdef")
DEADLINE_S = 2.0
LIMITS = Limits(total_s=DEADLINE_S, connect_s=0.8, read_s=0.8, slot_wait_s=0.4)
PUBLIC = "https://anling.example"

KEY_ID, KEY_SECRET, HOOK_SECRET = "LTAI5tExample", "example-key-secret", "a-secret-of-at-least-22-letters"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes or more of it").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """
    One provider. `fault` makes the next send end in this outcome; `arrived` are the texts (or what fills their
    template) that got through; `hooks` are genuine, by kind: a receipt "delivered", a reply "1 " and the key 1, all of
    `ATTEMPT`. `secrets` must never show. `well` ends a fault that lasts, `since` is the time by its server's clock.

    Where it goes over HTTP, `wire` makes the next request go wrong, `towards` is the same provider with its server at
    another address, and `named` are the attempts that it named to the server, a second try of one twice. `lose` lets
    somebody answer as in `hooks`, and that hook be lost: where a provider can be asked for it;
    `mute` makes asking go wrong until all is `well`.
    """

    provider: Provider
    to: str = TO
    fault: Callable[[Outcome], None]
    arrived: Callable[[], list[str]]
    hooks: dict[str, Hook]
    forge: Callable[[Hook], Hook]
    secrets: tuple[str, ...] = ()
    wire: Callable[[Fault], None] | None = None
    towards: Callable[[str], Provider] | None = None
    named: Callable[[], list[str]] | None = None
    well: Callable[[], None] = lambda: None
    since: Callable[[], datetime] = lambda: datetime.now(UTC)
    lose: Callable[[], None] | None = None
    mute: Callable[[Fault], None] | None = None
    params: dict[str, str] = field(default_factory=dict)


def console(stack: ExitStack) -> Rig:
    panel, arrived = ConsolePanel(), []
    faults = {
        Outcome.REFUSED: ConsoleFault.REFUSE,
        Outcome.NOT_SENT: ConsoleFault.NOT_SENT,
        Outcome.UNKNOWN: ConsoleFault.HANG,
    }
    settings = ConsoleSettings(deliver=lambda it: arrived.append(it.text), panel=panel, hang_s=DEADLINE_S)
    forms = {
        "receipt": panel.receipt(attempt_id=ATTEMPT, kind=ReceiptKind.DELIVERED),
        "reply": panel.reply(sender=TO, text="1 "),
        "voice": panel.press(attempt_id=ATTEMPT, sender=TO, digits="1"),
    }
    return Rig(
        provider=PROVIDERS["console"](settings),
        fault=lambda outcome: panel.set_fault(faults[outcome]),
        arrived=lambda: list(arrived),
        hooks={kind: panel.hook(kind, form) for kind, form in forms.items()},
        forge=lambda hook: replace(hook, form=dict(hook.form) | {"token": (ConsolePanel().token,)}),
        secrets=(panel.token,),
        well=lambda: panel.set_fault(ConsoleFault.NONE),
    )


# ------------------------------------------------------------------------------------------------ Twilio


def twilio(stack: ExitStack) -> Rig:
    standin = stack.enter_context(TwilioStandin())

    def towards(base_url: str) -> Provider:
        provider = PROVIDERS["twilio"](
            TwilioSettings(
                account_sid=ACCOUNT, auth_token=TOKEN, from_="+15005550006", public_url=PUBLIC, base_url=base_url,
                total_deadline_s=LIMITS.total_s, connect_s=LIMITS.connect_s, read_s=LIMITS.read_s,
                slot_wait_s=LIMITS.slot_wait_s,
            )
        )  # fmt: skip
        stack.callback(provider.close)
        return provider

    faults = {
        Outcome.REFUSED: twilio_faults.refuse(21211),
        Outcome.NOT_SENT: twilio_faults.too_many(),
        Outcome.UNKNOWN: twilio_faults.DRIP,
    }
    forms = {
        "receipt": {"MessageSid": "SM1", "MessageStatus": "delivered"},
        "reply": {"MessageSid": "SM2", "From": TO, "To": "+15005550006", "Body": "1 "},
        "voice": {"CallSid": "CA1", "Digits": "1", "To": TO, "From": "+15005550006"},
    }
    return Rig(
        provider=towards(standin.base_url),
        fault=lambda outcome: standin.will(faults[outcome]),
        arrived=lambda: [made["body"] or made["_params"]["Twiml"] for made in standin.made],
        hooks={kind: _signed(kind, form | {"AccountSid": ACCOUNT}) for kind, form in forms.items()},
        forge=lambda hook: replace(hook, form=dict(hook.form) | {"To": ("+8613800000001",)}),
        secrets=(TOKEN,),
        wire=standin.will,
        towards=towards,
        mute=lambda fault: setattr(standin, "always", fault),
        well=lambda: setattr(standin, "always", None),
        lose=lambda: standin.write("SM2", sender=TO, to="+15005550006", body="1 "),
        named=lambda: [parse_qs(form["StatusCallback"].partition("?")[2].partition("#")[0])["a"][0]
                       for form in standin.creates()],
    )  # fmt: skip


def _signed(kind: str, form: dict[str, str]) -> Hook:
    url = f"{PUBLIC}/hooks/twilio/{kind}?a={ATTEMPT}"
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    return Hook(
        kind=kind,
        url=url,
        headers={"X-Twilio-Signature": signature},
        body=b"",
        query={"a": ATTEMPT},
        form={name: (value,) for name, value in form.items()},
    )


# ------------------------------------------------------------------------------------------------ Aliyun


class AliyunApi:
    """
    What Dysmsapi answers: it checks the signature with code of its own, keeps what it was given, lists it by day.

    `code` is what it says instead of OK, once.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.codes: list[str] = []
        self.ahead_of_their_list = False
        self.queue = AliyunQueue()

    def __call__(self, asked: Asked) -> tuple[int, object]:
        if asked.path.startswith("/queues/"):
            return self.queue(asked)
        if not _is_signed(asked):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched."}
        if self.codes:
            code = self.codes.pop(0)
            return 200, {"Code": code, "Message": f"{code} for 13800000123", "RequestId": "R"}
        if asked.headers["x-acs-action"] == "QueryTokenForMnsQueue":
            return self.queue.token(asked)
        if asked.headers["x-acs-action"] == "SendSms":
            self.sent.append(dict(asked.query))
            return 200, {"Code": "OK", "Message": "OK", "RequestId": "R", "BizId": f"9006{len(self.sent)}^0"}
        return 200, {
            "Code": "OK",
            "TotalCount": len(self.sent),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": self._listed(asked)},
        }

    def _listed(self, asked: Asked) -> list[dict[str, Any]]:
        if self.ahead_of_their_list:
            return []
        return [
            {"PhoneNum": each["PhoneNumbers"], "OutId": each["OutId"], "SendStatus": 3, "ErrCode": "DELIVERED"}
            for each in self.sent
            if each["PhoneNumbers"] == asked.query["PhoneNumber"] and asked.query["SendDate"] == f"{NOON:%Y%m%d}"
        ]


def _is_signed(asked: Asked) -> bool:
    """By the rules of version 3, written a second time."""
    authorization = asked.headers.get("authorization", "")
    told = dict(part.split("=", 1) for part in authorization.removeprefix("ACS3-HMAC-SHA256 ").split(","))
    names = told.get("SignedHeaders", "").split(";")
    if not {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"} <= set(names):
        return False
    lines = "".join(f"{name}:{asked.headers.get(name, '').strip()}\n" for name in sorted(names))
    whole = hashlib.sha256(asked.body).hexdigest()
    canonical = f"POST\n{asked.path}\n{asked.raw_query}\n{lines}\n{';'.join(sorted(names))}\n{whole}"
    words = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    good = hmac.new(KEY_SECRET.encode(), words.encode(), "sha256").hexdigest()
    return told.get("Credential") == KEY_ID and told.get("Signature") == good


def aliyun(stack: ExitStack) -> Rig:
    api = AliyunApi()
    standin = stack.enter_context(HttpStandin(api))
    faults = {
        Outcome.REFUSED: lambda: api.codes.append("isv.MOBILE_NUMBER_ILLEGAL"),
        Outcome.NOT_SENT: lambda: api.codes.append("Throttling.User"),
        Outcome.UNKNOWN: lambda: standin.will(twilio_faults.DRIP),
    }

    def towards(base_url: str) -> Provider:
        provider = PROVIDERS["aliyun"](
            AliyunSettings(
                access_key_id=KEY_ID, access_key_secret=KEY_SECRET, sign_name="安铃", hook_secret=HOOK_SECRET,
                templates={"offer": "SMS_1", "plain": "SMS_2"}, base_url=base_url, clock=HandClock(), nonce=new_id,
                limits=LIMITS, uplink_queue=aliyun_queue.NAME, keys_url=base_url, queue_url=base_url,
            )
        )  # fmt: skip
        stack.callback(provider.close)
        return provider

    pushes = {
        "receipt": {"phone_number": "13800000123", "success": True, "err_code": "DELIVERED", "biz_id": "9006^0",
                    "out_id": ATTEMPT, "send_time": "2026-03-02 20:00:00", "report_time": "2026-03-02 20:00:04"},
        "reply": {"phone_number": "13800000123", "content": "1 ", "send_time": "2026-03-02 20:00:09",
                  "dest_code": "1234", "sequence_id": "1234567890"},
    }  # fmt: skip
    return Rig(
        provider=towards(standin.base_url),
        to=CHINESE,
        fault=lambda outcome: faults[outcome](),
        arrived=lambda: [each["TemplateParam"] for each in api.sent],
        hooks={kind: pushed(kind, [item]) for kind, item in pushes.items()},
        forge=lambda hook: replace(hook, url=hook.url + "x"),
        secrets=(KEY_SECRET, HOOK_SECRET),
        wire=standin.will,
        towards=towards,
        mute=standin.will,
        # By another page of theirs the number of a reply is a double.
        lose=lambda: api.queue.put(pushes["reply"] | {"sequence_id": 1234567890.0}, datetime.now(UTC)),
        named=lambda: [asked.query["OutId"] for asked in standin.asked],
        params={"place": "王秀英 跌倒"},
        since=lambda: NOON,
    )


def pushed(kind: str, items: object, *, secret: str = HOOK_SECRET) -> Hook:
    """A push of Aliyun's as it arrives."""
    url = f"{PUBLIC}/hooks/aliyun/{kind}?k={secret}"
    return Hook(kind=kind, url=url, headers={}, body=json.dumps(items, ensure_ascii=False).encode(), query={})


# ------------------------------------------------------------------------------------------------ webhook


class Receiver:
    """Who takes our webhooks: it checks them by the published rules and answers with an id of its own."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.page = 2

    def __call__(self, asked: Asked) -> tuple[int, object]:
        id_, stamp = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
        key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        told = asked.raw_query.encode() if asked.method == "GET" else asked.body
        good = base64.b64encode(hmac.digest(key, f"{id_}.{stamp}.".encode() + told, "sha256")).decode()
        if asked.headers["webhook-signature"] != f"v1,{good}":
            self.wrong.append(asked.headers["webhook-signature"])
            return 401, {}
        if asked.method == "GET":
            return self._events(asked.query.get("after", "at 0"))
        self.taken.append(json.loads(asked.body)["data"])
        return 200, {"id": f"theirs-{len(self.taken)}"}

    def lose(self, type_: str, data: object, *, id_: str = "msg_1", at: datetime | None = None) -> None:
        """A webhook of its that did not arrive."""
        stamp = (at or datetime.now(UTC)).isoformat()
        self.events.append({"id": id_, "type": type_, "timestamp": stamp, "data": data})

    def _events(self, cursor: str) -> tuple[int, object]:
        first = int(cursor.removeprefix("at "))
        if first > len(self.events):
            return 410, {}
        last = min(first + self.page, len(self.events))
        return 200, {"items": self.events[first:last], "cursor": f"at {last}", "more": last < len(self.events)}


def webhook(stack: ExitStack) -> Rig:
    receiver = Receiver()
    standin = stack.enter_context(HttpStandin(receiver))
    faults = {
        Outcome.REFUSED: Fault(how="status", status=422, body='{"detail": "no such number", "blame": "recipient"}'),
        Outcome.NOT_SENT: twilio_faults.too_many(),
        Outcome.UNKNOWN: twilio_faults.DRIP,
    }

    def towards(base_url: str) -> Provider:
        settings = WebhookSettings(
            url=f"{base_url}/send",
            poll_url=f"{base_url}/events",
            secret=WEBHOOK_SECRET,
            voice=True,
            clock=HandClock(),
            limits=LIMITS,
        )
        provider = PROVIDERS["webhook"](settings)
        stack.callback(provider.close)
        return provider

    said = {
        "receipt": ("message.status", {"attempt_id": ATTEMPT, "status": "delivered"}),
        "reply": ("message.reply", {"from": TO, "text": "1 "}),
        "voice": ("call.pressed", {"attempt_id": ATTEMPT, "from": TO, "digits": "1"}),
    }
    return Rig(
        provider=towards(standin.base_url),
        fault=lambda outcome: standin.will(faults[outcome]),
        arrived=lambda: [each["text"] for each in receiver.taken],
        hooks={kind: posted(kind, type_, data) for kind, (type_, data) in said.items()},
        forge=lambda hook: replace(hook, body=hook.body.replace(b"data", b"Data"), headers=hook.headers),
        secrets=(WEBHOOK_SECRET,),
        wire=standin.will,
        towards=towards,
        mute=standin.will,
        lose=lambda: receiver.lose(*said["reply"]),
        since=lambda: NOON,
        named=lambda: [asked.headers["webhook-id"] for asked in standin.asked],
    )


def posted(kind: str, type_: str, data: object, *, age_s: float = 0, id_: str = "msg_1", secret: str = "") -> Hook:
    """A webhook of the receiver's as it arrives, signed `age_s` before noon."""
    body = json.dumps({"type": type_, "timestamp": NOON.isoformat(), "data": data}, ensure_ascii=False).encode()
    headers = sign(secret_bytes(secret or WEBHOOK_SECRET), id_, NOON - timedelta(seconds=age_s), body)
    return Hook(kind=kind, url=f"{PUBLIC}/hooks/webhook/{kind}", headers=headers, body=body, query={})


# ------------------------------------------------------------------------------------------------ modem


def modem(stack: ExitStack) -> Rig:
    fake = stack.enter_context(FakeModem(Path(stack.enter_context(TemporaryDirectory()))))
    faults = {Outcome.REFUSED: "+CMS ERROR: 1", Outcome.NOT_SENT: "+CMS ERROR: 331", Outcome.UNKNOWN: "+CMS ERROR: 332"}
    provider = PROVIDERS["modem"](modem_settings(fake))
    stack.callback(provider.close)
    provider.listen(lambda _: True)
    fake.receive(incoming(TO, "0"))  # It listens when this is gone.
    until(lambda: not fake.stored["ME"])
    return Rig(
        provider=provider,
        fault=lambda outcome: fake.air.refuse.append(faults[outcome]),
        arrived=lambda: [text for _, text in fake.sent()],
        hooks={},
        forge=lambda hook: hook,
    )


def modem_settings(fake: FakeModem, **more: Any) -> ModemSettings:
    """Towards the pretend modem, with limits that a busy machine keeps; a test that waits for one says a shorter."""
    said = {"clock": SystemClock(), "total_deadline_s": 60.0, "network_s": 20.0, "listen_s": 0.02}
    return ModemSettings(
        line=lambda: open_port(str(fake.path), baud=115_200), lost=(PortLost, PortBlocked), **(said | more)
    )


def until(holds: Callable[[], object], within_s: float = 60.0) -> None:
    """Waits for something that another thread does. Looks are counted: a machine may stand still for minutes."""
    pause = threading.Event()
    for _ in range(int(within_s / 0.01)):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come about")


RIGS: dict[str, Callable[[ExitStack], Rig]] = {
    "aliyun": aliyun,
    "console": console,
    "modem": modem,
    "twilio": twilio,
    "webhook": webhook,
}
