"""
Forwarding: one lane of the spool to the service, in order, at least once, for as long as it takes.

```
  greet ──► how far do you have it? ──► batch ──► post ──► 200: held ──► next batch, or a beat when there is none
                                          ▲        └──► no answer, 401, 5xx: wait, longer each time, then the same again
                                          └── smaller ◄──── 422: something in it is not understood
```
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from devices.link import Answer, Link, Unreached
from devices.spool import Kept, Lane, Spool, age_s
from devices.spool_file import SpoolBroken
from devices.wire import EARLIEST, EDGE, LATEST
from dispatch.clock import Clock, Instant
from dispatch.rules.signal import Event

BATCH_MAX = 200
"""Signals of one exchange: few enough that whoever comes next does not wait a second, on a slow line neither."""

BATCH_BYTES_MAX = 200_000
BEAT_S = 10.0
"""So often an edge with nothing to say lets the service know that it is there, and hears what the service has."""

BACKOFF_S = 0.5
BACKOFF_MAX_S = 8.0
"""Between two tries: doubled each time, and drawn between half of that and all of it, lest all edges come at once."""

REGISTER_S = 3600.0
"""So often the service is asked what is registered, so that people can be told by whom they were called without it."""

OLDER = "older"
"""Why nothing was lost and everything is numbered anew: the disk was put back from a copy."""

TWIN = "twin"
"""The same, because another edge goes on from a copy of this one's disk."""

MISSING = "missing"
"""Records that were kept are not on the disk any more, and nobody knows what they were."""

NOT_UNDERSTOOD = frozenset({400, 413, 422})

_log = structlog.get_logger()


