"""What the providers beside Twilio and the console are set to: frozen, with what holds when nothing is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

HOOK_SECRET_MIN = 22
"""Letters of a secret that stands in an address: 128 bits in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliyunSettings:
    """
    The account at Aliyun's short message service. `templates` names the approved template of each sentence;
    `hook_secret` stands in the address that receipts and replies are pushed to; `uplink_queue` is the queue that keeps
    replies as well.
    """

    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    sign_name: str = ""
    templates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hook_secret: str = field(default="", repr=False)
    base_url: str = "https://dysmsapi.aliyuncs.com"
    uplink_queue: str = ""
    keys_url: str = "https://dybaseapi.aliyuncs.com"
    queue_url: str = "https://1943695596114318.mns.cn-hangzhou.aliyuncs.com"
    total_deadline_s: float = 6.0

    def lacking(self) -> dict[str, str]:
        """What this account cannot send without, or believe: key to remedy."""
        lacks = {}
        if not self.access_key_id:
            lacks["access_key_id"] = "Write the id of an access key that may send short messages and query them."
        if not self.access_key_secret:
            lacks["access_key_secret"] = _secret("ALIYUN__ACCESS_KEY_SECRET", "access_key_secret")
        if not self.sign_name:
            lacks["sign_name"] = "Write the approved signature, without brackets."
        if "offer" not in self.templates:
            lacks["templates"] = 'Write the approved templates by sentence, at least { offer = "SMS_…" }.'
        if len(self.hook_secret) < HOOK_SECRET_MIN:
            lacks["hook_secret"] = f"Draw {HOOK_SECRET_MIN} random letters or more. " + _secret(
                "ALIYUN__HOOK_SECRET", "hook_secret"
            )
        return lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemSettings:
    """
    A GSM modem at a serial port of this machine, or at any pyserial URL. Its SIM must be without a PIN. `country`
    is the calling code of senders that come without one.
    """

    port: str = ""
    baud: int = 115_200
    total_deadline_s: float = 12.0
    country: str = "86"

    def lacking(self) -> dict[str, str]:
        """The port."""
        return {} if self.port else {"port": 'Write the modem\'s serial port, like "/dev/ttyUSB2".'}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """
    A receiver of signed webhooks (Standard Webhooks), where it can be asked what its own may not have brought, and what
    the road behind it can do.
    """

    url: str = ""
    poll_url: str = ""
    secret: str = field(default="", repr=False)
    alternate_secret: str = field(default="", repr=False)
    sms: bool = True
    voice: bool = False
    two_way: bool = True
    urls: bool = True
    receipts: bool = False
    cross_border: bool = False
    total_deadline_s: float = 6.0

    def lacking(self) -> dict[str, str]:
        """Where to, and what proves it."""
        lacks = {}
        if not self.url:
            lacks["url"] = "Write the address that takes messages."
        if not self.secret:
            lacks["secret"] = _secret("WEBHOOK__SECRET", "secret")
        return lacks


def _secret(name: str, key: str) -> str:
    return f"Set ANLING_PROVIDERS__{name}, or name a file in {key}_file."
