"""
Two edges under one name, as the service can tell: a spool that was replaced never comes back, and theirs come in turn.

Nothing they hear is lost; but while one of them speaks, nobody would miss the other by the name alone. So each is
remembered by its spool, and one that falls silent beside the other is missing. In memory: after a start of the service
two are known as two once both have spoken in turn.
"""

from dataclasses import dataclass, field

from devices.store.edges import EdgeRow


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The last word of one spool: when, in steady seconds, and how its edge was."""

    at_s: float
    row: EdgeRow


@dataclass(slots=True)
class _Name:
    """What is known of one name: its spools by epoch, and when two were last heard in turn, if ever."""

    spools: dict[str, _Spoken] = field(default_factory=dict)
    latest: str = ""
    turned_s: float | None = None
    told: bool = False


class Twins:
    """`silent_s` is how long an edge may be silent. Safe for one thread at a time: its owner holds a lock."""

    def __init__(self, silent_s: float) -> None:
        self._silent_s = silent_s
        self._names: dict[str, _Name] = {}

    def heard(self, row: EdgeRow, epoch: str, now_s: float) -> bool:
        """An edge told how it is; whether it is news that there are two of its name."""
        for name in [each for each in self._names if each != row.name]:
            # It was given a name of its own, and is missed under that.
            self.gone(name, epoch)
        known = self._names.setdefault(row.name, _Name())
        in_turn = known.latest not in {"", epoch} and epoch in self._living(known, now_s)
        was_double = self.is_double(row.name, now_s)
        known.turned_s = now_s if in_turn else known.turned_s
        known.spools = {**known.spools, epoch: _Spoken(now_s, row)}
        living = self._living(known, now_s)
        if known.turned_s is None or len(living) > 1:
            # One that was never heard in turn, or has somebody in its place, was replaced.
            known.spools, known.told = living, False
        known.latest = epoch
        return in_turn and not was_double

    def gone(self, name: str, epoch: str) -> None:
        """This one is taken down on purpose, or has another name."""
        known = self._names.get(name)
        if known is not None and known.spools.pop(epoch, None) is not None and len(known.spools) < 2:
            del self._names[name]

    def is_double(self, name: str, now_s: float) -> bool:
        """Whether two of this name are heard."""
        known = self._names.get(name)
        return known is not None and known.turned_s is not None and now_s - known.turned_s < self._silent_s

    def missing(self, name: str, now_s: float) -> tuple[EdgeRow, float] | None:
        """The last word of one of two that fell silent beside the other, and for how long; None where none did."""
        known = self._names.get(name)
        if known is None or known.turned_s is None or len(known.spools) < 2:
            return None
        first = min(known.spools.values(), key=lambda each: each.at_s)
        return (first.row, now_s - first.at_s) if now_s - first.at_s >= self._silent_s else None

    def is_news(self, name: str) -> bool:
        """Whether that one is missing has not been told yet; from now on it has."""
        known = self._names[name]
        news, known.told = not known.told, True
        return news

    def _living(self, known: _Name, now_s: float) -> dict[str, _Spoken]:
        return {epoch: each for epoch, each in known.spools.items() if now_s - each.at_s < self._silent_s}
