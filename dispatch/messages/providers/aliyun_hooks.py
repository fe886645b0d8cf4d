"""
What Aliyun pushes: receipts (SmsReport) and replies (SmsUp), as JSON arrays, with nothing signed.

So the address has a secret in it (`/hooks/aliyun/reply?k=…`), and goes over TLS. They want an answer within 700 ms and
come again after 1, 5 and 10 minutes; a copy has the same number of its own (help.aliyun.com, SmsUp and SmsReport).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers.aliyun_outcomes import lost_for
from dispatch.messages.providers.provider import Answer, Forged, Heard, Hook, Inbound, Receipt, ReceiptKind

SECRET_MIN = 22
"""Letters of the secret: so many of base64 are 128 bits."""

_JSON = "application/json; charset=utf-8"
_TAKEN = Answer(body='{"code":0,"msg":"ok"}', content_type=_JSON)
_AGAIN = Answer(body='{"code":1,"msg":"again"}', content_type=_JSON, status=503)
_ATTEMPT = re.compile(r"[0-9a-f-]{1,40}")
_Item = TypeVar("_Item")


class AliyunHooks:
    """Reads pushes that know the secret."""

    def __init__(self, secret: str) -> None:
        """An empty or short secret believes nobody."""
        self._secret = secret if len(secret) >= SECRET_MIN else ""

    def hear(self, hook: Hook) -> Heard:
        """
        Kinds `receipt` and `reply`.

        Raises:
            Forged: without the secret.
            Invalid: with it, but no array of objects, or a field that we need is not there.
        """
        given = dict(parse_qsl(urlsplit(hook.url).query)).get("k", "")
        if not self._secret or not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise Forged("The secret of the address is missing or wrong.")
        if hook.kind == "receipt":
            return Heard(receipts=_each(_receipt, hook.body), answer=_TAKEN, not_kept=_AGAIN)
        if hook.kind == "reply":
            return Heard(replies=_each(reply_of, hook.body), answer=_TAKEN, not_kept=_AGAIN)
        raise Invalid(f"Aliyun has no hook of the kind {hook.kind[:20]!r}.")


def e164(number: str) -> str:
    """A number as they write it ("13800000001", "8613800000001") in E.164."""
    digits = number.removeprefix("+")
    return f"+{digits}" if digits.startswith("86") and len(digits) == 13 else f"+86{digits}"


def _items(body: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The push is not JSON.") from None
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise Invalid("The push is no array of objects.")
    return told


def _each(read: Callable[[Mapping[str, Any]], _Item], body: bytes) -> tuple[_Item, ...]:
    """Every item that can be read: one that cannot must not cost the acceptance beside it."""
    read_well: list[_Item] = []
    wrong: Invalid | None = None
    for item in _items(body):
        try:
            read_well.append(read(item))
        except Invalid as error:
            wrong = error
    if wrong is not None and not read_well:
        raise wrong
    return tuple(read_well)


def _receipt(item: Mapping[str, Any]) -> Receipt:
    biz_id, out_id = _needed(item, "biz_id"), str(item.get("out_id") or "")
    arrived = item.get("success") is True
    code = str(item.get("err_code") or "")[:40]
    kind = ReceiptKind.DELIVERED if arrived else ReceiptKind.UNDELIVERED
    return Receipt(
        key=f"{biz_id[:80]}:{kind}:{code}",
        kind=kind,
        provider_id=biz_id[:80],
        attempt_id=AttemptId(out_id) if _ATTEMPT.fullmatch(out_id) else None,
        status=kind.value,
        code=None if arrived else code or None,
        blame=None if arrived else lost_for(code),
    )


def reply_of(item: Mapping[str, Any]) -> Inbound:
    """
    One reply as they say it, in a push and in their queue alike.

    Raises:
        Invalid: a field that we need is not there.
    """
    number, text = _needed(item, "phone_number"), item.get("content")
    if not isinstance(text, str):
        raise Invalid("The reply has no content.", {"content": "missing"})
    return Inbound(key=_key(item, number, text), sender=e164(number)[:20], text=text)


def _key(item: Mapping[str, Any], number: str, text: str) -> str:
    """Their number of the reply; where they say none, what was said, by whom and when."""
    sequence = item.get("sequence_id")
    # By one page of theirs it is a number, by another a double, by the oldest a text: it is the same reply.
    if isinstance(sequence, float) and sequence.is_integer():
        sequence = int(sequence)
    if sequence:
        return str(sequence)[:80]
    told = f"{number}:{item.get('send_time')}:{item.get('dest_code')}:{text}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _needed(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(f"The push has no {name}.", {name: "missing"})
    return value
