"""
What belongs to somebody's stations, as conditions for queries: one place, so that lists and single things agree.

A home belongs to its station, a carer to theirs, a message to its alarm or else to whom it went. An alarm is answered
by the station of its home; without a home, or where the home has no station, everybody answers it (`Area.answers_for`).
"""

from collections.abc import Collection

from sqlalchemy import Column, ColumnElement, Connection, literal, or_, select, true

from dispatch.ids import AlarmId, HomeId, StationId
from dispatch.rules.rights import Area
from dispatch.store.alarms import alarms
from dispatch.store.outbox import messages
from dispatch.store.people import carers, homes
from dispatch.store.record import entries


def of_area(column: "Column[str]", area: Area) -> ColumnElement[bool]:
    """Whether this column names a station of the area (`Area.covers`)."""
    return true() if area.stations is None else column.in_(sorted(area.stations))


def homes_in(area: Area) -> ColumnElement[bool]:
    """The homes of the area, for queries that have `homes` among their tables."""
    return of_area(homes.c.station_id, area)


def alarms_in(area: Area) -> ColumnElement[bool]:
    """The alarms that the area answers for (`Area.answers_for`), for queries over `alarms`."""
    if area.stations is None:
        return true()
    ours = select(homes.c.id).where(or_(homes.c.station_id.is_(None), homes_in(area)))
    return or_(alarms.c.home_id.is_(None), alarms.c.home_id.in_(ours))


def alarms_named(ids: Collection[AlarmId] | None) -> ColumnElement[bool]:
    """These alarms; None is all of them."""
    return true() if ids is None else alarms.c.id.in_(sorted(ids))


def messages_in(area: Area) -> ColumnElement[bool]:
    """Messages about alarms of the area, and those about none that went to its carers."""
    if area.stations is None:
        return true()
    about_ours = messages.c.alarm_id.in_(select(alarms.c.id).where(alarms_in(area)))
    to_ours = messages.c.person.in_(select(literal("carer:") + carers.c.id).where(of_area(carers.c.station_id, area)))
    return or_(about_ours, messages.c.alarm_id.is_(None) & to_ours)


def entries_in(area: Area) -> ColumnElement[bool]:
    """Entries about alarms of the area. Those about no alarm may be about anybody, and are the district's."""
    if area.stations is None:
        return true()
    return entries.c.alarm_id.in_(select(alarms.c.id).where(alarms_in(area)))


_ALARM = select(alarms.c.id)
_HOME = select(homes.c.id)


def answers(connection: Connection, area: Area, alarm_id: AlarmId) -> bool:
    """Whether there is this alarm and the area answers for it."""
    query = _ALARM.where(alarms.c.id == alarm_id, alarms_in(area))
    return connection.execute(query).first() is not None


def covers_home(connection: Connection, area: Area, home_id: HomeId) -> bool:
    """Whether there is this home and it belongs to the area."""
    return connection.execute(_HOME.where(homes.c.id == home_id, homes_in(area))).first() is not None


def alarms_answered(connection: Connection, area: Area, ids: set[AlarmId]) -> set[AlarmId]:
    """Which of these alarms the area answers for."""
    if area.is_district or not ids:
        return ids
    query = _ALARM.where(alarms.c.id.in_(ids), alarms_in(area))
    return {AlarmId(row.id) for row in connection.execute(query)}


def stations_of_homes(connection: Connection) -> dict[HomeId, StationId | None]:
    """Every home's station."""
    return {HomeId(row.id): row.station_id for row in connection.execute(select(homes.c.id, homes.c.station_id))}