class Contact:
    """
    Whether the service can be reached, as told by the lane of calls. Written by one thread, read by others.

    All times are steady seconds.
    """

    def __init__(self) -> None:
        self.reached_s: float | None = None
        self.failing_s: float | None = None
        self.trying_s: float | None = None
        self.reason = ""

    def begin(self, now_s: float) -> None:
        """An exchange begins; until it is over it may turn out to have been the beginning of a silence."""
        self.trying_s = now_s

    def reach(self, now_s: float) -> None:
        """The service has what it was sent."""
        self.reached_s, self.failing_s, self.trying_s, self.reason = now_s, None, None, ""

    def miss(self, reason: str) -> None:
        """The service did not answer, or did not take what it was sent."""
        if self.failing_s is None:
            self.failing_s = self.trying_s
        self.trying_s, self.reason = None, reason

    def silent_s(self, now_s: float) -> float:
        """For how long nothing has got through: since the first of the exchanges that failed, or that still hangs."""
        since = self.failing_s if self.failing_s is not None else self.trying_s
        return 0.0 if since is None else now_s - since


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A record that will never reach the service as it was, and why; `body` is empty where not even that is known."""

    why: str
    body: str


class Forwarder:
    """
    Serves one lane. `step` is one exchange; `run` repeats it in a thread of its own until told to stop.

    Promises: records go in order; a record is let go only when the service says that it has it; a record that the
    service refuses does not stop those behind it, and is told of; when the service says that it has less than before,
    what it lacks is sent again.
    """

    def __init__(
        self,
        name: str,
        lane: Lane,
        spool: Spool,
        link: Link,
        clock: Clock,
        *,
        contact: Contact,
        draw: Callable[[], float],
        status: Callable[[], Mapping[str, Any]] | None = None,
        protocols: Collection[str] = (),
        on_lost: Callable[[Lost], None],
    ) -> None:
        """
        `name` is the edge's; `draw` gives numbers from 0 to 1 for the jitter; `status` is told with each beat, and the
        register of `protocols` asked for, by one lane only; `on_lost` is told of what cannot be delivered.
        """
        self._name, self._lane, self._spool, self._link, self._clock = name, lane, spool, link, clock
        self._contact = contact
        self._draw = draw
        self._status = status
        self._on_lost = on_lost
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"forwarder {lane}", daemon=True)
        self._greeted = self._counted = False
        self._last_at_start = self._sent = spool.last(lane)
        self._most = BATCH_MAX
        self._misses = self._stuck = 0
        self._beat_due_s = 0.0
        self._protocols = sorted(protocols)
        self._register_due_s = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the exchange under way, at most a second later from the caller's view."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(1.0)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def ring(self) -> None:
        """Something new waits: do not wait any longer."""
        self._bell.set()

    def beat(self) -> None:
        """Something changed that the board shows: let the service know now."""
        self._beat_due_s = 0.0
        self._bell.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared before looking: what comes while the exchange is under way rings again.
            self._bell.clear()
            try:
                wait_s = self.step()
            except SpoolBroken as broken:
                _log.error("spool_broken", lane=str(self._lane), reason=str(broken))
                wait_s = BACKOFF_MAX_S
            if wait_s > 0:
                self._bell.wait(wait_s)

    # ------------------------------------------------------------------------------------------------ one exchange

    def step(self) -> float:
        """One exchange, if there is anything to say or a beat is due; the seconds until the next one is."""
        now_s = self._clock.look().steady_s
        self._look_for_gaps()
        kept = self._next() if self._greeted else []
        if self._greeted and not kept and now_s < self._beat_due_s:
            return self._beat_due_s - now_s
        self._contact.begin(now_s)
        sent, self._sent = self._sent, max([self._sent, *(each.seq for each in kept)])
        try:
            answer = self._link.post(self._body(kept))
        except Unreached as lost:
            return self._miss(str(lost))
        if answer.status == 200:
            return self._reach(answer, kept, sent)
        if answer.status in NOT_UNDERSTOOD and (kept or self._status):
            return self._refused(answer, kept)
        return self._miss(f"the service answers {answer.status}", at_least_s=answer.retry_after_s)

    def _look_for_gaps(self) -> None:
        """Once: of the calls that wait, as many must be there as were numbered."""
        missing = 0 if self._counted or self._lane is Lane.NEWS else self._spool.missing(self._lane)
        self._counted = True
        if missing > 0:
            _log.error("signals_missing", lane=str(self._lane), signals=missing)
            self._on_lost(Lost(why=MISSING, body=""))

    def _next(self) -> list[Kept]:
        """The next records; one that the disk has changed says so in its place."""
        while True:
            kept = self._spool.batch(self._lane, most=self._most, most_bytes=BATCH_BYTES_MAX)
            damaged = next((each for each in kept if each.body is None), None)
            if damaged is None:
                return kept
            self._give_up(damaged, "damaged", "")

    def _body(self, kept: Sequence[Kept]) -> dict[str, Any]:
        now = self._clock.look()
        signals = [_signal(each, now) for each in kept]
        body = {
            "gateway": self._name,
            "epoch": self._spool.epoch(self._lane),
            "after": self._spool.held(self._lane),
            "signals": signals,
        }
        if self._protocols and now.steady_s >= self._register_due_s:
            body["ask_register"] = self._protocols
        if self._status is not None and now.steady_s >= self._beat_due_s:
            body["status"] = dict(self._status())
        elif not kept:
            body["status"] = {}
        return body

    def _reach(self, answer: Answer, kept: Sequence[Kept], sent: int) -> float:
        now_s = self._clock.look().steady_s
        before = self._spool.held(self._lane)
        held = answer.body.get("held")
        if not isinstance(held, int):
            # Half an answer, or somebody else's page: who does not say what it holds, holds nothing.
            return self._miss("the answer is not one of our service")
        if self._greeted and held < before:
            _log.error("service_has_less", lane=str(self._lane), held=held, before=before)
        known = answer.body.get("held_before")
        if self._is_ours(held, known if isinstance(known, int) else 0, sent):
            self._spool.hold(self._lane, held)
        self._greeted = True
        self._learn(answer, now_s)
        self._beat_due_s = now_s + BEAT_S
        self._stuck = self._stuck + 1 if kept and held < kept[0].seq else 0
        if self._stuck > 1:
            return self._miss("the service does not take what it is sent")
        if self._misses:
            _log.info("service_reached", lane=str(self._lane), held=held)
        self._contact.reach(now_s)
        self._misses, self._most = 0, min(BATCH_MAX, 2 * self._most)
        return 0.0 if self._next() else BEAT_S

    def _is_ours(self, held: int, known: int, sent: int) -> bool:
        """
        Whether what the service holds, and held before this exchange (`known`), can have come from here, where numbers
        up to `sent` were sent before it.

        A service that has more of this epoch than was ever numbered here, before anything is sent, knows a later state
        of this spool (a disk was put back from a copy); later on, somebody else goes on from a copy of it. Either way
        new numbers would look like repetitions there, so they begin anew.
        """
        if held <= self._sent and known <= sent:
            return True
        self._spool.begin_anew(self._lane)
        if self._greeted:
            _log.error("spool_has_a_twin", lane=str(self._lane), held=held, known=known, sent=sent)
        else:
            _log.error("spool_is_older", lane=str(self._lane), held=held, last=self._last_at_start)
        self._sent = 0
        self._on_lost(Lost(why=TWIN if self._greeted else OLDER, body=""))
        return False

    def _miss(self, reason: str, *, at_least_s: float = 0.0) -> float:
        if not self._misses:
            _log.warning("service_not_reached", lane=str(self._lane), reason=reason)
        self._contact.miss(reason)
        self._misses += 1
        longest_s = min(BACKOFF_MAX_S, BACKOFF_S * 2.0 ** min(self._misses - 1, 10))
        return max(at_least_s, longest_s * (1 + self._draw()) / 2)

    # ------------------------------------------------------------------------------------------------ what is refused

    def _refused(self, answer: Answer, kept: Sequence[Kept]) -> float:
        """Without its status first, then by halves, until one is left: that one is the one not understood."""
        if self._status is not None:
            _log.error("status_refused", errors=_errors(answer))
            self._status = None
            return 0.0
        if len(kept) > 1:
            self._most = (len(kept) + 1) // 2
            return 0.0
        self._give_up(kept[0], "refused", _errors(answer))
        return 0.0

    def _give_up(self, kept: Kept, what: str, why: str) -> None:
        """Its number is kept by a word about what happened, so that those behind it go on without a gap."""
        _log.error("signal_given_up", lane=str(self._lane), seq=kept.seq, what=what, errors=why, body=kept.body)
        body = {
            "protocol": EDGE, "receiver": self._name, "device": self._name, "event": str(Event.GATEWAY_INFO),
            "explicit": False, "fields": {"what": what, "seq": kept.seq},
        }  # fmt: skip
        self._spool.replace(self._lane, kept.seq, json.dumps(body))
        self._on_lost(Lost(why=what, body=kept.body or ""))

    def _learn(self, answer: Answer, now_s: float) -> None:
        register = answer.body.get("register")
        if isinstance(register, dict):
            self._spool.learn(register)
            self._register_due_s = now_s + REGISTER_S


def _signal(kept: Kept, now: Instant) -> dict[str, Any]:
    """A record as it is sent: its number, how long ago it was heard, and when that was by this clock."""
    ago_s = age_s(kept.heard, now)
    at = min(max(now.wall.timestamp() - ago_s, EARLIEST.timestamp()), LATEST.timestamp())
    said: dict[str, Any] = json.loads(kept.body or "{}")
    received_at = EARLIEST.fromtimestamp(at, EARLIEST.tzinfo).isoformat()
    return said | {"seq": kept.seq, "age_s": round(ago_s, 3), "received_at": received_at}


def _errors(answer: Answer) -> str:
    return json.dumps(answer.body.get("errors", answer.body.get("detail", "")))[:500]
