"""
The exchange: one address on which many talk, a decoder for each, and one way for all their frames.

```
  A ── decoder ──┐                                          ┌──► answer A
  B ── decoder ──┼──► backlog: help first ──► hear, settle ─┼──► answer B      then the receipts
  C ── decoder ──┘    life signs share a write              └──► confirm
```

How a frame waits and is tried again is in `hearing.py`; how bytes come and go is the listener's.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import cast

import structlog

from devices.backlog import Waiting
from devices.conversations import TALKERS_MAX, Conversation, Conversations
from devices.decoders.decoder import Decoder, Frame, Tally
from devices.hearing import DELIVER_MAX, LATE_S, READ_S, RETRY_S, GatewayState, Hearing
from devices.line import Condition
from devices.pieces import Heard, Kept, Piece, SharedReception
from devices.ports.listener import SAID_BYTES_MAX, Listener, Said
from dispatch.clock import Clock

IDLE_S = 1800.0
"""
Who has said nothing for so long has its conversation ended; trackers send a sign of life every few minutes, and whoever
is still there calls again.
"""

IDLE_BY_PROTOCOL_S: Mapping[str, float] = MappingProxyType({"surgard": 300.0, "contact_id": 300.0})
"""Receivers say `@` about every 30 s, and one that has not for 90 s counts as off (PROTOCOLS, section 3.2)."""

GATHER_S = 0.003
GATHER_MAX_S = 0.05
"""
Life signs whose senders wait are written together when nobody has said anything for the first time, and at the latest
after the second. Measured with 1,600 messages a second of a broker: 500 to 800 writes in 8 s became 80 to 220.
"""

NEVER_S = math.inf
"""Where devices call only when they have something to say, quiet is no fault of the line."""

_log = structlog.get_logger()


class Exchange(Hearing):
    """
    Hears one address for as long as the service runs, whether it can be listened on or not.

    Promises what a `Gateway` does, and: no talker delays another; a decoder that fails ends only its own conversation;
    a receipt is given only when everything in its piece is durable; memory is bounded however many call.
    """

    def __init__(
        self,
        name: str,
        listener: Listener,
        decoder_factory: Callable[[], Decoder],
        reception: SharedReception,
        clock: Clock,
        pads: Callable[[], bytes],
        stopping: threading.Event,
        *,
        on_state: Callable[[GatewayState], None] | None = None,
        silent_s: float = NEVER_S,
        idle_s: float = IDLE_S,
        talkers_max: int = TALKERS_MAX,
    ) -> None:
        """
        As a `Gateway`; `decoder_factory` is called for every conversation, which ends after `idle_s` of quiet.
        `listener` is opened, and opened again when it was lost.
        """
        super().__init__(name, reception, clock, stopping, on_state=on_state, silent_s=silent_s)
        self._listener = listener
        self._decoder_factory = decoder_factory
        self._shared = reception
        self._pads = pads
        self._idle_s = idle_s
        self._open = False
        self._conversations = Conversations(talkers_max=talkers_max)
        self._begun = self._refused = 0
        self._unheard: deque[Said] = deque()
        self._unsettled: list[Heard] = []
        self._gathering_s = 0.0
        self._quiet = True
        self._durable: deque[Heard] = deque()
        self._garbled: deque[Piece] = deque()
        self._at_work: Piece | None = None

    @property
    def state(self) -> GatewayState:
        return replace(
            super().state,
            waiting=len(self._backlog) + len(self._unsettled),
            unanswered=self._listener.unanswered,
            refused=self._refused + self._listener.refused,
            talkers=len(self._conversations),
        )

    def _listen(self) -> None:
        self._connect_when_due()
        self._poll()
        while self._unheard:
            if len(self._backlog) >= DELIVER_MAX:
                self._deliver()
            self._take(self._unheard.popleft())
        self._supervise()
        self._deliver()
        self._refuse()
        self._end_idle()

    # ------------------------------------------------------------------------------------------------ the address

    @property
    def _is_open(self) -> bool:
        return self._open

    def _connect_when_due(self) -> None:
        now_s = self._clock.look().steady_s
        if not self._open and now_s >= self._open_at_s:
            self._open_at_s = now_s + RETRY_S
            self._listener.open()
            self._open = True
            self._opened(now_s)

    def _poll(self) -> None:
        busy = bool(self._unheard) or self._due() is not None
        patience_s = 0.0 if busy else GATHER_S if self._unsettled else READ_S
        if not self._open:
            self._stopping.wait(patience_s)
        elif not self._unheard:
            self._unheard.extend(self._listener.poll(patience_s))
        self._quiet = not self._unheard

    def _disconnect(self) -> None:
        """Ends every conversation; their frames are kept all the same."""
        for conversation in self._conversations:
            self._break_off(conversation)
        self._open = False
        self._listener.close()

    def _forget(self) -> None:
        """Nothing: a decoder that failed is gone with its conversation, and the others are not to blame."""

    def _supervise(self) -> None:
        if self._open:
            self._declare(self._judge(self._clock.look().steady_s))

    def _judge(self, now_s: float) -> Condition:
        """Once somebody was understood the protocol is right, and a stranger's noise says nothing about the line."""
        condition = super()._judge(now_s)
        return Condition.CONNECTED if condition is Condition.GARBLED and self._line.frames else condition

    # ------------------------------------------------------------------------------------------------ conversations

    def _take(self, said: Said) -> None:
        conversation = self._conversations.of(said.talker) or self._begin(said)
        piece = Piece(said, conversation)
        conversation.pieces += 1
        conversation.ended = said.ended
        self._feed(piece)
        if said.ended:
            self._conversations.remove(conversation)
        elif self._conversations.overruns(conversation):
            self._send_away(conversation)
        self._done(piece)

    def _begin(self, said: Said) -> Conversation:
        surplus = self._conversations.surplus()
        if surplus is not None:
            self._send_away(surplus)
        self._begun += 1
        now_s = self._clock.look().steady_s
        begun = Conversation(number=self._begun, talker=said.talker, decoder=self._decoder_factory(), heard_s=now_s)
        self._conversations.add(begun)
        return begun

    def _feed(self, piece: Piece) -> None:
        data, conversation, decoder = piece.said.data, piece.conversation, piece.conversation.decoder
        before, self._at_work = replace(decoder.tally), piece
        frames = decoder.feed(data) if data else ()
        self._at_work, at_s = None, self._clock.look().steady_s
        self._count(before, decoder.tally)
        # Who says its last word with it waits for the refusal all the same.
        garbled = decoder.tally.malformed - before.malformed
        self._garbled += [piece] * garbled
        piece.left += garbled
        if data:
            self._line.note(len(data), frames, at_s)
        # A whole message leaves nothing half-heard behind.
        unframed = 0 if piece.said.receipt is not None else len(data)
        self._conversations.note(conversation, count=unframed, frames=len(frames), at_s=at_s)
        self._put(piece, frames, at_s)

    def _put(self, piece: Piece, frames: Sequence[Frame], at_s: float) -> None:
        for frame in frames:
            self._frames += 1
            piece.frames += 1
            piece.left += 1
            piece.conversation.newest = self._frames
            heard = Heard(frame, number=self._frames, line=piece.conversation.number, at_s=at_s, piece=piece)
            # A copy whose receipt is awaited cannot lean on the first one: it takes a place of its own.
            self._queue(heard, failing=self._misses > 0 and piece.said.receipt is None)
        if frames:
            self._last_heard_at = self._clock.now()

    def _queue(self, heard: Heard, *, failing: bool) -> None:
        out = self._backlog.put(heard, failing=failing)
        if isinstance(out, Heard):
            out.piece.given_up |= out.piece.said.receipt is not None
            self._done(out.piece)

    def _count(self, before: Tally, after: Tally) -> None:
        total = self._tally
        self._tally = Tally(
            malformed=total.malformed + after.malformed - before.malformed,
            bad_checksum=total.bad_checksum + after.bad_checksum - before.bad_checksum,
            noise_bytes=total.noise_bytes + after.noise_bytes - before.noise_bytes,
            overlong=total.overlong + after.overlong - before.overlong,
        )

    def _recover(self, error: Exception) -> None:
        """A decoder that failed ends its conversation and no other; what it failed on is in the log."""
        failed, self._at_work = self._at_work, None
        if failed is None:
            super()._recover(error)
            return
        raw = failed.said.data[:SAID_BYTES_MAX].hex()
        _log.error("conversation_failed", gateway=self.name, raw=raw, exc_info=error)
        self._break_off(failed.conversation)
        self._done(failed)

    def _send_away(self, conversation: Conversation) -> None:
        self._refused += 1
        self._break_off(conversation)

    def _break_off(self, conversation: Conversation) -> None:
        conversation.ended = conversation.gone = True
        self._conversations.remove(conversation)
        self._listener.dismiss(conversation.talker)

    def _end_idle(self) -> None:
        for conversation in self._conversations.quiet_since(self._clock.look().steady_s - self._idle_s):
            if not conversation.pieces:
                self._break_off(conversation)

    # ------------------------------------------------------------------------------------------------ keep, then answer

    def _deliver(self) -> None:
        """Help at once, one by one; then one write for the life signs whose senders wait, when they are gathered."""
        for _ in range(DELIVER_MAX):
            waiting = self._due()
            if waiting is None:
                break
            assert isinstance(waiting, Heard)
            if waiting.tries:
                # It may fail again, and must not take with it what others are waiting for.
                self._settle()
                self._tell()
            durable = self._hear(waiting)
            self._backlog.remove(waiting)
            if durable or not waiting.awaited:
                self._durable.append(waiting)
            else:
                self._gather(waiting)
            self._tell()
        if self._quiet or self._are_gathered():
            self._settle()
        self._tell()

    def _gather(self, waiting: Heard) -> None:
        if not self._unsettled:
            self._gathering_s = self._clock.look().steady_s
        self._unsettled.append(waiting)

    def _are_gathered(self) -> bool:
        waited_s = self._clock.look().steady_s - self._gathering_s
        return len(self._unsettled) >= DELIVER_MAX or waited_s >= GATHER_MAX_S

    def _hear(self, waiting: Heard) -> bool:
        """Whether it is durable now. Raises what `hear` raises."""
        if waiting.taken:
            return False
        self._trying = (waiting,)
        kept = cast("Kept | None", self._heard(waiting))
        self._trying, waiting.kept = (), kept
        durable = kept is None or kept.durable
        waiting.taken = not durable
        if durable:
            self._kept()
        return durable

    def _hear_one(self, waiting: Waiting) -> Kept | None:
        return self._shared.hear(waiting.frame, gateway=self.name, waited_s=self._waited_s(waiting), settle=False)

    def _settle(self) -> None:
        if self._unsettled:
            self._trying, self._unsettled = self._unsettled, []
            self._shared.settle()
            self._durable.extend(self._trying)
            self._kept()

    def _miss(self, error: Exception) -> None:
        """Life signs that were waiting for the shared write wait with all the others."""
        unsettled, self._unsettled = self._unsettled, []
        for waiting in unsettled:
            self._queue(waiting, failing=False)
        super()._miss(error)

    def _tell(self) -> None:
        """These are durable: their senders may know."""
        while self._durable:
            waiting = self._durable.popleft()
            piece = self._at_work = waiting.piece
            try:
                if self._awaits_answer(waiting):
                    answer = piece.conversation.decoder.acknowledge(waiting.frame, self._clock.now(), self._pads())
                    self._answer(piece.conversation, answer)
            finally:
                self._shared.proceed(waiting.kept)
            self._at_work = None
            self._done(piece)

    def _awaits_answer(self, waiting: Heard) -> bool:
        """As for a single line: a late answer that names no message must not count for one sent since."""
        conversation = waiting.piece.conversation
        late = self._waited_s(waiting) >= LATE_S
        return not conversation.gone and (not late or waiting.number == conversation.newest)

    def _done(self, piece: Piece) -> None:
        """One thing less to wait for in this piece, and maybe in its conversation."""
        piece.left -= 1
        if piece.left:
            return
        conversation = piece.conversation
        conversation.pieces -= 1
        if not piece.given_up:
            self._listener.confirm(piece.said, piece.frames)
        if conversation.ended and not conversation.gone and not conversation.pieces:
            conversation.gone = True
            self._listener.dismiss(conversation.talker)

    def _refuse(self) -> None:
        while self._garbled:
            piece = self._at_work = self._garbled.popleft()
            self._answer(piece.conversation, piece.conversation.decoder.refuse(piece.said.data))
            self._at_work = None
            self._done(piece)

    def _answer(self, conversation: Conversation, data: bytes) -> None:
        if data and not conversation.gone:
            self._listener.answer(conversation.talker, data)
