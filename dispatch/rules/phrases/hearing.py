"""What a tidy text says, clause by clause, and the one thing that all its clauses come to."""

from collections.abc import Iterable, Iterator

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases import clauses
from dispatch.rules.phrases.meaning import GOES_WITH, Action, Aside, Meaning


def covered(said: str) -> list[Meaning] | None:
    """
    The fewest clauses that cover all of it; None where something is left over, or where as few say different things.
    """
    ways: dict[int, tuple[int, frozenset[tuple[Meaning, ...]]]] = {0: (0, frozenset({()}))}
    for start in range(len(said)):
        if start not in ways:
            continue
        count, heard = ways[start]
        for end, meaning in _next(said, start):
            more = heard if meaning is None else frozenset({*((*way, meaning) for way in heard)})
            cost = count + (meaning is not None)
            known = ways.get(end)
            if known is None or cost < known[0]:
                ways[end] = (cost, more)
            elif cost == known[0]:
                ways[end] = (cost, frozenset([*known[1], *more][:8]))
    found = ways.get(len(said))
    if found is None:
        return None
    deciding = [way for way in found[1] if not _idle(way)] or list(found[1])
    return list(min(deciding, key=repr)) if len({verdict(way) for way in deciding}) == 1 else None


def _idle(way: Iterable[Meaning]) -> bool:
    """Whether nothing here decides, so that another reading of the same words may."""
    return all(isinstance(each, Aside) and each not in {Aside.CRY, Aside.NOD} for each in way)


def _next(said: str, at: int) -> Iterator[tuple[int, Meaning | None]]:
    """Every clause that may begin here, with where it ends."""
    if said[at] in " ,":
        yield at + 1, None
        return
    yield from clauses(said, at)


def verdict(heard: Iterable[Meaning]) -> Action | None:
    """The one thing all of them say. Who came and finished has come: the end is asked for again, at the desk."""
    said = set(heard)
    if Aside.CRY in said:
        return None
    actions = {Action.DONE if isinstance(each, Outcome) else each for each in said if not isinstance(each, Aside)}
    only = _only(actions) or (Action.ACCEPT if not actions and Aside.NOD in said else None)
    strange = any(isinstance(each, Aside) and GOES_WITH.get(each, only) is not only for each in said)
    return None if strange else only


def _only(actions: set[Action]) -> Action | None:
    if actions == {Action.ARRIVED, Action.DONE}:
        return Action.ARRIVED
    if actions == {Action.ARRIVED, Action.NO_ENTRY}:
        return Action.NO_ENTRY
    return next(iter(actions)) if len(actions) == 1 else None
