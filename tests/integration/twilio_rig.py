"""What the tests of Twilio's provider share: settings, a stand-in, messages to send."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers.provider import Channel, Outgoing, Sent
from dispatch.messages.providers.twilio import TwilioProvider, TwilioSettings
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin

PUBLIC = "https://anling.example"
TO = "+447700900123"
TEXT = "【安铃】王秀英 3-2-501 跌倒 回1接单 2拒绝"

SETTINGS = TwilioSettings(
    account_sid=ACCOUNT,
    auth_token=TOKEN,
    from_="+15005550006",
    public_url=PUBLIC,
    total_deadline_s=60.0,
    connect_s=30.0,
    read_s=30.0,
    slot_wait_s=20.0,
)
"""With limits that a busy machine keeps."""

HURRIED = {"total_deadline_s": 2.4, "connect_s": 0.8, "read_s": 0.8, "slot_wait_s": 0.4}
"""The limits of those who wait for one of them to be over."""


@contextmanager
def provider_towards(standin: TwilioStandin, **more) -> Iterator[TwilioProvider]:
    """A provider that talks to the stand-in, closed at the end."""
    provider = TwilioProvider(replace(SETTINGS, base_url=standin.base_url, **more))
    yield provider
    provider.close()


def text(**more) -> Outgoing:
    return Outgoing(**({"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": TO, "text": TEXT} | more))


def call(**more) -> Outgoing:
    return text(channel=Channel.VOICE, answerable=True, **more)


def towards(base_url: str, **more) -> Sent:
    """One text to this address, by a provider of its own."""
    provider = TwilioProvider(replace(SETTINGS, base_url=base_url, **more))
    try:
        return provider.send(text())
    finally:
        provider.close()
