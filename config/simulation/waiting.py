"""What waits in which table, as SQL: what is due at a moment, and when something falls due next."""

OF_PEOPLE = {"alarms", "replies"}
OF_DEVICES = {"vigils", "press_tests", "repairs", "checks"}
"""Tables whose rows are woken by the timers; what is in `messages` is claimed by the courier."""

SHELVES = ("alarms", "replies", "messages", "vigils", "press_tests", "repairs", "checks")

DUE = " UNION ALL ".join(
    f"SELECT '{shelf}', {'device_id' if shelf == 'vigils' else 'id'}, due_at FROM {shelf} "  # noqa: S608
    "WHERE due_at IS NOT NULL AND due_at <= ?"
    for shelf in SHELVES
)
"""Table, id and time of whatever is due; asks for the moment once for each table."""

_SOONEST = " UNION ALL ".join(
    f"SELECT MIN(due_at) AS due_at FROM {shelf} WHERE due_at IS NOT NULL"  # noqa: S608
    for shelf in SHELVES
)
NEXT = f"SELECT MIN(due_at) FROM ({_SOONEST})"  # noqa: S608
