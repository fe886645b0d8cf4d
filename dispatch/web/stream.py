"""
The board's live channel: server-sent events of the record, a beat that proves the line, and who is listening.

    retry: 2000 ──► what was missed since Last-Event-ID, or `reset` ──► entry · entry · beat · entry …

The stream is a hint and the snapshot is the truth: a board reads the snapshot on every connection.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, stream_with_context

from dispatch.clock import Clock, SystemClock
from dispatch.errors import Busy, Invalid
from dispatch.review import Review
from dispatch.rules import people
from dispatch.rules.rights import Area, Right
from dispatch.siren import Consoles
from dispatch.web.access import area, may, require, signed_in, still_signed_in
from dispatch.web.api import PREFIX
from dispatch.web.rendered import Fresh
from dispatch.web.schemas import NAME_MAX

BEAT_S = 5.0
"""A board that hears no beat for 12 s says so across its whole width (ECOSYSTEM, 5.3)."""

LOOK_S = 1.0
"""Without a ring the record is looked at after this time: a ring may be missed, an entry not."""

REPLAY_MAX = 500
"""A board that missed more than this reads the snapshot instead."""

PIECE = 100
RETRY_MS = 2000
_BARE = ("number", "at", "kind", "alarm")

QUIET_S = 0.5
"""So long nothing is written to a stream that has nothing to hear, however often the bell rings."""

APART_S = 0.1
"""What happens within this time is told in one go: fifty streams that look after every commit would do nothing else."""

Plain = dict[str, Any]


class Bell:
    """Wakes every stream at once when something was committed. May be rung from any thread; it costs nothing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = 0
        self.stopped = False

    @property
    def rung(self) -> int:
        """How often it was rung: to be read before looking, and handed to `wait` after."""
        return self._rung

    def ring(self) -> None:
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self, rung: int, timeout_s: float) -> None:
        """Returns once it was rung more often than `rung`, was stopped, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != rung or self.stopped, timeout_s)

    def stop(self) -> None:
        """Ends every stream, so that the service can."""
        self.stopped = True
        self.ring()


class _Slots:
    """How many streams may be open at once: each of them keeps a thread, and the hooks need some as well."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    def take(self) -> Callable[[], None]:
        """
        One of them; gives back how to free it, which may be called more than once.

        Raises:
            Busy: all are taken.
        """
        if not self._free.acquire(blocking=False):
            raise Busy("Too many boards are open; try again.")
        once = threading.Lock()

        def release() -> None:
            if once.acquire(blocking=False):
                self._free.release()

        return release


def stream_blueprint(review: Review, bell: Bell, clock: Clock, consoles: Consoles, *, streams_max: int) -> Blueprint:
    """
    `GET /api/v1/stream` and `/events` (the same), and `POST /api/v1/consoles`, for operators.

    A stream replays what came after `Last-Event-ID`, ends with its session, and is refused with 503 when `streams_max`
    are open. A console says every 15 s `{"console": name, "sound": whether it could ring}`.
    """
    bp = Blueprint("stream", __name__)
    slots = _Slots(streams_max)
    shared = _Shared(review, bell)

    @bp.get(f"{PREFIX}/stream")
    @bp.get("/events", endpoint="events")
    @require(Right.ALARMS_SEE)
    def stream() -> Response:
        after = _after(request.headers.get("Last-Event-ID"))
        release = slots.take()
        ear = _Ear(area(), reads_record=may(Right.RECORD_SEE))
        told = _Told(review, shared, bell, clock, still_signed_in, ear).events(after)
        answer = Response(stream_with_context(told), content_type="text/event-stream; charset=utf-8")
        # Not in the generator: one that was never begun never comes to its end.
        answer.call_on_close(release)
        answer.headers.update({"X-Accel-Buffering": "no", "Cache-Control": "no-store"})
        return answer

    @bp.post(f"{PREFIX}/consoles")
    @require(Right.ALARMS_SEE)
    def present() -> Plain:
        console, sound = _presence(request.get_json(silent=True))
        consoles.present(console, people.operator(signed_in().id), sound=sound)
        return {"console": console, "sounding": consoles.sounding()}

    return bp


