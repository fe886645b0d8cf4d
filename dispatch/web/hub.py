"""
Tells every open board what was committed: one thread looks, writes out once for all that hear the same, and hands on.

    commit ─ring─► look (once) ─► entries, changes of the board, beat (once for each scope) ─► every stream

Fifty streams that each look for themselves ask the database fifty times for the same, and wake each other while they
do. Here a stream's own thread sleeps until its end: where the server lets us (`PUSH`), this one thread also sends what
it made, one line after the other, and waits for none of them.
"""

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import structlog

from dispatch.clock import Clock, SystemClock
from dispatch.review import Review
from dispatch.rules.rights import Area, Right
from dispatch.store.accounts import Operator
from dispatch.store.idempotency import MISTAKES
from dispatch.web.boards import Boards
from dispatch.web.scope import Scope, scope_of
from dispatch.web.shown import Shown, changes

BEAT_S = 5.0
"""A board that hears no beat for 12 s says so across its whole width (ECOSYSTEM, 5.3)."""

LOOK_S = 1.0
"""Without a ring the record is looked at after this time: a ring may be missed, an entry not."""

PIECE = 100
QUIET_S = 0.5
"""So long nothing is written to a stream that has nothing to hear, however often the bell rings."""

APART_S = 0.1
"""
After a ring it is looked only so much later: what happens within that time is told in one go, and who is to be asked to
come is found out first. With fifty boards a press was offered in 29 ms at the median where they began at once, and in
11 ms with this.
"""

BEHIND_MAX = 200
"""Pieces that may wait for a stream whose other end takes none; beyond it ends, and begins anew with the snapshot."""

PUSH = "anling.push"
"""
In the environment of a request, where the server has it: what sends a further piece of this very answer from any
thread and waits for nobody (`Push`). It may be called from when the answer has begun until it is over.
"""

_BARE = ("number", "at", "kind", "alarm")

Plain = dict[str, Any]
Holders = Callable[[Collection[str]], Mapping[str, Operator]]

Push = Callable[[bytes], bool]
"""Sends these bytes; False where the other end has gone, or takes so little that it had better begin anew."""

log = structlog.get_logger()


class Bell:
    """Wakes whoever waits for news when something was committed. May be rung from any thread; it costs nothing."""

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


@dataclass(eq=False, slots=True, kw_only=True)
class Listener:
    """
    One stream: whose session it is, what its scope was when it began, and whether it wants the board itself told.
    `pieces` is what it sends itself; with a `push` that is only what came before it could be used. None in `queue` is
    its end.
    """

    token: str
    scope: Scope
    wants_board: bool = False
    push: Push | None = None
    queue: "SimpleQueue[bytes | None]" = field(default_factory=SimpleQueue)
    is_new: bool = True
    is_over: bool = False
    is_pushed: bool = False
    written_s: float = 0.0
    _lock: Any = field(default_factory=threading.Lock)

    def tell(self, told: bytes, really_s: float) -> None:
        """Hands this on, after all that was told before. Nobody waits here, whatever the other end does."""
        with self._lock:
            if self.is_over:
                return
            self.written_s = really_s
            if not self._takes(told):
                self._end()

    def pieces(self) -> Iterator[bytes]:
        """What its own thread has to send; ends with the stream. Each piece is sent when the next is asked for."""
        while (piece := self._next()) is not None:
            yield piece

    def end(self) -> None:
        """Nothing is told from now on."""
        with self._lock:
            self._end()

    def _takes(self, told: bytes) -> bool:
        if self.is_pushed and self.push is not None:
            return self.push(told)
        if self.queue.qsize() >= BEHIND_MAX:
            return False
        self.queue.put(told)
        return True

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            self.queue.put(None)

    def _next(self) -> bytes | None:
        with self._lock:
            # Only once nothing waits that was told before.
            self.is_pushed = self.push is not None and self.queue.empty()
        return self.queue.get()


@dataclass(frozen=True, slots=True)
class _Ear:
    """Whose alarms a listener hears of, and whether they may read the record beyond alarms."""

    area: Area
    reads_record: bool


