"""
Which report belongs to which attempt: the network knows a part only by a number of one octet, which comes round again.

So a report counts for what was sent to that number within `REPEATS_S`, the latest first (3GPP TS 23.040, 9.2.3.6). In
memory only: after a restart the reports of before mean nothing any more, and no escalation waits for them.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.ids import AttemptId
from dispatch.messages.modem.pdu import Report
from dispatch.messages.providers.provider import Blame, Receipt, ReceiptKind

REPEATS_S = 3600.0
"""256 numbers at ten parts a minute come round after 25 minutes at the soonest; a report an hour late is nobody's."""

FLIGHTS_MAX = 256
_COMPARED = 8
"""Last digits of a number that must agree: networks write the beginning in their own way."""

_STILL_TRIES, _GIVEN_UP = 0x20, 0x40


@dataclass(slots=True)
class _Flight:
    """One text under way; `waiting` are the numbers of parts that nobody has told of yet."""

    attempt_id: AttemptId
    to: str
    provider_id: str
    waiting: set[int]
    at_s: float


class Flights:
    """Texts under way. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: deque[_Flight] = deque(maxlen=FLIGHTS_MAX)

    def leave(self, attempt_id: AttemptId, to: str, numbers: Sequence[int], at_s: float) -> str:
        """A text left, its parts under these numbers; the name by which it is known from now on."""
        provider_id = f"{attempt_id}/{'.'.join(map(str, numbers))}"[:80]
        with self._lock:
            self._flights.appendleft(_Flight(attempt_id, to, provider_id, set(numbers), at_s))
        return provider_id

    def arrive(self, report: Report, now_s: float) -> Receipt | None:
        """What a report says of a whole text: delivered when the last part is, lost with the first that is lost."""
        with self._lock:
            flight = next((each for each in self._flights if _belongs(report, each, now_s)), None)
            if flight is None:
                return None
            if report.status < _STILL_TRIES:
                flight.waiting.discard(report.reference)
                return None if flight.waiting else _receipt(flight, ReceiptKind.DELIVERED, None)
            if report.status < _GIVEN_UP:
                return _receipt(flight, ReceiptKind.SENT, f"st-{report.status}")
            flight.waiting.clear()
            return _receipt(flight, ReceiptKind.UNDELIVERED, f"st-{report.status}")


def _belongs(report: Report, flight: _Flight, now_s: float) -> bool:
    same = flight.to[-_COMPARED:] == report.number[-_COMPARED:]
    return same and report.reference in flight.waiting and now_s - flight.at_s < REPEATS_S


def _receipt(flight: _Flight, kind: ReceiptKind, code: str | None) -> Receipt:
    return Receipt(
        key=f"{flight.provider_id}:{kind}:{code or ''}",
        kind=kind,
        provider_id=flight.provider_id,
        attempt_id=flight.attempt_id,
        status=kind.value,
        code=code,
        blame=Blame.RECIPIENT if kind is ReceiptKind.UNDELIVERED else None,
    )
