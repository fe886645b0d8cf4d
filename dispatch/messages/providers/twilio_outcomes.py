"""What an answer or a failure of Twilio means: which outcome, whose fault, how far a message has come."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]

from dispatch.messages.providers.exchange import Exchange, failed, masked, outcome_of
from dispatch.messages.providers.provider import Blame, Outcome, ReceiptKind, Sent

# Twilio's error codes by whose fault they are (twilio.com/docs/api/errors; section 1.4 of the messaging reference,
# where each has its source). The list grows without notice: a code that is not here is judged by its HTTP status.
_BLAMES: Mapping[str, Blame] = MappingProxyType(
    dict.fromkeys(
        # Number wrong, opted out, not mobile, unreachable, blocked by its owner or its carrier.
        ("21211", "21214", "21217", "21610", "21614", "30003", "30004", "30005", "30006"),
        Blame.RECIPIENT,
    )
    | dict.fromkeys(
        # Token, account, sender, country permission, callback address, text too long, sender not registered, filters.
        ("20003", "20005", "20404", "21210", "21212", "21215", "21219", "21408", "21603", "21605", "21606", "21608",
         "21609", "21617", "21659", "30002", "30007", "30034", "30450", "30610", "30640"),
        Blame.CONFIG,
    )
    | dict.fromkeys(
        # Queue full, no route, expired in their queue, their own failures.
        ("20429", "20500", "21611", "21612", "30001", "30008", "30036", "30410", "30500"),
        Blame.PROVIDER,
    )
)  # fmt: skip

# Statuses of a message (MESSAGING 1.2) and of a call (1.8). A call that is completed was answered and heard, no more:
# nobody has accepted anything without a key press.
_KINDS: Mapping[str, ReceiptKind] = MappingProxyType(
    {
        "accepted": ReceiptKind.QUEUED,
        "scheduled": ReceiptKind.QUEUED,
        "queued": ReceiptKind.QUEUED,
        "sending": ReceiptKind.QUEUED,
        "sent": ReceiptKind.SENT,
        "partially_delivered": ReceiptKind.SENT,
        "delivered": ReceiptKind.DELIVERED,
        "read": ReceiptKind.DELIVERED,
        "undelivered": ReceiptKind.UNDELIVERED,
        "failed": ReceiptKind.FAILED,
        "canceled": ReceiptKind.FAILED,
        "initiated": ReceiptKind.QUEUED,
        "ringing": ReceiptKind.SENT,
        "answered": ReceiptKind.SENT,
        "in-progress": ReceiptKind.SENT,
        "completed": ReceiptKind.DELIVERED,
        "busy": ReceiptKind.UNDELIVERED,
        "no-answer": ReceiptKind.UNDELIVERED,
    }
)

CALL = "CA"
"""How the sids of calls begin; those of messages begin with SM or MM."""

OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
"""Statuses of a call after which nobody can press a key or talk any more (MESSAGING 1.8)."""


def kind_of(status: str) -> ReceiptKind:
    """How far a message or a call has come; a status that we do not know claims the least."""
    return _KINDS.get(status, ReceiptKind.QUEUED)


def blame_of(code: str | None, http_status: int | None = None) -> Blame:
    """Whose fault an error is. An unknown code never condemns a recipient's number."""
    by_status = Blame.CONFIG if http_status in (401, 403, 404) else Blame.PROVIDER
    return _BLAMES.get(code or "", by_status)


def taken(made: Any, http_status: int | None) -> Sent:
    """What Twilio made of it: UNKNOWN when its answer has no sid to find it again by."""
    if not isinstance(made.sid, str) or not made.sid:
        return Sent(outcome=Outcome.UNKNOWN, http_status=http_status, blame=Blame.PROVIDER, detail="no sid in answer")
    status = str(made.status or "queued")
    code = getattr(made, "error_code", None)
    return Sent(
        outcome=Outcome.TAKEN,
        provider_id=made.sid,
        status=status,
        kind=kind_of(status),
        code=None if code is None else str(code),
        http_status=http_status,
        over=made.sid.startswith(CALL) and status in OVER,
    )


def judge(error: Exception, exchange: Exchange) -> Sent:
    """
    What is certain after a call that failed.

    `error` is what Twilio's client raised: a TwilioException (which has two unrelated heirs), a requests exception, or
    one of ours. The HTTP status is taken from the wire, never from the error's code: for a body that is not JSON the
    client puts the HTTP status in the place of the code.
    """
    if isinstance(error, TwilioException) and exchange.status is not None:
        return _answered(error, exchange.status, exchange.retry_after_s)
    return failed(error, exchange)


def code_of(error: Exception, status: int | None) -> str | None:
    """Twilio's error code as text; None where the client only repeats the HTTP status."""
    code = getattr(error, "code", None)
    return None if code is None or str(code) == str(status) else str(code)


def _answered(error: Exception, status: int, retry_after_s: float | None) -> Sent:
    code = code_of(error, status)
    return Sent(
        # 429: "never processed and always safe to retry", says Twilio of 20429.
        outcome=outcome_of(status),
        code=code,
        http_status=status,
        blame=blame_of(code, status),
        detail=masked(str(getattr(error, "msg", None) or getattr(error, "detail", None) or "")),
        retry_after_s=retry_after_s,
    )
