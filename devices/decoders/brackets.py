"""
Cutting a stream of bracketed texts, `[MM*ID*LLLL*...]`, whose declared length is often wrong and whose content may
itself hold brackets (the name of a Wi-Fi).

    [3G*88*0066*UD,…,5,Cafe [upstairs],…]      the inner pair belongs to the content
    [3G*88*0066*AL,2111[3G*88*0002*LK]         a cut text ends where the next head begins
"""

import re

from devices.decoders.decoder import FRAME_BYTES_MAX, Tally

_HEAD = (
    rb"\[(?P<manufacturer>[0-9A-Za-z]{2})\*(?P<device>[0-9A-Za-z]{1,20})\*"
    rb"(?:(?P<index>[0-9A-Fa-f]{4})\*)?(?P<length>[0-9A-Fa-f]{4})\*"
)
HEAD = re.compile(_HEAD)
_OPENS_MAX = 32
"""No text names more Wi-Fis than that; what opens more brackets is noise."""

_PLAIN = re.compile(_HEAD + rb"[^\[\]]{0,%d}+\]" % (FRAME_BYTES_MAX // 2))
"""A whole text without brackets inside: almost all are."""

_NOISE = re.compile(rb"(?:[^\[]++|\[(?!" + re.sub(rb"\(\?P<\w+>", rb"(?:", _HEAD)[2:] + rb")[^\[\]]*+(?=[\[\]]))++")
"""What stands before a text, and brackets that another one follows before there is a head."""

_BRACKET = re.compile(rb"[\[\]]")
_OPENING = ord("[")


class Brackets:
    """
    The unfinished end of such a stream, at most `FRAME_BYTES_MAX` bytes, however it was cut into reads.

    What is kept has a head, or may still get one: what a second bracket has ended before that is noise.
    """

    __slots__ = ("_depth", "_inner", "_kept", "_tally")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._kept = bytearray()
        self._depth = 0
        self._inner: list[int] = []  # where brackets opened since the last one closed: each may be the next head

    def __len__(self) -> int:
        return len(self._kept)

    def cut(self, data: bytes) -> list[bytes]:
        """The texts that these bytes complete, brackets included; what has no head is noise."""
        texts: list[bytes] = []
        at = 0
        while at < len(data):
            if not self._kept:
                at = self._begin(data, at, texts)
            elif (bracket := _BRACKET.search(data, at)) is None:
                self._add(data[at:])
                break
            else:
                self._add(data[at : bracket.start()])
                at = bracket.start()
                if data[at] != _OPENING:
                    texts += self._closed()
                    at += 1
                elif self._may_go_on():
                    self._opened()
                    at += 1
                else:
                    self._give_up()
        return texts

    def _begin(self, data: bytes, at: int, texts: list[bytes]) -> int:
        """Skips noise up to a text, which mostly is whole; keeps the beginning of another. Returns how far it came."""
        if (noise := _NOISE.match(data, at)) is not None:
            self._tally.noise_bytes += noise.end() - at
            at = noise.end()
        if at == len(data):
            return at
        if (text := _PLAIN.match(data, at)) is not None:
            texts.append(text[0])
            return text.end()
        self._opened()
        return at + 1

    def _add(self, data: bytes) -> None:
        if not self._kept:
            self._tally.noise_bytes += len(data)
            return
        self._kept += data
        if len(self._kept) > FRAME_BYTES_MAX:
            self._tally.overlong += 1
            self._give_up()

    def _may_go_on(self) -> bool:
        """Whether an opening bracket may belong to what is kept; else it begins anew."""
        return len(self._inner) < _OPENS_MAX and HEAD.match(self._kept) is not None

    def _opened(self) -> None:
        if self._kept:
            self._inner.append(len(self._kept))
        self._kept += b"["
        self._depth += 1

    def _closed(self) -> list[bytes]:
        if not self._kept:
            self._tally.noise_bytes += 1
            return []
        before = self._restart() if self._inner else []
        self._kept += b"]"
        self._depth -= 1
        self._inner.clear()
        return [*before, *self._take()] if self._is_whole() else before

    def _restart(self) -> list[bytes]:
        """Begins anew at the last head inside, if there is one. What stood before it was cut, or lacked a bracket."""
        again = next((place for place in reversed(self._inner) if HEAD.match(self._kept, place)), None)
        if again is None:
            return []
        before = bytes(self._kept[:again]).rstrip()
        del self._kept[:again]
        self._depth = 1 + sum(place > again for place in self._inner)
        if before.endswith(b"]"):
            return [before]
        self._tally.malformed += HEAD.match(before) is not None
        self._tally.noise_bytes += again
        return []

    def _is_whole(self) -> bool:
        """A closing bracket ends the text when none is open, or when the content is as long as declared."""
        if self._depth <= 0:
            return True
        head = HEAD.match(self._kept)
        return head is None or len(self._kept) - head.end() - 1 >= int(head["length"], 16)

    def _take(self) -> list[bytes]:
        text = bytes(self._kept)
        if HEAD.match(text) is None:
            self._give_up()
            return []
        self._reset()
        return [text]

    def _give_up(self) -> None:
        self._tally.noise_bytes += len(self._kept)
        self._reset()

    def _reset(self) -> None:
        self._kept.clear()
        self._inner.clear()
        self._depth = 0
