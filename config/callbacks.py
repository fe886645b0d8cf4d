"""Whether providers that call back can find us; what is lost otherwise is said at the start and by the doctor."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from config.settings import Settings

REMEDY = "Set web.public_url to the address of these pages as the internet sees it, like https://anling.example."


def unfound_by_twilio(settings: Settings) -> str:
    """
    What Twilio cannot tell us, because `web.public_url` is empty or leads to a machine that it cannot reach; nothing
    where all is well, and where its stand-in is as near as we are.
    """
    if "twilio" not in settings.messages.order or not _is_far(settings.providers.twilio.base_url):
        return ""
    if _is_far(settings.web.base_url):
        return ""
    polled = f"are asked for every {settings.messages.poll_s:g} s" if settings.messages.poll_s > 0 else "are lost"
    return (
        f"{settings.web.base_url} is nowhere that Twilio can reach: receipts come late (they are asked for), "
        f"answers by text {polled}, calls only tell and ask for no key, calls that ring in are lost, and no link in a "
        "text opens"
    )


def unfetched(settings: Settings) -> Mapping[str, str]:
    """
    The providers in use whose answers are lost where a webhook is lost, each with the key that has them fetched.
    Those of Twilio and of the modem are fetched without one.
    """
    said = settings.providers
    asked = {
        "aliyun": ("uplink_queue", said.aliyun.uplink_queue),
        "webhook": ("poll_url", said.webhook.poll_url or not said.webhook.two_way),
    }
    used = (each for each in settings.messages.order if each in asked and not asked[each][1])
    return {name: f"providers.{name}.{asked[name][0]}" for name in used}


def _is_far(url: str) -> bool:
    """Whether an address may be reached from elsewhere: no name of this machine, none of a network at home."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host.rstrip(".") and not host.endswith((".localhost", ".local", ".lan", ".internal"))
