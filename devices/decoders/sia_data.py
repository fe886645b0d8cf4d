"""
The event text of SIA panels, as it stands in DC-09 blocks and in Sur-Gard's `S` messages.

    Nti14:12/id12/ri1/BA01^HALL^/YT00      N new, O old, E environmental, L listen-in; then packets between slashes
     └ modifiers ┘    │ │  └ text           ti time, da date, id user, ri area, pi peripheral
                   code zone
    NRR|Atest   NFA2/AFire Zone 2           an A block is text; L90 asks for a speech path for 90 s

What panels leave out varies: the N, the slash before the code, the zone. Sources: MLR2-DG manual pp. 40-41 (SIA
protocol 2), Honeywell Galaxy appendix C, Cooper i-on appendix I, the tests of `eavanvalkenburg/pysiaalarm` and of
`fioletoven/dc09`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

_PACKET = re.compile(r"(?:\|A.*|\^[^^]*\^|\^|[^/^|]|\|(?!A))+", re.DOTALL)
_MODIFIERS = r"(?P<modifiers>(?:[a-z]{2}[0-9:.,-]*)*)"
_EVENT = rf"{_MODIFIERS}(?P<code>[A-Z]{{2}})(?P<zone>[0-9]{{0,6}})(?P<text>.*)"
_FIRST = re.compile(rf"(?P<block>[NOEL])?{_EVENT}", re.DOTALL)
_FURTHER = re.compile(rf"(?P<block>){_EVENT}", re.DOTALL)
_BARE = re.compile(rf"(?P<block>[NOEL])?{_MODIFIERS}")
_MODIFIER = re.compile(r"([a-z]{2})([0-9:.,-]*)")
_LISTEN_IN = re.compile(r"L[0-9]{1,4}")
_ASCII = re.compile(r"A(?![NRST][0-9]*(?:[\^|]|$))")
"""An A begins a text, unless it begins one of the four codes that do (AN, AR, AS, AT)."""

_NAMES: Mapping[str, str] = {"ti": "time", "da": "date", "id": "user", "ri": "area", "pi": "peripheral"}


@dataclass(slots=True)
class Packet:
    """One event of a block: its two-letter code, the zone as it was sent, and what was said of it by name."""

    code: str
    zone: str
    modifiers: Mapping[str, str]
    text: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """What was said, by name; what was not said is not there."""
        said = {**self.modifiers, "code": self.code}
        if self.zone:
            said["zone"] = self.zone
        if self.text:
            said["text"] = self.text
        return said


@dataclass(slots=True)
class Block:
    """All events of a message in order, the text that belongs to none, and whether a speech path is asked for."""

    packets: list[Packet] = field(default_factory=list)
    text: str = ""
    listens: bool = False
    _modifiers: dict[str, str] = field(default_factory=dict)

    def read(self, part: str, *, first: bool) -> None:
        """One packet of the text. What is no event, no modifier and no request is text."""
        listens, modifiers, code, zone, text = _understood(part, first)
        self.listens |= listens
        if modifiers:
            self._modifiers = {**self._modifiers, **modifiers}
        if code:
            self.packets.append(Packet(code, zone, self._modifiers))
        if text:
            self._add_text(text)

    def _add_text(self, text: str) -> None:
        clean = text.replace("^", " ").strip(" |")
        if self.packets:
            self.packets[-1].text = f"{self.packets[-1].text} {clean}".strip()
        else:
            self.text = f"{self.text} {clean}".strip()


def read_block(text: str) -> Block:
    """The events of a block (`Nri1/QA001/YT000`). Never raises; takes time linear in the length of the text."""
    block, first = Block(), True
    for part in _PACKET.findall(text) if "^" in text or "|" in text else text.split("/"):
        if part:
            block.read(part.strip(" |"), first=first)
            first = False
    return block


@lru_cache(maxsize=1024)
def _understood(part: str, first: bool) -> tuple[bool, Mapping[str, str], str, str, str]:
    """
    Whether it asks for a speech path; modifiers, code and zone, empty where it has none; what of it is text.

    Panels say the same again and again, and a block may hold a thousand events of three characters.
    """
    event = (_FIRST if first else _FURTHER).fullmatch(part)
    found = event or _BARE.fullmatch(part)
    if _LISTEN_IN.fullmatch(part):
        return True, {}, "", "", ""
    if _ASCII.match(part) or found is None:
        return False, {}, "", "", part.removeprefix("A")
    listens, modifiers = found["block"] == "L", _named(found["modifiers"])
    if event is None:
        return listens, modifiers, "", "", ""
    return listens, modifiers, event["code"], event["zone"], event["text"].removeprefix("|A")


def _named(modifiers: str) -> dict[str, str]:
    return {_NAMES[letters]: value for letters, value in _MODIFIER.findall(modifiers) if letters in _NAMES and value}
