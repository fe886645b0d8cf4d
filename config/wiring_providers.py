"""Makes the providers of messages from the settings."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from config.callbacks import unfound_by_twilio
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.messages.providers import PROVIDERS, console
from dispatch.messages.providers.provider import Provider

if TYPE_CHECKING:  # Each is imported when it is made.
    from dispatch.messages.providers import aliyun, modem, twilio, webhook
    from dispatch.messages.providers.exchange import Limits


def make_provider(
    name: str, settings: Settings, panel: console.ConsolePanel, clock: Clock, ids: Callable[[], str]
) -> Provider:
    """
    One provider by its name in `messages.order`.

    Raises:
        Misconfigured: there is none of this name, or its settings are not to be worked with.
    """
    makers: Mapping[str, Callable[[], object]] = {
        "aliyun": lambda: _aliyun(settings, clock, ids),
        "console": lambda: console.ConsoleSettings(panel=panel),
        "modem": lambda: _modem(settings, clock),
        "twilio": lambda: _twilio(settings, clock),
        "webhook": lambda: _webhook(settings, clock),
    }
    if name not in makers:
        raise Misconfigured("messages.order", f"'{name}' is not built yet; known are {', '.join(PROVIDERS)}")
    try:
        return PROVIDERS[name](makers[name]())
    except ValueError as wrong:
        raise Misconfigured(f"providers.{name}", str(wrong)) from None


def _twilio(settings: Settings, clock: Clock) -> "twilio.TwilioSettings":
    from dispatch.messages.providers import twilio

    said = settings.providers.twilio
    return twilio.TwilioSettings(
        account_sid=said.account_sid, auth_token=said.auth_token, from_=said.sender,
        messaging_service_sid=said.messaging_service_sid or None, voice_from=said.voice_from or None,
        notices_from=said.notices_from or None,
        public_url=settings.web.base_url,
        base_url=said.base_url, alternate_auth_token=said.alternate_auth_token or None,
        total_deadline_s=said.total_deadline_s, cross_border=said.cross_border,
        called_back=not unfound_by_twilio(settings), machine_detection=said.machine_detection,
        desk=tuple(settings.operators.phones), now=clock.now,
    )  # fmt: skip


def _aliyun(settings: Settings, clock: Clock, ids: Callable[[], str]) -> "aliyun.AliyunSettings":
    from dispatch.messages.providers import aliyun

    said = settings.providers.aliyun
    return aliyun.AliyunSettings(
        access_key_id=said.access_key_id, access_key_secret=said.access_key_secret, sign_name=said.sign_name,
        templates=said.templates, hook_secret=said.hook_secret, base_url=said.base_url, clock=clock, nonce=ids,
        uplink_queue=said.uplink_queue, keys_url=said.keys_url, queue_url=said.queue_url,
        limits=_limits(said.total_deadline_s),
    )  # fmt: skip


def _modem(settings: Settings, clock: Clock) -> "modem.ModemSettings":
    from devices.ports import open_port
    from devices.ports.port import PortBlocked, PortLost
    from dispatch.messages.providers import modem

    said = settings.providers.modem
    line = (lambda: open_port(said.port, baud=said.baud)) if said.port else None
    return modem.ModemSettings(
        line=line, lost=(PortLost, PortBlocked), clock=clock, total_deadline_s=said.total_deadline_s,
        country=said.country,
    )  # fmt: skip


def _webhook(settings: Settings, clock: Clock) -> "webhook.WebhookSettings":
    from dispatch.messages.providers import webhook

    said = settings.providers.webhook
    return webhook.WebhookSettings(
        url=said.url, poll_url=said.poll_url, secret=said.secret, alternate_secret=said.alternate_secret, clock=clock,
        sms=said.sms, voice=said.voice, two_way=said.two_way, urls=said.urls, receipts=said.receipts,
        cross_border=said.cross_border, limits=_limits(said.total_deadline_s),
    )  # fmt: skip


def _limits(total_s: float) -> "Limits":
    """The total is set; a wait for a place is at most a twelfth of it, and never more than half a second."""
    from dispatch.messages.providers.exchange import Limits

    return Limits(total_s=total_s, slot_wait_s=min(0.5, total_s / 12))