@dataclass(frozen=True, slots=True)
class _Ear:
    """Who listens: whose alarms they hear of, and whether they may read the record beyond alarms."""

    area: Area
    reads_record: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one ear is told at once: events ready to be sent, the number of the last entry, whether more waits."""

    events: list[str]
    last: int
    more: bool


class _Shared:
    """What many boards are told at the same moment, read and written out once for all that hear the same."""

    def __init__(self, review: Review, bell: Bell) -> None:
        self._review = review
        self._bell = bell
        self._kept = Fresh(
            lasts_s=LOOK_S / 2, apart_s=0.0, most=REPLAY_MAX, steady_s=lambda: SystemClock().look().steady_s
        )

    def piece(self, after: int, rung: int, ear: _Ear) -> _Piece:
        """What came after this number, read when the bell had been rung so often, or later."""
        made: _Piece = self._kept.get((after, ear), rung, lambda: self._read_now(after, ear))
        return made

    def _read_now(self, after: int, ear: _Ear) -> tuple[int, _Piece]:
        # The bell first: what is committed while we read rings once more.
        return self._bell.rung, self._read(after, ear)

    def _read(self, after: int, ear: _Ear) -> _Piece:
        entries = self._review.entries(after, PIECE)
        events = [_event("entry", each, number=each["number"]) for each in self._heard(entries, ear)]
        return _Piece(events, entries[-1]["number"] if entries else after, len(entries) == PIECE)

    def _heard(self, entries: list[Plain], ear: _Ear) -> list[Plain]:
        """
        What this ear is told of these entries: whole where they are about its alarms, nothing of those of other
        stations, and of what concerns no alarm only that something happened, unless they may read the record.
        """
        ids = {each["alarm"] for each in entries if each["alarm"]}
        ours = self._review.answered_by(ear.area, ids)
        whole = ear.reads_record and ear.area.is_district
        return [
            each if each["alarm"] or whole else {name: each[name] for name in _BARE}
            for each in entries
            if not each["alarm"] or each["alarm"] in ours
        ]


class _Told:
    """What one board is told. No connection to the database is held while it waits."""

    def __init__(
        self, review: Review, shared: _Shared, bell: Bell, clock: Clock, may_hear: Callable[[], bool], ear: _Ear
    ) -> None:
        self._ear = ear
        self._shared = shared
        self._pause = threading.Event()
        self._review = review
        self._bell = bell
        self._clock = clock
        self._may_hear = may_hear

    def events(self, after: int | None) -> Iterator[str]:
        """Everything after this number; None is from now on. Ends when the listener may hear no more."""
        head = self._review.head()
        yield f"retry: {RETRY_MS}\n\n"
        position = head if after is None else after
        if not 0 <= head - position <= REPLAY_MAX:
            position = head
            yield _event("reset", {"head": head}, number=head)
        yield from self._from(position)

    def _from(self, position: int) -> Iterator[str]:
        beaten_s: float | None = None
        written_s = 0.0
        while not self._bell.stopped:
            rung, now_s = self._bell.rung, self._clock.look().steady_s
            piece = self._shared.piece(position, rung, self._ear)
            is_beat = beaten_s is None or now_s - beaten_s >= BEAT_S
            if (piece.events or is_beat) and not self._may_hear():
                return
            position = piece.last
            yield from piece.events
            if is_beat:
                beaten_s = now_s
                yield _event("beat", self._beat(), number=position)
            really_s = SystemClock().look().steady_s
            if piece.events or is_beat:
                written_s = really_s
            elif really_s - written_s >= QUIET_S:
                # Written for nobody: a board that went away is only noticed by writing to it, and it holds a place.
                written_s = really_s
                yield ":\n\n"
            if not piece.more:
                self._bell.wait(rung, LOOK_S)
                self._pause.wait(APART_S if self._bell.rung != rung else 0)

    def _beat(self) -> Plain:
        longest = self._review.longest(self._ear.area)
        return {
            "at": self._clock.now().isoformat(),
            "head": self._review.head(),
            "oldest_raised_at": longest.isoformat() if longest else None,
        }


def _event(kind: str, told: Plain, *, number: int) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n"


def _after(last_event_id: str | None) -> int | None:
    """The number a board heard last; what is no number of ours counts as too long ago, so that it is reset."""
    if not last_event_id:
        return None
    is_number = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 18
    return int(last_event_id) if is_number else -REPLAY_MAX - 1


def _presence(said: Any) -> tuple[str, bool]:
    known = said if isinstance(said, dict) else {}
    console, sound = known.get("console"), known.get("sound")
    wrong = {}
    if not isinstance(console, str) or not 0 < len(console) <= NAME_MAX or not console.isprintable():
        wrong["console"] = ["A console has a name."]
    if not isinstance(sound, bool):
        wrong["sound"] = ["true or false"]
    if wrong:
        raise Invalid("A console says its name and whether it could ring.", {"json": wrong})
    return str(console), bool(sound)
