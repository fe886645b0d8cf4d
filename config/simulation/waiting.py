"""What waits in which table, as SQL: what is due at a moment, and when something falls due next."""

from dispatch.messages.claiming import LANES

OF_PEOPLE = {"alarms", "replies"}
OF_DEVICES = {"vigils", "press_tests", "repairs", "checks"}
"""
Tables whose rows are woken by the timers; what is in `messages` is claimed by the courier, and what became of
`attempts` is asked by the reconciler.
"""

SHELVES = ("alarms", "replies", "messages", "attempts", "vigils", "press_tests", "repairs", "checks")

_KEYS = {"vigils": "device_id"}
_TIMES = {"attempts": "look_at"}


_LANES = {"messages": f"priority <= {int(LANES[True][1])}"}
_UNDER_WAY = {"messages": "state = 'claimed'"}


def _due(shelf: str) -> str:
    key, time = _KEYS.get(shelf, "id"), _TIMES.get(shelf, "due_at")
    more = f"{_LANES.get(shelf, '0')}, {_UNDER_WAY.get(shelf, '0')}"
    return f"SELECT '{shelf}', {key}, {time}, {more} FROM {shelf} WHERE {time} IS NOT NULL AND {time} <= ?"  # noqa: S608


def _soonest(shelf: str) -> str:
    time = _TIMES.get(shelf, "due_at")
    return f"SELECT MIN({time}) AS due_at FROM {shelf} WHERE {time} IS NOT NULL"  # noqa: S608


DUE = " UNION ALL ".join(map(_due, SHELVES))
"""
Table, id and time of whatever is due, whether it is an emergency, and whether somebody is under way with it; asks for
the moment once for each table.
"""

NEXT = {each: _soonest(each) for each in SHELVES}
"""When something falls due next, by table."""
