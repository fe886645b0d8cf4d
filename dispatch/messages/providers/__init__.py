"""
Ways to reach people. The contract stands in `provider.py`.

A line here is all that makes a provider known; `messages.order` in the settings says which are used.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from dispatch.messages.providers.provider import Provider


def _aliyun(settings: Any) -> Provider:
    from dispatch.messages.providers.aliyun_inbox import aliyun_provider

    return aliyun_provider(settings)


def _console(settings: Any) -> Provider:
    from dispatch.messages.providers.console import ConsoleProvider

    return ConsoleProvider(settings)


def _modem(settings: Any) -> Provider:
    from dispatch.messages.providers.modem import ModemProvider

    return ModemProvider(settings)


def _twilio(settings: Any) -> Provider:
    from dispatch.messages.providers.twilio import TwilioProvider

    return TwilioProvider(settings)


def _webhook(settings: Any) -> Provider:
    from dispatch.messages.providers.webhook_inbox import webhook_provider

    return webhook_provider(settings)


# Each is made from the frozen settings that stand in its own file: `TwilioProvider(TwilioSettings(…))`. A file is read
# when its provider is made: those that nobody uses would cost each start, and each command, a tenth of a second.
PROVIDERS: Mapping[str, Callable[[Any], Provider]] = MappingProxyType(
    {"aliyun": _aliyun, "console": _console, "modem": _modem, "twilio": _twilio, "webhook": _webhook}
)
