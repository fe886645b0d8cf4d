"""
Cutting a stream whose frames say in their head how long they are, in a way that one damaged length cannot deafen.

    noise ▒▒▒ head len ············ end  head len ······ end
              └ candidate ─────────────────────────────▶   a head may lie about its length,
                                    └ candidate ──▶        so every head is followed to its own end
"""

import re
from bisect import insort
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
        self._ends: list[tuple[int, int]] = []  # in order: where each candidate ends, and where it begins

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
            if self._waits():
                continue
            kept = bytes(self._kept)
            self._scan(kept)
            frames += self._ended(kept, read)
            self._forget()
        return frames

    def _waits(self) -> bool:
        """Whether nothing ends here and no head has come: most reads of a slow line, which cost no copy of it then."""
        heard = self._at + len(self._kept)
        if (self._ends and self._ends[0][0] <= heard) or self._head.search(self._kept, self._scanned - self._at):
            return False
        self._scanned = max(self._scanned, heard - self._head_bytes + 1)
        self._forget()
        return True

    def _scan(self, kept: bytes) -> None:
        at, most, spans, ends, head_bytes = self._at, self._span_max, self._spans, self._ends, self._head_bytes
        for found in self._head.finditer(kept, self._scanned - at):
            start = found.start()
            for span in spans(kept[start : start + head_bytes]):
                if span <= most:
                    candidate = (at + start + span, at + start)
                    # Most end in the order in which they begin.
                    ends.append(candidate) if not ends or candidate >= ends[-1] else insort(ends, candidate)
        self._scanned = max(self._scanned, at + len(kept) - head_bytes + 1)

    def _ended(self, kept: bytes, read: Read) -> Sequence[Frame]:
        frames = []
        at, heard, ends, done = self._at, self._at + len(kept), self._ends, 0
        while done < len(ends) and (span := ends[done])[0] <= heard:
            done += 1
            end, start = span
            if start < self._spent:
                continue
            made = read(kept[start - at : end - at])
            if made is None:
                continue
            if isinstance(made, Frame):
                self._tally.noise_bytes += start - self._spent
                self._spent = end
                frames.append(made)
            else:
                self._follow(start, made, done)
        del ends[:done]
        return frames

    def _follow(self, start: int, spans: Iterable[int], done: int) -> None:
        for span in spans:
            if span <= self._span_max:
                insort(self._ends, (start + span, start), lo=done)

    def _forget(self) -> None:
        """No candidate began earlier than one span ago."""
        excess = len(self._kept) - self._span_max
        if excess > 0:
            del self._kept[:excess]
            self._at += excess
