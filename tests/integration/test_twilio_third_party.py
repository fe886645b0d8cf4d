"""
Twilio's provider against a server that others wrote: `emulate` (npm, Apache-2.0), with state and signed callbacks.

It is fetched once by npm into a cache directory. It binds all interfaces and has no option against that, so a module
that holds it to loopback is loaded before it.
"""

import base64
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers.provider import Blame, Channel, Heard, Outcome, Outgoing, ReceiptKind
from dispatch.messages.providers.twilio import TwilioProvider, TwilioSettings
from tests.fakes.hook_catcher import HookCatcher
from tests.integration.npm_rig import fetched, wait_for
from tests.ports import free_port

# The tag `latest` of this name is another, unrelated package; 0.12 needs a newer Node than 20.
EMULATE = "emulate@0.11.2"
ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "twilio_test_auth_token", "+15551234567"
TO = "+447700900123"

_LOOPBACK_ONLY = """
const net = require("net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  if (typeof given[0] === "object" && given[0] !== null) given[0].host = "127.0.0.1";
  else if (typeof given[1] === "string") given[1] = "127.0.0.1";
  else given.splice(1, 0, "127.0.0.1");
  return listen.apply(this, given);
};
"""


@pytest.fixture(scope="session")
def program() -> Path:
    """The emulator's entry file, fetched when it is not in the cache yet."""
    return fetched(EMULATE, "emulate/dist/index.js")


@pytest.fixture
def emulator(program, tmp_path) -> Iterator[str]:
    """A fresh emulator with its own state; gives its address."""
    (tmp_path / "loopback.cjs").write_text(_LOOPBACK_ONLY)
    port = free_port()
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            ["node", str(program), "start", "--service", "twilio", "--port", str(port)],
            env=os.environ | {"NODE_OPTIONS": f"--require {tmp_path / 'loopback.cjs'}"},
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
        )
    try:
        wait_for(process, port, tmp_path / "out")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def service() -> Iterator[HookCatcher]:
    with HookCatcher() as catcher:
        yield catcher


@pytest.fixture
def twilio(emulator, service) -> Iterator[TwilioProvider]:
    provider = TwilioProvider(_settings(emulator, service))
    yield provider
    provider.close()


def _settings(emulator: str, service: HookCatcher, *, token: str = TOKEN) -> TwilioSettings:
    return TwilioSettings(
        account_sid=ACCOUNT,
        auth_token=token,
        from_=NUMBER,
        base_url=emulator,
        public_url=service.public_url,
        callback_overrides="",  # The emulator signs what is behind the `#` too; Twilio says that it does not.
    )


def text(**more) -> Outgoing:
    return Outgoing(
        **({"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": TO, "text": "王秀英 跌倒"} | more)
    )


def ask(emulator: str, path: str, form: dict[str, str] | None = None) -> dict:
    secret = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    body = urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(emulator + path, body, {"Authorization": f"Basic {secret}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def hear(twilio: TwilioProvider, service: HookCatcher, count: int) -> list[Heard]:
    return [twilio.hear(hook) for hook in service.wait(count)]


def test_a_text_is_taken_and_its_first_callback_overtakes_us(twilio, service):
    message = text()
    sent = twilio.send(message)
    assert (sent.outcome, sent.http_status) == (Outcome.TAKEN, 201)
    assert service.hooks, "the emulator calls back before it answers"
    (receipt,) = twilio.hear(service.hooks[0]).receipts
    assert (receipt.provider_id, receipt.attempt_id) == (sent.provider_id, message.attempt_id)
    assert receipt.kind is ReceiptKind.QUEUED


def test_statuses_come_signed_in_any_order(twilio, service, emulator):
    sid = twilio.send(text()).provider_id
    for status in ("delivered", "sending", "undelivered", "sent", "delivered"):
        ask(emulator, "/_twilio/simulate/message-status", {"MessageSid": sid, "Status": status})
    heard = [one.receipts[0] for one in hear(twilio, service, 6)][1:]
    assert [one.kind for one in heard] == [
        ReceiptKind.DELIVERED,
        ReceiptKind.QUEUED,
        ReceiptKind.UNDELIVERED,
        ReceiptKind.SENT,
        ReceiptKind.DELIVERED,
    ]
    assert heard[0].key == heard[-1].key
    assert len({one.key for one in heard}) == 4


def test_a_reply_keeps_its_blanks(twilio, service, emulator):
    numbers = ask(emulator, f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    sid = next(one["sid"] for one in numbers if one["phone_number"] == NUMBER)
    url = {"SmsUrl": f"{service.public_url}/hooks/twilio/reply", "SmsMethod": "POST"}
    ask(emulator, f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/{sid}.json", url)
    ask(emulator, "/_twilio/simulate/inbound-message", {"To": NUMBER, "From": TO, "Body": "1 "})
    (heard,) = hear(twilio, service, 1)
    assert [(reply.sender, reply.text) for reply in heard.replies] == [(TO, "1 ")]
    (listed,) = twilio.fetch(datetime.now(UTC) - timedelta(minutes=1)).replies
    assert listed == replace(heard.replies[0], said_at=listed.said_at)


def test_a_call_is_taken_and_its_end_is_heard(twilio, service, emulator):
    message = text(channel=Channel.VOICE, answerable=True)
    sent = twilio.send(message)
    assert sent.outcome is Outcome.TAKEN
    assert sent.provider_id.startswith("CA")
    before = len(service.hooks)
    ask(emulator, "/_twilio/simulate/call-status", {"CallSid": sent.provider_id, "Status": "no-answer"})
    last = hear(twilio, service, before + 1)[-1].receipts[0]
    assert (last.kind, last.attempt_id) == (ReceiptKind.UNDELIVERED, message.attempt_id)


def test_a_wrong_token_is_refused_as_a_matter_of_settings(emulator, service):
    provider = TwilioProvider(_settings(emulator, service, token="wrong"))
    sent = provider.send(text())
    provider.close()
    assert (sent.outcome, sent.http_status, sent.code, sent.blame) == (Outcome.REFUSED, 401, "20003", Blame.CONFIG)


def test_a_foreign_sender_is_refused_as_a_matter_of_settings(emulator, service):
    provider = TwilioProvider(replace(_settings(emulator, service), from_="+15559999999"))
    sent = provider.send(text())
    provider.close()
    assert (sent.outcome, sent.code, sent.blame) == (Outcome.REFUSED, "21606", Blame.CONFIG)


def test_what_was_sent_is_found_without_its_id(twilio):
    since, message = datetime.now(UTC), text()
    sent = twilio.send(message)
    assert twilio.look_up(message, None, since).provider_id == sent.provider_id
    assert twilio.look_up(message, sent.provider_id, since).status
    assert twilio.look_up(text(text="another"), None, since).outcome is Outcome.NOT_SENT
