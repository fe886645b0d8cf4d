"""
What stands on a carer's own page: today's visits, the rounds entrusted to them, orders, shifts and swaps.

Only what is this carer's own. Of an order that is merely offered no more is told than a text tells: the compound, not
the door. Of colleagues their shifts are told, so that one can be asked for in return, and nothing of why one is away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.ids import CarerId
from dispatch.rules.people import Carer, Talk, carer, compound
from dispatch.rules.rights import DISTRICT
from dispatch.store.database import Connection, Engine
from dispatch.store.people import People
from schedules.care.rules.checks import where
from schedules.care.rules.evidence import Case, Code, Finding, Limits, Shown, shown
from schedules.care.rules.presence import Point
from schedules.care.store.visit_points import Points
from schedules.care.visit_book import Row, VisitBook
from schedules.duty.rules.shifts import Shift
from schedules.duty.store import Shifts
from schedules.duty.store.swaps import Swap, Swaps
from schedules.orders.rules.order import Order, State
from schedules.orders.rules.services import Services
from schedules.orders.store.orders import Orders
from schedules.rounds.reading import Due, RoundsBook

AHEAD = timedelta(days=14)
ROUND_DAYS = 7
"""Rounds that are due within so many days stand on the page, and all that are overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An order that is offered to a carer or theirs. `address`, `name` and `phone` are known once it is theirs."""

    order: Order
    services: Services
    place: str
    address: str = ""
    name: str = ""
    phone: str | None = None

    @property
    def taken(self) -> bool:
        return self.order.state is State.ACCEPTED

    @property
    def by_visit(self) -> bool:
        """Whether signing in and out at the home shows that it was done, so that nobody needs to say so."""
        service = self.services.services.get(self.order.service)
        return service is not None and service.at_home

    @property
    def step(self) -> str:
        """The step whose turn it is; empty where it has none, or none is left."""
        service = self.services.services.get(self.order.service)
        steps = service.steps if service else ()
        past = steps.index(self.order.step) + 1 if self.order.step in steps else 0
        return steps[past] if past < len(steps) else ""

    @property
    def wants_photo(self) -> bool:
        service = self.services.services.get(self.order.service)
        return service is not None and self.step in service.photos

    def title(self, lang: str) -> str:
        service = self.services.services.get(self.order.service)
        return service.names.get(lang, service.names["zh"]) if service else self.order.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A swap, with what the other one is called."""

    swap: Swap
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody of the same station who can be asked to take a shift, with what they could give in return."""

    carer: Carer
    shifts: Sequence[Shift]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """
    A visit as far as it is this carer's: whether they came and left by their own word, and what is doubted of where
    they said so, by `begin` and `finish`: so many metres from the home, or None where nothing shows where it was.
    """

    row: Row
    came: bool
    left: bool
    doubts: Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All of a carer's page. `asked` waits for their answer, `asking` are swaps they asked for that are open."""

    carer: Carer
    visits: Sequence[Mine]
    rounds: Sequence[Due]
    orders: Sequence[Booked]
    shifts: Sequence[Shift]
    asked: Sequence[Asked]
    asking: Sequence[Asked]
    to_give: Sequence[Shift]
    colleagues: Sequence[Colleague]


