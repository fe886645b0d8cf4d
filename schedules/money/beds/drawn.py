"""Which schemes paid for whom in the months of a search: beds, vouchers and bills, for what excludes each other."""

from collections.abc import Iterator
from datetime import date, timedelta

from dispatch.store.accounts import Reading
from schedules.money.beds.reckoning import Reckoning
from schedules.money.beds.store import Payments


class DrawnSchemes:
    """By resident: the id of each scheme that they draw, and its kind ("" where no rule of that name is there)."""

    def __init__(self, reading: Reading, reckoning: Reckoning) -> None:
        self._reading = reading
        self._reckoning = reckoning

    def __call__(self, start: date, end: date) -> dict[str, dict[str, str]]:
        """Those of the local days [start, end): a payment is of its whole month."""
        found: dict[str, dict[str, str]] = {}
        for resident, scheme in (*self._paid(start, end), *self._in_beds(start, end)):
            versions = self._reckoning.rules.policies.versions(scheme)
            found.setdefault(resident, {})[scheme] = versions[0].kind if versions else ""
        return found

    def _paid(self, start: date, end: date) -> Iterator[tuple[str, str]]:
        with self._reading.connect() as connection:
            yield from Payments(connection).drawn(f"{start:%Y-%m}", f"{end - timedelta(days=1):%Y-%m}")

    def _in_beds(self, start: date, end: date) -> Iterator[tuple[str, str]]:
        scheme = self._reckoning.schemes.beds
        day = start.replace(day=1)
        while scheme and day < end:
            for _, resident in self._reckoning.in_service(f"{day:%Y-%m}"):
                yield resident, scheme
            day = (day + timedelta(days=31)).replace(day=1)
