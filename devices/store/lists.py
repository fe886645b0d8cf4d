"""The register of devices as people look at it: whose each is, when it was heard and what is wrong; for reading."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, true
from sqlalchemy.engine import Row

from devices.rules.plan import Plan
from devices.store.assignments import assignments
from devices.store.devices import devices, hearings, seen
from devices.store.press_tests import press_tests
from devices.store.repairs import checks, repairs
from devices.store.vigils import vigils
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.areas import homes_in
from dispatch.store.people import homes, residents

FIND_MAX = 80


class Show(StrEnum):
    """Which devices a list is to show."""

    ALL = "all"
    NEVER_PRESSED = "never_pressed"
    OVERDUE = "overdue"
    NOT_WORN = "not_worn"
    LATE = "late"
    OFFLINE = "offline"
    LOW_BATTERY = "low_battery"
    FAULTY = "faulty"
    LENT = "lent"
    NOT_BACK = "not_back"
    RETIRED = "retired"


_LENT = (
    select(assignments.c.back_at)
    .where(assignments.c.device_id == devices.c.id, assignments.c.until_at.is_(None), assignments.c.kind == "lent")
    .scalar_subquery()
)
_CASE = select(repairs.c.id).where(repairs.c.device_id == devices.c.id, repairs.c.ended_at.is_(None)).scalar_subquery()
_TEST = (
    select(press_tests.c.until_at)
    .where(press_tests.c.device_id == devices.c.id, press_tests.c.state == "waiting")
    .scalar_subquery()
)
_ROWS = (
    select(
        devices, homes.c.code.label("home_code"), homes.c.address.label("where"),
        residents.c.code.label("resident_code"), residents.c.name.label("name"),
        seen.c.last_at, seen.c.times, seen.c.gateway.label("heard_by"), seen.c.pressed_at, seen.c.off_at, seen.c.fault,
        seen.c.fault_at, func.coalesce(seen.c.battery_low, False).label("battery_low"),
        func.coalesce(vigils.c.health, "well").label("health"), vigils.c.health_at, vigils.c.proven_at,
        vigils.c.since, _LENT.label("back_at"), _CASE.label("repair"), _TEST.label("test_until"),
    )
    .join(homes, homes.c.id == devices.c.home_id)
    .join(residents, residents.c.id == devices.c.resident_id, isouter=True)
    .join(seen, seen.c.device_id == devices.c.id, isouter=True)
    .join(vigils, vigils.c.device_id == devices.c.id, isouter=True)
)  # fmt: skip

_INSTANTS = frozenset({
    "retired_at", "last_at", "pressed_at", "off_at", "fault_at", "health_at", "proven_at", "since", "back_at",
    "test_until",
})  # fmt: skip


class Lists:
    """Reads the register. The plan says which kinds are pressed, and how long ago is too long."""

    def __init__(self, connection: Connection, plan: Plan, area: Area = DISTRICT) -> None:
        """`area` is what whoever looks works for: nothing of another station's homes is told."""
        self._connection = connection
        self._plan = plan
        self._area = area
        self._ours = homes_in(area)

    def page(
        self, now: datetime, most: int, *, show: Show = Show.ALL, find: str = "", after: str = ""
    ) -> list[dict[str, Any]]:
        """Devices in the order of their ids behind `after`; `find` is part of a code, a name or an address."""
        query = _ROWS.where(self._shown(show, now), _found(find), devices.c.id > after, self._ours)
        found = self._connection.execute(query.order_by(devices.c.id).limit(most))
        return [_plain(row) for row in found]

    def one(self, name: str) -> dict[str, Any] | None:
        """A device by its id or code, in use or not."""
        row = self._connection.execute(
            _ROWS.where(or_(devices.c.id == name, devices.c.code == name), self._ours)
        ).first()
        return None if row is None else _plain(row)

    def counts(self, now: datetime) -> Mapping[Show, int]:
        """How many devices each list has, in one pass over the register."""
        shown = [func.sum(case((self._shown(show, now), 1), else_=0)).label(show.value) for show in Show]
        row = self._connection.execute(self._joined(select(*shown)).where(self._at_ours())).one()
        return {show: int(getattr(row, show.value) or 0) for show in Show}

    def coverage(self, since: datetime) -> tuple[int, int]:
        """How many of the buttons in use were pressed since then, and how many there are."""
        base = self._joined(select(func.count())).where(devices.c.retired_at.is_(None), self._pressed())
        base = base.where(self._at_ours())
        of = int(self._connection.execute(base).scalar_one())
        return int(self._connection.execute(base.where(seen.c.pressed_at >= since)).scalar_one()), of

    def resident(self, code: str) -> tuple[str, str] | None:
        """Id and home of the resident with this code."""
        query = select(residents.c.id, residents.c.home_id).join(homes, homes.c.id == residents.c.home_id)
        query = query.where(residents.c.code == code, self._ours)
        row = self._connection.execute(query).first()
        return None if row is None else (row.id, row.home_id)

    def named(self, name: str) -> list[str]:
        """Codes of the residents who are called just so; two at the most, because more say no more."""
        query = select(residents.c.code).join(homes, homes.c.id == residents.c.home_id)
        query = query.where(residents.c.name == name, self._ours).order_by(residents.c.code).limit(2)
        return list(self._connection.execute(query).scalars())

    def residents(self, most: int) -> list[tuple[str, str, str]]:
        """Whom a device may be given: code, name and address."""
        query = (
            select(residents.c.code, residents.c.name, homes.c.address)
            .join(homes, homes.c.id == residents.c.home_id)
            .where(self._ours)
            .order_by(residents.c.code)
            .limit(most)
        )
        return [(row.code, row.name, row.address) for row in self._connection.execute(query)]

    def households(self, codes: Sequence[str]) -> list[dict[str, Any]]:
        """Homes with who lives there and their telephones, in the order of their codes, to be called one by one."""
        query = (
            select(homes.c.code, homes.c.address, residents.c.name, residents.c.phone)
            .join(residents, residents.c.home_id == homes.c.id, isouter=True)
            .where(homes.c.code.in_(codes), self._ours)
            .order_by(homes.c.code, residents.c.code)
        )
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def hearings(self, device_id: str) -> list[dict[str, Any]]:
        """Which gateways hear it, the latest first."""
        query = select(hearings).where(hearings.c.device_id == device_id).order_by(hearings.c.last_at.desc())
        return [
            {"gateway": row.gateway, "last_at": row.last_at.isoformat(), "times": row.times, "rssi": row.rssi}
            for row in self._connection.execute(query)
        ]

    def repairs(
        self,
        most: int,
        *,
        is_open: bool | None = None,
        before: tuple[datetime, str] | None = None,
        id_: str | None = None,
        device_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """Repair cases, the newest first, with what they are about; `before` is opening and id of the last one seen."""
        query = (
            select(
                repairs, devices.c.code.label("device"), devices.c.kind, homes.c.code.label("home_code"),
                homes.c.address.label("where"), residents.c.name.label("name"), residents.c.phone.label("phone"),
            )
            .join(devices, devices.c.id == repairs.c.device_id)
            .join(homes, homes.c.id == repairs.c.home_id)
            .join(residents, residents.c.id == devices.c.resident_id, isouter=True)
            .where(self._ours)
            .order_by(repairs.c.opened_at.desc(), repairs.c.id.desc())
            .limit(most)
        )  # fmt: skip
        query = query.where(repairs.c.id == id_) if id_ is not None else query
        query = query.where(repairs.c.device_id == device_id) if device_id is not None else query
        if is_open is not None:
            query = query.where(repairs.c.ended_at.is_(None) if is_open else repairs.c.ended_at.is_not(None))
        if before is not None:
            at, id_ = before
            query = query.where((repairs.c.opened_at < at) | ((repairs.c.opened_at == at) & (repairs.c.id < id_)))
        return [_iso(row) for row in self._connection.execute(query)]

    def checks(self, most: int) -> list[dict[str, Any]]:
        """Whom somebody is to ask how they are, now or later, those who were told of first on top."""
        query = (
            select(
                checks, homes.c.code.label("home_code"), homes.c.address.label("where"), repairs.c.faults,
                devices.c.code.label("device"), residents.c.name.label("name"), residents.c.phone.label("phone"),
            )
            .join(homes, homes.c.id == checks.c.home_id, isouter=True)
            .join(repairs, repairs.c.id == checks.c.repair_id, isouter=True)
            .join(devices, devices.c.id == repairs.c.device_id, isouter=True)
            .join(residents, residents.c.id == devices.c.resident_id, isouter=True)
            .where(checks.c.due_at.is_not(None), or_(checks.c.home_id.is_(None), self._ours))
            .order_by(checks.c.state, checks.c.planned_at, checks.c.id)
            .limit(most)
        )  # fmt: skip
        return [_iso(row) for row in self._connection.execute(query)]

    def codes_of_ours(self, codes: Sequence[str]) -> list[str]:
        """Those of these homes that belong to the area, by their codes, in their order."""
        if self._area.is_district:
            return list(codes)
        query = select(homes.c.code).where(homes.c.code.in_(codes), self._ours)
        ours = set(self._connection.execute(query).scalars())
        return [each for each in codes if each in ours]

    def _at_ours(self) -> ColumnElement[bool]:
        """The same as `_ours` for a query without homes: a whole district asks no more than before."""
        return true() if self._area.is_district else devices.c.home_id.in_(select(homes.c.id).where(self._ours))

    def _joined(self, query: Select[Any]) -> Select[Any]:
        return (
            query.select_from(devices)
            .join(seen, seen.c.device_id == devices.c.id, isouter=True)
            .join(vigils, vigils.c.device_id == devices.c.id, isouter=True)
        )

    def _shown(self, show: Show, now: datetime) -> ColumnElement[bool]:
        if show is Show.RETIRED:
            return devices.c.retired_at.is_not(None)
        ways: Mapping[Show, ColumnElement[bool]] = {
            Show.ALL: true(),
            Show.NEVER_PRESSED: and_(self._pressed(), seen.c.pressed_at.is_(None)),
            Show.OVERDUE: and_(self._pressed(), seen.c.pressed_at < now - self._plan.test_every),
            Show.NOT_WORN: seen.c.off_at.is_not(None),
            Show.LATE: vigils.c.health == "late",
            Show.OFFLINE: vigils.c.health == "offline",
            Show.LOW_BATTERY: seen.c.battery_low.is_(true()),
            Show.FAULTY: _CASE.is_not(None),
            Show.LENT: _LENT.is_not(None),
            Show.NOT_BACK: _LENT < now,  # noqa: SIM300  the column is on the left
        }
        return and_(devices.c.retired_at.is_(None), ways[show])

    def _pressed(self) -> ColumnElement[bool]:
        """A kind nobody described is taken for one that is pressed."""
        return devices.c.kind.not_in([name for name, pressed in self._plan.pressed_kinds().items() if not pressed])


def _found(find: str) -> ColumnElement[bool]:
    if not find:
        return true()
    columns = (devices.c.code, devices.c.address, homes.c.code, homes.c.address, residents.c.code, residents.c.name)
    return or_(*(each.icontains(find[:FIND_MAX], autoescape=True) for each in columns))


def _plain(row: Row[Any]) -> dict[str, Any]:
    fields = dict(row._mapping)
    fields["home"], fields["resident"] = fields.pop("home_id"), fields.pop("resident_id")
    for name in _INSTANTS:
        fields[name] = fields[name].isoformat() if fields[name] else None
    return fields


def _iso(row: Row[Any]) -> dict[str, Any]:
    fields = dict(row._mapping)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