class Hub:
    """All that listen to one process. Its thread runs while somebody does."""

    def __init__(self, review: Review, bell: Bell, clock: Clock, boards: Boards | None = None) -> None:
        self._review, self._bell, self._clock, self._boards = review, bell, clock, boards
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._holders: Holders = lambda _: {}
        self._position = 0
        self._beaten_s = 0.0
        self._told: dict[Scope, Shown] = {}
        self._thread: threading.Thread | None = None
        self._pause = threading.Event()

    def join(self, listener: Listener, holders: Holders) -> int:
        """
        Tells this listener everything from now on; the number of the last entry before that. `holders` says of tokens
        whose sessions hold, and who their operators are.
        """
        with self._lock:
            self._holders = holders
            if self._thread is None:
                self._position, self._told = self._review.head(), {}
                self._beaten_s = self._clock.look().steady_s
                self._thread = threading.Thread(target=self._run, name="boards", daemon=True)
                self._thread.start()
            self._listeners.append(listener)
            position = self._position
        self._bell.ring()
        return position

    def leave(self, listener: Listener) -> None:
        """Tells this listener nothing more."""
        with self._lock:
            self._listeners = [each for each in self._listeners if each is not listener]
        self._bell.ring()

    def replay(self, after: int, until: int, scope: Scope) -> Iterator[bytes]:
        """What this scope hears of the entries after one number and up to another."""
        while entries := [each for each in self._review.entries(after, PIECE) if each["number"] <= until]:
            yield b"".join(self._written(entries, _ear(scope)))
            after = entries[-1]["number"]

    # -------------------------------------------------------------------------------------------- its thread

    def _run(self) -> None:
        is_done = False
        try:
            while self._goes_on():
                rung = self._bell.rung
                if self._look():
                    continue
                self._bell.wait(rung, LOOK_S)
                if self._bell.rung != rung and not self._bell.stopped:
                    self._pause.wait(APART_S)
            is_done = True
        except MISTAKES:
            log.exception("boards_not_told")
        finally:
            if not is_done:
                with self._lock:
                    self._end_all()

    def _goes_on(self) -> bool:
        with self._lock:
            if self._listeners and not self._bell.stopped:
                return True
            self._end_all()
            return False

    def _end_all(self) -> None:
        """Whoever still listens begins anew, and with them this thread."""
        for each in self._listeners:
            each.end()
        self._listeners, self._thread = [], None

    def _look(self) -> bool:
        """Tells what has happened; whether there may be more."""
        with self._lock:
            listeners = list(self._listeners)
        entries = self._review.entries(self._position, PIECE)
        now_s, really_s = self._clock.look().steady_s, SystemClock().look().steady_s
        is_beat = now_s - self._beaten_s >= BEAT_S
        to_tell = listeners if entries or is_beat else [each for each in listeners if each.is_new]
        position = entries[-1]["number"] if entries else self._position
        if to_tell:
            self._tell(to_tell, entries, position, is_beat, really_s)
        with self._lock:
            # Whoever joined meanwhile was given the old number, and is new: what was told now they read themselves.
            late = [each for each in self._listeners if each not in listeners]
            self._position = position
        for each in late:
            self._catch_up(each, entries, really_s)
        self._beaten_s = now_s if is_beat else self._beaten_s
        self._whisper([each for each in listeners if really_s - each.written_s >= QUIET_S], really_s)
        return len(entries) == PIECE

    def _tell(
        self, listeners: list[Listener], entries: list[Plain], position: int, is_beat: bool, really_s: float
    ) -> None:  # fmt: skip
        holders = self._holders([each.token for each in listeners])
        told: dict[tuple[Scope, bool, bool], bytes] = {}
        boards: dict[Scope, bytes] = {}
        for each in listeners:
            holder = holders.get(each.token)
            if holder is None or scope_of(holder, each.scope.lang) != each.scope:
                # Signed out, or may see something else from now on: a new stream begins with what is theirs now.
                each.end()
                continue
            kind = (each.scope, each.wants_board, each.is_new or is_beat)
            if kind not in told:
                told[kind] = self._piece(*kind, entries, position, boards)
            each.is_new = False
            each.tell(told[kind], really_s)

    def _piece(
        self, scope: Scope, wants_board: bool, with_beat: bool, entries: list[Plain], position: int,
        boards: dict[Scope, bytes],
    ) -> bytes:  # fmt: skip
        pieces = self._written(entries, _ear(scope))
        if wants_board and self._boards is not None:
            if scope not in boards:
                boards[scope] = self._board(self._boards, scope, position)
            pieces.append(boards[scope])
        if with_beat:
            pieces.append(event("beat", self._beat(scope.area), number=position))
        return b"".join(pieces)

    def _board(self, boards: Boards, scope: Scope, position: int) -> bytes:
        """What has changed on the board of this scope since it was told last; nothing, where it cannot be made."""
        try:
            shown, now = boards.shown(scope, position), boards.now()
        except MISTAKES:
            # A board that is told of entries and of no change asks for the snapshot itself.
            log.exception("board_not_told", scope=scope.name)
            return b""
        last, self._told[scope] = self._told.get(scope, shown), shown
        told = {"scope": scope.name, "from": last.version, "to": shown.version, "now": now.isoformat()}
        return event("board", {**told, **changes(last, shown, now)}, number=position)

    def _written(self, entries: list[Plain], ear: _Ear) -> list[bytes]:
        return [event("entry", each, number=each["number"]) for each in self._heard(entries, ear)]

    def _heard(self, entries: list[Plain], ear: _Ear) -> list[Plain]:
        """
        What this ear is told of these entries: whole where they are about its alarms, nothing of those of other
        stations, and of what concerns no alarm only that something happened, unless they may read the record.
        """
        ids = {each["alarm"] for each in entries if each["alarm"]}
        ours = self._review.answered_by(ear.area, ids) if ids else set()
        whole = ear.reads_record and ear.area.is_district
        return [
            each if each["alarm"] or whole else {name: each[name] for name in _BARE}
            for each in entries
            if not each["alarm"] or each["alarm"] in ours
        ]

    def _catch_up(self, listener: Listener, entries: list[Plain], really_s: float) -> None:
        """What was told while this listener joined."""
        written = self._written(entries, _ear(listener.scope))
        if written:
            listener.tell(b"".join(written), really_s)

    def _whisper(self, listeners: list[Listener], really_s: float) -> None:
        """Written for nobody: a board that went away is only noticed by writing to it, and it holds a place."""
        for each in listeners:
            each.tell(b":\n\n", really_s)

    def _beat(self, area: Area) -> Plain:
        longest = self._review.longest(area)
        return {
            "at": self._clock.now().isoformat(),
            "head": self._review.head(),
            "oldest_raised_at": longest.isoformat() if longest else None,
        }


def _ear(scope: Scope) -> _Ear:
    return _Ear(scope.area, reads_record=scope.may(Right.RECORD_SEE))


def event(kind: str, told: Plain, *, number: int) -> bytes:
    """One server-sent event (HTML Living Standard, 9.2.5)."""
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n".encode()
