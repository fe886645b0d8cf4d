"""
Ways to reach people. The contract stands in `provider.py`.

A line here is all that makes a provider known; `messages.order` in the settings says which are used.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dispatch.messages.providers.aliyun_inbox import aliyun_provider
from dispatch.messages.providers.console import ConsoleProvider
from dispatch.messages.providers.modem import ModemProvider
from dispatch.messages.providers.provider import Provider
from dispatch.messages.providers.twilio import TwilioProvider
from dispatch.messages.providers.webhook_inbox import webhook_provider

# Each is made from the frozen settings that stand in its own file: `TwilioProvider(TwilioSettings(…))`.
PROVIDERS: Mapping[str, Callable[..., Provider]] = MappingProxyType(
    {
        "aliyun": aliyun_provider,
        "console": ConsoleProvider,
        "modem": ModemProvider,
        "twilio": TwilioProvider,
        "webhook": webhook_provider,
    }
)
