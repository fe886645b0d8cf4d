"""
The board's live channel: server-sent events of the record, a beat that proves the line, and who is listening.

    retry: 1000 to 2000 ──► what was missed since Last-Event-ID, or `reset` ──► entry · entry · board · beat · entry …

The stream is a hint and the snapshot is the truth: a board reads the snapshot on every connection, and whenever it is
told of changes to a board that is not the one it shows. `dispatch.web.hub` says what is told, and when.
"""

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, request

from dispatch.clock import Clock
from dispatch.errors import Busy, Invalid
from dispatch.review import Review
from dispatch.rules import people
from dispatch.rules.rights import Right
from dispatch.siren import Consoles
from dispatch.web.access import require, signed_in
from dispatch.web.api import PREFIX
from dispatch.web.boards import Boards
from dispatch.web.hub import PUSH, Bell, Holders, Hub, Listener, event
from dispatch.web.schemas import NAME_MAX
from dispatch.web.scope import listening, scope

REPLAY_MAX = 500
"""A board that missed more than this reads the snapshot instead."""

RETRY_MS = range(1000, 2001)
"""After a restart a browser comes back so late, each at another moment: together they would wait for one another."""

Plain = dict[str, Any]


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


def stream_blueprint(
    review: Review, bell: Bell, clock: Clock, consoles: Consoles, *, streams_max: int, boards: Boards | None = None
) -> Blueprint:
    """
    `GET /api/v1/stream` and `/events` (the same), and `POST /api/v1/consoles`, for operators.

    A stream replays what came after `Last-Event-ID`, ends with its session, and is refused with 503 when `streams_max`
    are open. With `?board=1` it also tells what has changed on the board of `boards`: for our own pages, and no
    promise to programs. A console says every 15 s `{"console": name, "sound": whether it could ring}`.
    """
    bp = Blueprint("stream", __name__)
    slots = _Slots(streams_max)
    hub = Hub(review, bell, clock, boards)

    @bp.get(f"{PREFIX}/stream")
    @bp.get("/events", endpoint="events")
    @require(Right.ALARMS_SEE)
    def stream() -> Response:
        after = _after(request.headers.get("Last-Event-ID"))
        token, holders = listening()
        push = request.environ.get(PUSH)
        listener = Listener(token=token, scope=scope(), wants_board="board" in request.args, push=push)
        release = slots.take()
        answer = Response(_told(hub, listener, holders, after), content_type="text/event-stream; charset=utf-8")
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


def _told(hub: Hub, listener: Listener, holders: Holders, after: int | None) -> Iterator[bytes]:
    """
    What one board is told: everything after this number, None is from now on. Ends when the listener may hear no more.
    No connection to the database is held while it waits.
    """
    yield f"retry: {random.choice(RETRY_MS)}\n\n".encode()
    try:
        head = hub.join(listener, holders)
        position = head if after is None else after
        if not 0 <= head - position <= REPLAY_MAX:
            yield event("reset", {"head": head}, number=head)
            position = head
        yield from hub.replay(position, head, listener.scope)
        yield from listener.pieces()
    finally:
        hub.leave(listener)


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
