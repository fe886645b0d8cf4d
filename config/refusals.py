"""What stops a start although every key of the settings is right: a service that would reach or answer nobody."""

import structlog

from config.callbacks import unfetched, unfound_by_twilio
from config.settings import Settings
from dispatch.errors import Misconfigured
from dispatch.store.database import Engine
from dispatch.store.people import People

log = structlog.get_logger()


def refuse_lacking(settings: Settings) -> None:
    """
    A provider that is named but cannot send stops the start; nothing stands in for it in silence. One that sends and
    cannot call us back is better than none: then the log says what is lost.

    Raises:
        Misconfigured: names the key and the cure.
    """
    if "console" in settings.messages.order and len(settings.messages.order) > 1:
        raise Misconfigured("messages.order", "the console reaches nobody; it cannot stand behind a real provider")
    lacking = settings.lacking()
    if lacking:
        key, cure = next(iter(lacking.items()))
        raise Misconfigured(key, cure)
    if lost := unfound_by_twilio(settings):
        log.warning("provider_cannot_call_back", provider="twilio", lost=lost)
    for provider, key in unfetched(settings).items():
        log.warning("answers_not_fetched", provider=provider, cure=f"set {key}")


def refuse_unknown_stations(settings: Settings, reading: Engine) -> None:
    """
    A gateway whose strangers nobody would answer for stops the start; loading the district is how it is cured.

    Raises:
        Misconfigured: names the gateway.
    """
    with reading.connect() as connection:
        known = {each.code for each in People(connection).stations()}
    for index, each in enumerate(settings.gateways):
        if each.station and each.station not in known:
            place = f"gateways.{index}.station"
            raise Misconfigured(place, f"there is no station '{each.station}'; load the district first")
