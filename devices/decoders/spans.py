"""
Cutting a stream whose frames say in their head how long they are, in a way that one damaged length cannot deafen.

    noise ▒▒▒ head len ············ end  head len ······ end
              └ candidate ─────────────────────────────▶   a head may lie about its length,
                                    └ candidate ──▶        so every head is followed to its own end
"""

import heapq
import re
from collections.abc import Callable, Iterable, Sequence

from devices.decoders.decoder import Frame, Tally

Read = Callable[[bytes], Frame | Sequence[int] | None]


class Spans:
    """
    The unfinished end of a stream, and where in it frames may end.

    Whichever candidate ends first and reads as a frame is the next one; what lies before and under it was noise. So a
    head made up by noise, or one whose length was damaged on the way, swallows nothing that is whole. At most twice
    `span_max` bytes are kept. How the bytes were cut into reads makes no difference.
    """

    __slots__ = ("_at", "_ends", "_head", "_head_bytes", "_kept", "_scanned", "_span_max", "_spans", "_spent", "_tally")

    def __init__(
        self,
        head: re.Pattern[bytes],
        spans: Callable[[bytes], Iterable[int]],
        *,
        head_bytes: int,
        span_max: int,
        tally: Tally,
    ) -> None:
        """
        `head` finds, by a look-ahead without width, each place where `head_bytes` bytes may begin a frame; `spans` says
        from these bytes how long that frame may be, in bytes. What is longer than `span_max` is no frame.
        """
        self._head = head
        self._spans = spans
        self._head_bytes = head_bytes
        self._span_max = span_max
        self._tally = tally
        self._kept = bytearray()
        self._at = 0  # of the first byte kept, counted from the beginning of the stream, as all places below
        self._scanned = 0
        self._spent = 0  # everything before has become a frame, or noise before one
        self._ends: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return self._at + len(self._kept) - max(self._at, self._spent)

    @property
    def open(self) -> bool:
        """Whether a head has been seen whose end is still to come."""
        return any(start >= self._spent for _, start in self._ends)

    def cut(self, data: bytes, read: Read) -> list[Frame]:
        """
        The frames that these bytes complete.

        `read` makes one of whole bytes, or says that they are none (None), or how long it must be instead, now that
        more of it is known.
        """
        frames: list[Frame] = []
        for at in range(0, len(data), self._span_max):
            self._kept += data[at : at + self._span_max]
            kept = bytes(self._kept)
            self._scan(kept)
            frames += self._ended(kept, read)
            self._forget()
        return frames

    def _scan(self, kept: bytes) -> None:
        for found in self._head.finditer(kept, self._scanned - self._at):
            start = found.start()
            self._follow(self._at + start, self._spans(kept[start : start + self._head_bytes]))
        self._scanned = max(self._scanned, self._at + len(kept) - self._head_bytes + 1)

    def _ended(self, kept: bytes, read: Read) -> Sequence[Frame]:
        frames = []
        heard, ends = self._at + len(kept), self._ends
        while ends and ends[0][0] <= heard:
            end, start = heapq.heappop(ends)
            if start < self._spent:
                continue
            made = read(kept[start - self._at : end - self._at])
            if made is None:
                continue
            if isinstance(made, Frame):
                self._tally.noise_bytes += start - self._spent
                self._spent = end
                frames.append(made)
            else:
                self._follow(start, made)
        return frames

    def _follow(self, start: int, spans: Iterable[int]) -> None:
        for span in spans:
            if span <= self._span_max:
                heapq.heappush(self._ends, (start + span, start))

    def _forget(self) -> None:
        """No candidate began earlier than one span ago."""
        excess = len(self._kept) - self._span_max
        if excess > 0:
            del self._kept[:excess]
            self._at += excess
