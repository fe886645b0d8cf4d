"""
Who is talking where many may: one conversation each, bounded in number and in what is half-heard.

A stranger at the door must not cost a known device its place: those of whom nothing was ever understood go first.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from devices.decoders.decoder import FRAME_BYTES_MAX, Decoder

TALKERS_MAX = 20_000
"""Conversations at once: a city's watches on one server, at some 3 KB each with their decoder."""

PENDING_MAX = 64 * 1024 * 1024
"""Bytes that may lie in all decoders together without being a frame yet; each alone keeps `FRAME_BYTES_MAX` at most."""

PENDING_FREE = 4096
"""Who has said no more than this since its last frame is never sent away for what others have said."""


@dataclass(slots=True, eq=False, kw_only=True)
class Conversation:
    """
    One talker with its own decoder.

    `number` is its own for ever, `newest` the gateway's number of its latest frame. `unframed` counts bytes since
    that frame, `pieces` what was said and is not durable yet. `ended`: it will say no more; `gone`: nothing can be said
    to it either. `heard_s` is steady time.
    """

    number: int
    talker: Hashable
    decoder: Decoder
    heard_s: float
    frames: int = 0
    newest: int = 0
    unframed: int = 0
    pieces: int = 0
    ended: bool = False
    gone: bool = False

    @property
    def pending(self) -> int:
        """Bytes that its decoder may still hold, at most."""
        return min(self.unframed, FRAME_BYTES_MAX)


class Conversations:
    """All conversations of one address, each kind in the order in which they were heard last."""

    def __init__(self, *, talkers_max: int = TALKERS_MAX, pending_max: int = PENDING_MAX) -> None:
        self._strangers: OrderedDict[Hashable, Conversation] = OrderedDict()
        self._known: OrderedDict[Hashable, Conversation] = OrderedDict()
        self._talkers_max = talkers_max
        self._pending_max = pending_max
        self._pending = 0

    def __len__(self) -> int:
        return len(self._strangers) + len(self._known)

    def __iter__(self) -> Iterator[Conversation]:
        return iter([*self._strangers.values(), *self._known.values()])

    def of(self, talker: Hashable) -> Conversation | None:
        """The conversation with this talker, if there is one."""
        return self._known.get(talker) or self._strangers.get(talker)

    def add(self, conversation: Conversation) -> None:
        self._strangers[conversation.talker] = conversation

    def surplus(self) -> Conversation | None:
        """Who has to go before one more may come: of the strangers, else of all, the one quiet for longest."""
        if len(self) < self._talkers_max:
            return None
        return next(iter(self._strangers.values()), None) or next(iter(self._known.values()), None)

    def note(self, conversation: Conversation, *, count: int, frames: int, at_s: float) -> None:
        """So many bytes came, and so many frames out of them."""
        self._pending -= conversation.pending
        conversation.heard_s = at_s
        conversation.frames += frames
        conversation.unframed = 0 if frames else conversation.unframed + count
        self._pending += conversation.pending
        self._place(conversation)

    def overruns(self, conversation: Conversation) -> bool:
        """Whether it has said more than anybody can understand, or than there is room for."""
        nonsense = not conversation.frames and conversation.unframed > FRAME_BYTES_MAX
        return nonsense or (self._pending > self._pending_max and conversation.unframed > PENDING_FREE)

    def quiet_since(self, at_s: float) -> list[Conversation]:
        """Everybody who was not heard after this moment."""
        kinds = (self._strangers, self._known)
        return [one for kind in kinds for one in takewhile(lambda one: one.heard_s <= at_s, kind.values())]

    def remove(self, conversation: Conversation) -> None:
        """It is over; removing it twice, or after its talker has begun anew, does nothing."""
        if self.of(conversation.talker) is conversation:
            self._pending -= conversation.pending
            self._strangers.pop(conversation.talker, None)
            self._known.pop(conversation.talker, None)

    def _place(self, conversation: Conversation) -> None:
        talker = conversation.talker
        if conversation.frames and talker in self._strangers:
            self._known[talker] = self._strangers.pop(talker)
        else:
            (self._known if conversation.frames else self._strangers).move_to_end(talker)