class Days:
    """Reads the pages of carers. May be asked from any thread."""

    def __init__(
        self, reading: Engine, clock: Clock, *, visits: VisitBook, rounds: RoundsBook, services: Services,
        limits: Limits,
    ) -> None:  # fmt: skip
        """`limits` are what is believed of a visit's proof."""
        self._reading = reading
        self._clock = clock
        self._visits = visits
        self._rounds = rounds
        self._services = services
        self._limits = limits

    def carer(self, id_: CarerId | None) -> Carer | None:
        """Whose page it is; None where nobody is, or they have left."""
        with self._reading.connect() as connection:
            found = People(connection).carers_by_id([id_]).get(id_) if id_ else None
        return found if found and found.ended_at is None else None

    def of(self, who: Carer) -> Day:
        """The page of this carer as things stand."""
        now = self._clock.now()
        rows = self._visits.of_carer(who.id, self._visits.today())
        rounds = self._rounds.due(DISTRICT, days=ROUND_DAYS, responsible=carer(who.id))
        with self._reading.connect() as connection:
            visits = [_mine(each, Points(connection).of([each.visit.id]), who.id, self._limits) for each in rows]
            people = {each.id: each for each in People(connection).carers()}
            ahead = Shifts(connection).covering(now, now + AHEAD)
            swaps = [each for each in Swaps(connection).since(now) if each.is_open]
            orders = [self._booked(connection, each) for each in Orders(connection).in_hand(carer(who.id))]
        mine = sorted((each for each in ahead if each.carer_id == who.id), key=_begin)
        bound = {id_ for each in swaps for id_ in (each.shift_id, each.other_shift_id)}
        free = [each for each in ahead if each.start_at > now and each.id not in bound]
        near = [each for each in people.values() if _may_be_asked(each, who)]
        return Day(
            carer=who, visits=visits, rounds=rounds, orders=orders, shifts=mine,
            asked=[Asked(swap=each, name=_name(people, each.carer_id)) for each in swaps
                   if each.other_id == who.id and each.state == "asked"],
            asking=[Asked(swap=each, name=_name(people, each.other_id)) for each in swaps if each.carer_id == who.id],
            to_give=[each for each in mine if each in free],
            colleagues=[
                Colleague(carer=each, shifts=sorted((one for one in free if one.carer_id == each.id), key=_begin))
                for each in sorted(near, key=lambda each: each.code)
            ],
        )  # fmt: skip

    def may_ask(self, who: Carer, shift_id: str, other_id: CarerId) -> bool:
        """Whether this shift is theirs to give, and this other one to be asked."""
        with self._reading.connect() as connection:
            shift = Shifts(connection).get(shift_id)
            other = People(connection).carers_by_id([other_id]).get(other_id)
        return shift is not None and shift.carer_id == who.id and other is not None and _may_be_asked(other, who)

    def _booked(self, connection: Connection, order: Order) -> Booked:
        household = People(connection).dwelling(order.home_id)
        address = household.home.address
        offered = Booked(order=order, services=self._services, place=compound(address))
        who = household.resident(order.resident_id)
        if not offered.taken or who is None:
            return offered
        phone = None if Talk.DO_NOT_PHONE in who.talk else who.phone
        return Booked(
            order=order, services=self._services, place=compound(address), address=address, name=who.name, phone=phone
        )


def _mine(row: Row, points: Sequence[Point], who: CarerId, limits: Limits) -> Mine:
    """What this carer said of a visit, and whether it shows where they were: judged as the visit will be."""
    case = Case(visit=row.visit, points=points, home=row.home.position)
    own = [each for each in shown(row.visit, points, case.home, limits).spans if each.carer_id == who]
    found = where(case, Shown(spans=own, begun_at=None, finished_at=None), limits)
    return Mine(
        row=row, came=any(each.begin for each in own), left=any(each.finish for each in own),
        doubts={str(each.evidence["which"]): _metres(each) for each in found if each.code is not Code.HOME_UNPLACED},
    )  # fmt: skip


def _metres(found: Finding) -> int | None:
    said = found.evidence.get("distance_m")
    return said if isinstance(said, int) else None


def _may_be_asked(other: Carer, who: Carer) -> bool:
    """Colleagues of the same station who are in service."""
    here = other.station_id == who.station_id and other.id != who.id
    return here and other.ended_at is None and not other.suspended


def _name(people: dict[CarerId, Carer], id_: CarerId) -> str:
    found = people.get(id_)
    return f"{found.code} {found.name}" if found else ""


def _begin(shift: Shift) -> tuple[datetime, str]:
    return shift.start_at, shift.id
