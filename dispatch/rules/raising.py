"""How an alarm begins: from what was heard, by a device or from a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.ids import AlarmId, HomeId, PolicyId, ResidentId, StationId
from dispatch.rules.alarm import PLACE_FRESH_S, Alarm, State
from dispatch.rules.message import Fact
from dispatch.rules.people import Household, Person, Resident
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause, Signal

DELAYED_S = 60
"""A signal older than this when it reaches us raises an alarm marked as delayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    What raises or joins an alarm. `address` tells homeless devices apart; `fix` is the device's own position.
    `station_id` answers where there is no home.
    """

    cause: Cause
    by: Person
    home_id: HomeId | None
    resident_id: ResidentId | None
    address: str = "hotline"
    fix: Position | None = None
    fix_at: datetime | None = None
    delayed_s: int = 0
    station_id: StationId | None = None
    note: str | None = None

    @classmethod
    def of(cls, signal: Signal, cause: Cause) -> "Heard":
        """What a device said, by the cause it has."""
        late_s = (signal.received_at - signal.sent_at).total_seconds() if signal.sent_at else 0.0
        return cls(
            cause=cause,
            by=Person(f"device:{signal.address}"),
            home_id=signal.home_id,
            resident_id=signal.resident_id,
            address=f"{signal.protocol}:{signal.address}",
            fix=signal.position,
            fix_at=signal.position_at,
            delayed_s=round(late_s) if late_s > DELAYED_S else 0,
            station_id=signal.station_id,
        )

    def place(self, household: Household | None, now: datetime) -> tuple[Position | None, str]:
        """The device's own fix while it is young, else the home; and which of them it is."""
        if self.fix is not None and self.fix_at is not None and now - self.fix_at < timedelta(seconds=PLACE_FRESH_S):
            return self.fix, "device"
        if household is not None and household.home.position is not None:
            return household.home.position, "home"
        return None, "none"


def subject_of(home_id: HomeId | None, resident_id: ResidentId | None, address: str) -> str:
    """What may have only one open alarm: the home with its resident, or the device where there is no home."""
    return f"home:{home_id}/{resident_id or '-'}" if home_id else f"device:{address}"


def begin(
    heard: Heard,
    *,
    id_: AlarmId,
    number: str,
    subject: str,
    policy_id: PolicyId,
    household: Household | None,
    resident: Resident | None,
    station_id: StationId | None,
    now: datetime,
) -> tuple[Alarm, Line]:
    """The alarm, due at once, and its first line."""
    place, source = heard.place(household, now)
    alarm = Alarm(
        id=id_,
        number=number,
        subject=subject,
        cause=heard.cause,
        state=State.RAISED,
        raised_at=now,
        pressed_at=now,
        due_at=now,
        policy_id=policy_id,
        home_id=heard.home_id,
        resident_id=resident.id if resident else None,
        station_id=station_id,
        place=place,
        place_source=source,
        delayed_s=heard.delayed_s,
    )
    facts: dict[str, Fact] = {"from": "", "to": str(alarm.state), "cause": str(heard.cause), "policy": policy_id}
    facts |= {"home": heard.home_id, "delayed_s": heard.delayed_s, "number": number, "station": station_id}
    facts |= {"resident": alarm.resident_id}
    if household is not None:
        # As the register has it now: figures of a month must not change because somebody moves afterwards.
        facts |= {"street": household.home.street, "community": household.home.community}
    return alarm, Line(kind="raised", by=heard.by, alarm_id=id_, version=1, facts=facts, note=heard.note)


def begin_plainly(
    heard: Heard, *, id_: AlarmId, number: str, subject: str, policy_id: PolicyId, now: datetime
) -> tuple[Alarm, Line]:
    """The same with what cannot be missing, for when something in the register or in a rule makes `begin` fail."""
    alarm = Alarm(
        id=id_, number=number, subject=subject, cause=heard.cause, state=State.RAISED, raised_at=now, pressed_at=now,
        due_at=now, policy_id=policy_id, home_id=heard.home_id, resident_id=heard.resident_id,
        station_id=heard.station_id, place=None, place_source="none", delayed_s=0,
    )  # fmt: skip
    facts: dict[str, Fact] = {"from": "", "to": str(alarm.state), "cause": str(heard.cause), "policy": policy_id}
    facts |= {"home": heard.home_id, "delayed_s": 0, "number": number, "station": heard.station_id}
    return alarm, Line(kind="raised", by=heard.by, alarm_id=id_, version=1, facts=facts, note=heard.note)
