"""Makes the providers of messages from the settings, and lets those hear that have a line of their own."""

from collections.abc import Callable, Mapping

import structlog

from config.callbacks import unfound_by_twilio
from config.settings import Settings
from devices.ports import open_port
from devices.ports.port import PortBlocked, PortLost
from dispatch.answers import Answers, Said
from dispatch.clock import Clock
from dispatch.errors import Busy, Misconfigured
from dispatch.messages.courier import Courier
from dispatch.messages.providers import PROVIDERS, aliyun, console, modem, twilio, webhook
from dispatch.messages.providers.exchange import Limits
from dispatch.messages.providers.provider import Heard, Keep, Listening, Provider
from dispatch.store.idempotency import StorageFailed

log = structlog.get_logger()


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


def listen(providers: Mapping[str, Provider], answers: Answers, courier: Courier) -> None:
    """From now on what comes over a provider's own line is kept like what comes by webhook."""
    for name, provider in providers.items():
        if isinstance(provider, Listening):
            provider.listen(_keeper(name, answers, courier))


def hang_up(providers: Mapping[str, Provider]) -> None:
    """Gives those lines back."""
    for provider in providers.values():
        if isinstance(provider, Listening):
            provider.close()


def _keeper(name: str, answers: Answers, courier: Courier) -> Keep:
    def keep(heard: Heard) -> bool:
        said = [Said(key=each.key, sender=each.sender, text=each.text) for each in heard.replies]
        try:
            answers.receive(name, said)
            courier.receive(name, heard.receipts)
        except (Busy, StorageFailed) as error:
            log.error("heard_not_kept", provider=name, error=type(error).__name__)
            return False
        return True

    return keep


def _twilio(settings: Settings, clock: Clock) -> twilio.TwilioSettings:
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


def _aliyun(settings: Settings, clock: Clock, ids: Callable[[], str]) -> aliyun.AliyunSettings:
    said = settings.providers.aliyun
    return aliyun.AliyunSettings(
        access_key_id=said.access_key_id, access_key_secret=said.access_key_secret, sign_name=said.sign_name,
        templates=said.templates, hook_secret=said.hook_secret, base_url=said.base_url, clock=clock, nonce=ids,
        uplink_queue=said.uplink_queue, keys_url=said.keys_url, queue_url=said.queue_url,
        limits=_limits(said.total_deadline_s),
    )  # fmt: skip


def _modem(settings: Settings, clock: Clock) -> modem.ModemSettings:
    said = settings.providers.modem
    line = (lambda: open_port(said.port, baud=said.baud)) if said.port else None
    return modem.ModemSettings(
        line=line, lost=(PortLost, PortBlocked), clock=clock, total_deadline_s=said.total_deadline_s,
        country=said.country,
    )  # fmt: skip


def _webhook(settings: Settings, clock: Clock) -> webhook.WebhookSettings:
    said = settings.providers.webhook
    return webhook.WebhookSettings(
        url=said.url, poll_url=said.poll_url, secret=said.secret, alternate_secret=said.alternate_secret, clock=clock,
        sms=said.sms, voice=said.voice, two_way=said.two_way, urls=said.urls, receipts=said.receipts,
        cross_border=said.cross_border, limits=_limits(said.total_deadline_s),
    )  # fmt: skip


def _limits(total_s: float) -> Limits:
    """The total is set; a wait for a place is at most a twelfth of it, and never more than half a second."""
    return Limits(total_s=total_s, slot_wait_s=min(0.5, total_s / 12))
