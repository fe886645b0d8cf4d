"""What was said where many talk, from the moment it is heard until whoever said it may know that it is durable."""

from dataclasses import dataclass, field
from typing import Protocol

from devices.backlog import Waiting
from devices.conversations import Conversation
from devices.decoders.decoder import Frame
from devices.ports.listener import Said


class Kept(Protocol):
    """What became of a frame."""

    @property
    def durable(self) -> bool: ...


class SharedReception(Protocol):
    """Who takes the frames in, and lets life signs share a write."""

    def hear(self, frame: Frame, *, gateway: str, waited_s: float = 0.0, settle: bool = True) -> Kept | None:
        """
        As `Reception.hear`; with `settle` false an answer that is not `durable` becomes so with the next `settle()`.
        """
        ...

    def settle(self) -> None:
        """Returns when everything heard so far is durable; raises when it could not be kept, to be called again."""
        ...

    def proceed(self, heard: object) -> None:
        """What `hear` gave back is acknowledged; whatever follows from it may begin."""
        ...


@dataclass(slots=True, eq=False)
class Piece:
    """
    Something that was said, until all of it is durable: `left` counts its frames that are not, the refusals that were
    not given yet, and its reading. `given_up`: one of its frames was dropped, so it never will be durable.
    """

    said: Said
    conversation: Conversation
    frames: int = 0
    left: int = 1
    given_up: bool = False


@dataclass(slots=True, eq=False)
class Heard(Waiting):
    """
    A frame with the piece it came in. `taken`: heard, and waiting only for the write it shares. `kept` is what hearing
    it gave back.
    """

    piece: Piece = field(kw_only=True)
    taken: bool = field(kw_only=True, default=False)
    kept: Kept | None = field(kw_only=True, default=None)

    @property
    def awaited(self) -> bool:
        """Whether somebody is told when it is durable."""
        return self.frame.answers or self.piece.said.receipt is not None
