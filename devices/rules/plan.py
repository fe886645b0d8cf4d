"""How devices are looked after, as data: what each type says by itself, and what becomes of each fault."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dispatch.errors import Misconfigured

OTHER = "other"
"""The row of faults that holds for those which have none of their own."""

HOURS_MAX = 24.0 * 366
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    How one device is supervised.

    `interval` is how often it speaks by itself, None when it only speaks if pressed. Silent for `late` it is late, for
    `offline` it is offline; both are None without an interval. `pressed` says that a person can press it for a test,
    which is overdue `test_every` after the last press.
    """

    interval: timedelta | None
    late: timedelta | None
    offline: timedelta | None
    pressed: bool
    test_every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What becomes of a fault: it counts after `after`, is to be repaired within `repair`, asked about each `check`."""

    after: timedelta
    repair: timedelta
    check: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """What speaks by itself how often: all devices of a protocol whose address begins so."""

    protocol: str
    address: str
    interval: timedelta | None
    offline: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a word of the district file means: whether it is pressed, how often it speaks, how long it may be silent."""

    pressed: bool = False
    interval: timedelta | None = None
    offline_max: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole file of devices, checked."""

    late_after: int
    offline_after: int
    test_every: timedelta
    types: Sequence[Type]
    kinds: Mapping[str, Kind]
    remedies: Mapping[str, Remedy]

    def rule(self, *, kind: str, protocol: str, address: str) -> Rule:
        """How this device is supervised. A kind nobody described is taken for one that is pressed."""
        known = self.kinds.get(kind, Kind(pressed=True))
        fitting = self._type(protocol, address)
        interval = fitting.interval if fitting else known.interval
        late = offline = None
        if interval is not None:
            offline = (fitting and fitting.offline) or self.offline_after * interval
            offline = min(offline, max(known.offline_max, interval + _HOUR)) if known.offline_max else offline
            late = min(self.late_after * interval, offline)
        return Rule(
            interval=interval, late=late, offline=offline, pressed=known.pressed, test_every=self.test_every
        )  # fmt: skip

    def remedy(self, fault: str) -> Remedy:
        """What becomes of a fault of this name."""
        return self.remedies.get(fault, self.remedies[OTHER])

    def pressed_kinds(self) -> Mapping[str, bool]:
        """The kinds that are described, and whether each is pressed."""
        return {name: kind.pressed for name, kind in self.kinds.items()}

    def _type(self, protocol: str, address: str) -> Type | None:
        fitting = [each for each in self.types if each.protocol == protocol and address.startswith(each.address)]
        return max(fitting, key=lambda each: len(each.address), default=None)


# ------------------------------------------------------------------------------------------------ reading the file


def read_plan(written: Mapping[str, Any]) -> Plan:
    """
    The plan of a devices file already parsed.

    Raises:
        Misconfigured: names the key and says what to write instead.
    """
    _only(written, "", {"supervision", "types", "kinds", "faults"})
    about = _table(written.get("supervision"), "supervision", {"late_after", "offline_after", "test_days"})
    late = _whole(about, "supervision", "late_after", 1, 100)
    offline = _whole(about, "supervision", "offline_after", late, 100)
    kinds = _table(written.get("kinds", {}), "kinds")
    return Plan(
        late_after=late,
        offline_after=offline,
        test_every=timedelta(days=_whole(about, "supervision", "test_days", 1, 366)),
        types=tuple(_types(written.get("types", []))),
        kinds={name: _kind(row, f"kinds.{name}") for name, row in kinds.items()},
        remedies=_remedies(_table(written.get("faults"), "faults")),
    )


def _types(rows: Any) -> Iterator[Type]:
    _check(isinstance(rows, list), "types", "tables under [[types]]")
    known: set[tuple[str, str]] = set()
    for index, row in enumerate(rows):
        place = f"types.{index}"
        _table(row, place, {"protocol", "address", "interval_h", "offline_h"})
        protocol, address = row.get("protocol"), row.get("address", "")
        _check(isinstance(protocol, str) and bool(protocol), f"{place}.protocol", "the name of a decoder")
        _check(isinstance(address, str), f"{place}.address", "how the addresses of the type begin")
        _check((protocol, address) not in known, f"{place}.address", "this type is described twice")
        known.add((protocol, address))
        interval = _hours(row, place, "interval_h", least=0.0, needed=True)
        yield Type(
            protocol=protocol, address=address, interval=interval or None, offline=_hours(row, place, "offline_h"),
        )  # fmt: skip


def _kind(row: Any, place: str) -> Kind:
    _table(row, place, {"pressed", "interval_h", "offline_max_h"})
    pressed = row.get("pressed", False)
    _check(isinstance(pressed, bool), f"{place}.pressed", "true or false")
    interval, most = _hours(row, place, "interval_h"), _hours(row, place, "offline_max_h")
    return Kind(pressed=pressed, interval=interval, offline_max=most)


def _remedies(rows: Mapping[str, Any]) -> Mapping[str, Remedy]:
    _check(OTHER in rows, f"faults.{OTHER}", "a table that holds for every fault without one of its own")
    return {name: _remedy(row, f"faults.{name}") for name, row in rows.items()}


def _remedy(row: Any, place: str) -> Remedy:
    _table(row, place, {"after_h", "repair_h", "check_h"})
    repair, check = _hours(row, place, "repair_h", needed=True), _hours(row, place, "check_h", needed=True)
    assert repair is not None
    assert check is not None
    return Remedy(after=_hours(row, place, "after_h", least=0.0) or timedelta(), repair=repair, check=check)


def _table(raw: Any, place: str, keys: set[str] | None = None) -> Mapping[str, Any]:
    _check(isinstance(raw, dict), place, f"a table [{place}]")
    if keys is not None:
        _only(raw, f"{place}.", keys)
    found: Mapping[str, Any] = raw
    return found


def _only(raw: Mapping[str, Any], at: str, keys: set[str]) -> None:
    for key in raw:
        _check(key in keys, f"{at}{key}", f"unknown key; known are {', '.join(sorted(keys))}")


def _whole(row: Mapping[str, Any], place: str, key: str, least: int, most: int) -> int:
    value = row.get(key)
    _check(type(value) is int and least <= value <= most, f"{place}.{key}", f"a whole number from {least} to {most}")
    assert isinstance(value, int)
    return value


def _hours(
    row: Mapping[str, Any], place: str, key: str, *, least: float = 0.01, needed: bool = False
) -> timedelta | None:
    value = row.get(key)
    if value is None and not needed:
        return None
    good = type(value) in {int, float} and least <= value <= HOURS_MAX  # type: ignore[operator]
    _check(good, f"{place}.{key}", f"hours from {least:g} to {HOURS_MAX:g}")
    assert isinstance(value, int | float)
    return timedelta(hours=value)


def _check(good: bool, place: str, cure: str) -> None:
    if not good:
        raise Misconfigured(f"devices file: {place}", cure)
