"""
Replies to Aliyun that no push brought, out of the queue in which it keeps them too.

Their HTTP interface of short messages has no query for replies (SmsUp); their message queue (MNS, version 2015-06-06)
does, where the account has subscribed to it: its console names the queue, like `Alicom-Queue-1234567890-SmsUp`.

```
  POST dybaseapi   QueryTokenForMnsQueue           keys for a while, signed like every request
  GET  mns         /queues/<queue>/messages        up to sixteen; hidden from others for the queue's time
  DELETE mns       /queues/<queue>/messages        once they are kept here
```

What is not deleted shows again, so that a crash in between loses no answer. (help.aliyun.com: SmsUp by MNS;
BatchReceiveMessage, BatchDeleteMessage, signatures of MNS.)
"""

import base64
import binascii
import hashlib
import hmac
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

MESSAGES_MAX = 16
"""The most that one request gives; MNS, BatchReceiveMessage."""

EMPTY = 404
"""How MNS says that nothing is there (MessageNotExist)."""

_SPACE = "http://mns.aliyuncs.com/doc/v1/"
_XML = "text/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Keys that open the queue for a while."""

    key_id: str
    secret: str
    security_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One message of the queue: `handle` deletes it, `at` is when it was put there, `item` what a push would say."""

    handle: str
    at: datetime
    item: Mapping[str, Any]


def token_of(said: Mapping[str, Any]) -> Token | None:
    """The keys in an answer to QueryTokenForMnsQueue; None where there are none."""
    told = said.get("MessageTokenDTO")
    told = told if isinstance(told, dict) else {}
    words = [told.get(name) for name in ("AccessKeyId", "AccessKeySecret", "SecurityToken")]
    if said.get("Code") != "OK" or not all(isinstance(word, str) and word for word in words):
        return None
    return Token(key_id=str(words[0]), secret=str(words[1]), security_token=str(words[2]))


def signed(token: Token, method: str, resource: str, at: datetime) -> dict[str, str]:
    """The headers of a request that MNS believes. `resource` is path and query; `at` may be off by 15 minutes."""
    date = format_datetime(at.astimezone(UTC), usegmt=True)
    own = {"x-mns-version": "2015-06-06"}
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(own.items()))
    told = f"{method}\n\n{_XML}\n{date}\n{lines}{resource}"
    mac = base64.b64encode(hmac.new(token.secret.encode(), told.encode(), hashlib.sha1).digest()).decode()
    return own | {
        "Authorization": f"MNS {token.key_id}:{mac}", "Content-Type": _XML, "Date": date,
        "security-token": token.security_token,
    }  # fmt: skip


def receiving(queue: str) -> str:
    """Path and query of a request for messages. It does not wait for any: asking is what the reconciler does anyway."""
    return f"/queues/{queue}/messages?numOfMessages={MESSAGES_MAX}&waitseconds=0"


def deleting(queue: str) -> str:
    """Path of a request that deletes messages."""
    return f"/queues/{queue}/messages"


def handles(queued: Sequence[Queued]) -> bytes:
    """The body of a request that deletes these."""
    told = "".join(f"<ReceiptHandle>{escape(each.handle)}</ReceiptHandle>" for each in queued)
    return f'<ReceiptHandles xmlns="{_SPACE}">{told}</ReceiptHandles>'.encode()


def queued_in(text: str, ours: Callable[[datetime], datetime]) -> list[Queued] | None:
    """
    The messages in an answer; None when it is not such an answer. `ours` makes of their time ours. What cannot be read
    has an empty item: it goes like the others, for it will never be read.
    """
    if "<!" in text:
        return None
    try:
        root = ET.fromstring(text)  # noqa: S314  Without a document type there is nothing that could be expanded.
    except ET.ParseError:
        return None
    if root.tag.rpartition("}")[2] != "Messages":
        return None
    found = (_queued(each, ours) for each in root.findall("{*}Message"))
    return [each for each in found if each is not None]


def _queued(message: ET.Element, ours: Callable[[datetime], datetime]) -> Queued | None:
    handle, since = message.findtext("{*}ReceiptHandle"), message.findtext("{*}EnqueueTime")
    try:
        at = datetime.fromtimestamp(int(since or "") / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Queued(handle=handle, at=ours(at), item=_item(message.findtext("{*}MessageBody") or "")) if handle else None


def _item(body: str) -> Mapping[str, Any]:
    """The body as JSON; some of their clients put base64 around it."""
    for text in (body, _unpacked(body)):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict):
            return told
    return {}


def _unpacked(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
