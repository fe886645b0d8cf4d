"""
What people sent to the modem: read from its memory, and taken out of it when it is safe elsewhere.

Messages stay stored until somebody says that they are kept, so that a crash in between loses none; parts of a longer
text wait in the same place until all are there (3GPP TS 27.005, sections 3.2.3, 3.4.1 to 3.4.4).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dispatch.messages.modem.lines import Line
from dispatch.messages.modem.modem import Fate, Modem, ModemFailed
from dispatch.messages.modem.pdu import BadPdu, Deliver, Report, read

ALL = 4
"""`AT+CMGL=4` lists what was read and what was not."""

_MEMORIES = ('"ME","ME","ME"', '"SM","SM","SM"')
_ANNOUNCE = ("AT+CNMI=2,1,0,2,0", "AT+CNMI=2,1,0,1,0", "AT+CNMI=2,1,0,0,0", "AT+CNMI=1,1")
"""Texts stored and announced; reports stored, given away, or left out: what the make can do."""

_REPORTS = "SR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One unit where it lies. `unit` is None where the digits make no sense, and `digits` are what was there."""

    index: int
    digits: str
    unit: Deliver | Report | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A whole text with the places of its parts. `whole` is False where parts of it never came."""

    sender: str
    text: str
    places: tuple[Stored, ...]
    whole: bool = True


_NOT_KNOWN = (None, 4, 303)
"""How a make says that it has no such command: a bare ERROR, +CME ERROR 4 (27.007), +CMS ERROR 303 (27.005)."""


class Memory:
    """The memory of one modem that was made ready."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._chosen = False
        self.full = False

    def prepare(self) -> None:
        """Chooses the larger memory, and asks to be told of what comes."""
        self._chosen = _first_taken(self._modem, [f"AT+CPMS={memory}" for memory in _MEMORIES])
        _first_taken(self._modem, _ANNOUNCE)

    def stored(self) -> list[Stored]:
        """
        All units in the memory that texts come into; none where a make knows of no memory, for it can still send. One
        that only could not tell just now (its SIM is busy) is no such make: answers may wait in it.

        Raises:
            ModemFailed: it does not answer, or had a memory to choose and does not tell of it.
        """
        try:
            return self._listed()
        except ModemFailed as failed:
            if self._chosen or failed.fate is not Fate.REFUSED or failed.code not in _NOT_KNOWN:
                raise
            return []

    def _listed(self) -> list[Stored]:
        used = next((line.values for line in self._modem.ask("AT+CPMS?") if "used" in line.values), {})
        self.full = bool(used) and used["used"] == used["total"]
        return list(_units(self._modem.ask(f"AT+CMGL={ALL}", within_s=20.0)))

    def reports(self, announced: Sequence[Line]) -> list[Report]:
        """
        The reports that were given away, and those announced in a memory of their own, which are taken out of it.

        Raises:
            ModemFailed: it does not answer.
        """
        given = [unit_of(str(line.values.get("pdu", ""))) for line in announced if line.values.get("urc") == "CDS"]
        places = [line.values.get("index") for line in announced if line.values.get("mem") == _REPORTS]
        units = [*given, *self._reported([place for place in places if isinstance(place, int)])]
        return [unit for unit in units if isinstance(unit, Report)]

    def _reported(self, places: Sequence[int]) -> list[Deliver | Report | None]:
        if not places:
            return []
        _first_taken(self._modem, [f'AT+CPMS="{_REPORTS}"'])
        found = [each.unit for place in places for each in _units(self._modem.ask(f"AT+CMGR={place}"), place)]
        for place in places:
            _first_taken(self._modem, [f"AT+CMGD={place}"])
        _first_taken(self._modem, [f"AT+CPMS={memory}" for memory in _MEMORIES])
        return found

    def remove(self, stored: Stored) -> None:
        """
        Takes one out; one that is not there any more is no failure.

        Raises:
            ModemFailed: it does not answer.
        """
        _first_taken(self._modem, [f"AT+CMGD={stored.index}"])


def texts(stored: Sequence[Stored]) -> Iterator[Text]:
    """The texts among these, parts put together in their order; also those of which parts are missing."""
    parts: dict[tuple[str, int, int], dict[int, Stored]] = {}
    for each in stored:
        if not isinstance(each.unit, Deliver):
            continue
        if each.unit.part is None:
            yield Text(sender=each.unit.sender, text=each.unit.text, places=(each,))
        else:
            key = (each.unit.sender, each.unit.part.reference, each.unit.part.count)
            parts.setdefault(key, {})[each.unit.part.number] = each
    for (sender, _, count), found in parts.items():
        yield _joined(sender, found, whole=len(found) >= count)


def _joined(sender: str, found: Mapping[int, Stored], *, whole: bool) -> Text:
    places = tuple(found[number] for number in sorted(found))
    told = "".join(each.unit.text for each in places if isinstance(each.unit, Deliver))
    return Text(sender=sender, text=told, places=places, whole=whole)


def unit_of(digits: str) -> Deliver | Report | None:
    """What these digits stand for, None where that is nothing that comes in."""
    try:
        return read(digits)
    except BadPdu:
        return None


def _units(answer: Sequence[Line], index: int | None = None) -> Iterator[Stored]:
    """Pairs of a line that says where, and a line of digits."""
    at: int | None = None
    for line in answer:
        if line.name in {"CMGL", "CMGR"}:
            first = line.items[0] if line.items else ""
            at = index if line.name == "CMGR" else int(first) if first.isascii() and first.isdigit() else None
        elif at is not None and line.text:
            yield Stored(index=at, digits=line.text, unit=unit_of(line.text))
            at = None


def _first_taken(modem: Modem, commands: Sequence[str]) -> bool:
    """
    The first command that this make knows, and whether there was one; none is no failure, because memory is also swept
    without being told.
    """
    for command in commands:
        try:
            modem.ask(command)
        except ModemFailed as failed:
            if failed.fate is not Fate.REFUSED:
                raise
        else:
            return True
    return False
