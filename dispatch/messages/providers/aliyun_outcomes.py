"""What Aliyun's codes mean: which outcome, whose fault, how far a text has come."""

from collections.abc import Mapping
from types import MappingProxyType

from dispatch.messages.providers.exchange import Answered, Exchange, masked, outcome_of
from dispatch.messages.providers.provider import Blame, Outcome, ReceiptKind, Sent

_THROTTLED = ("Throttling",)
"""Their gateway's own limit: refused before anything was done with it."""

_DOUBTFUL = frozenset(
    {"isp.SYSTEM_ERROR", "isp.UNKNOWN", "isp.GATEWAY_ERROR", "ServiceUnavailable", "InternalError", "ServiceTimeout"}
)
"""Failures of theirs behind which the text may have gone on."""

# Business errors come as HTTP 200 with another Code than OK (help.aliyun.com: error codes of the short message service;
# section 6.2 of the messaging reference). The list grows without notice: what is not here is judged by its beginning.
_BLAMES: Mapping[str, Blame] = MappingProxyType(
    dict.fromkeys(
        # The number itself; more texts to this number than a day allows; its owner wants none.
        ("isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.BUSINESS_LIMIT_CONTROL",
         "isv.BLACK_LIST", "isv.MOBILE_IN_BLACK_LIST"),
        Blame.RECIPIENT,
    )
    | dict.fromkeys(_DOUBTFUL, Blame.PROVIDER)
)  # fmt: skip

# What the carrier said, as a receipt has it in err_code. What is not here is nobody's fault for certain.
_LOST: Mapping[str, Blame] = MappingProxyType(
    dict.fromkeys(
        ("MOBILE_NOT_ON_SERVICE", "NOT_ON_SERVICE", "MOBILE_ACCOUNT_ABNORMAL", "MOBILE_IN_BLACK", "USER_REJECT",
         "MOBILE_TERMINAL_ERROR", "INVALID_NUMBER", "MOBILE_SEND_LIMIT", "PHONE_NUMBER_ILLEGAL"),
        Blame.RECIPIENT,
    )
    | dict.fromkeys(("CONTENT_KEYWORD", "CONTENT_ERROR", "REQUEST_SUCCESS", "SIGN_ERROR"), Blame.CONFIG)
)  # fmt: skip

_SEND_STATUS = {1: ReceiptKind.SENT, 2: ReceiptKind.UNDELIVERED, 3: ReceiptKind.DELIVERED}
"""SendStatus of QuerySendDetails: waiting for the carrier, failed, arrived."""


def judge(answered: Answered, exchange: Exchange) -> Sent:
    """What became of a SendSms that was answered."""
    code = str(answered.said.get("Code") or "")[:40]
    biz_id = answered.said.get("BizId")
    if answered.status < 300 and code == "OK":
        return _taken(biz_id, answered.status)
    return Sent(
        outcome=_outcome(answered.status, code),
        code=code or None,
        http_status=answered.status,
        blame=blame_of(code),
        detail=masked(str(answered.said.get("Message") or "")),
        retry_after_s=exchange.retry_after_s,
    )


def blame_of(code: str) -> Blame:
    """Whose fault a code of SendSms is: `isv` is ours by its name, but no unknown code condemns a number."""
    if code.startswith(_THROTTLED) or not code:
        return Blame.PROVIDER
    return _BLAMES.get(code, Blame.CONFIG)


def lost_for(code: str) -> Blame | None:
    """Whose fault it is that a text did not arrive, by the carrier's code; None where it does not say."""
    return _LOST.get(code)


def kind_of(send_status: object) -> ReceiptKind:
    """How far a text has come; what we do not know claims the least."""
    return _SEND_STATUS.get(send_status, ReceiptKind.QUEUED) if isinstance(send_status, int) else ReceiptKind.QUEUED


def _taken(biz_id: object, status: int) -> Sent:
    if not isinstance(biz_id, str) or not biz_id:
        detail = "no BizId in answer"
        return Sent(outcome=Outcome.UNKNOWN, http_status=status, blame=Blame.PROVIDER, detail=detail)
    return Sent(
        outcome=Outcome.TAKEN, provider_id=biz_id[:80], status="OK", kind=ReceiptKind.QUEUED, http_status=status
    )


def _outcome(status: int, code: str) -> Outcome:
    if code.startswith(_THROTTLED):
        return Outcome.NOT_SENT
    if code in _DOUBTFUL or (not code and status < 400):
        return Outcome.UNKNOWN
    return Outcome.REFUSED if status < 400 else outcome_of(status)
