"""
Puts the house together: each object is made here once and handed what it needs.

Roles: `engine` wakes what is due and sends; `gateway` hears devices; `web` serves pages and hooks. On SQLite they are
one process.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from config.gateways import Gateways
from config.hearing import said_of
from config.house import House as House
from config.late import Late
from config.probing import Probe
from config.settings import Settings
from config.travel import travel_anyway
from config.wiring_desk import build_situations, escalation_anyway, read_weights
from config.wiring_devices import build_outages, build_upkeep, mend_devices
from config.wiring_lifeline import build_lifeline
from config.wiring_logbook import build_logbook
from config.wiring_pages import pager
from config.wiring_registry import build_registers
from config.wiring_roads import Lines, build_roads, mend_roads
from config.wiring_sending import Sending, build_sending
from config.wiring_webhooks import build_webhooks, mend_webhooks
from devices.edges import Edges, Everybody
from devices.ports import HttpDoor
from devices.reception import Reception
from devices.supervision import Supervision
from devices.upkeep.by_text import TestsByText
from dispatch.answers import Answers
from dispatch.calls import Calls
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.expectations import DeskClaims
from dispatch.ids import StationId
from dispatch.learning import Learning
from dispatch.messages.reconcile import Reconciler
from dispatch.muster import Muster
from dispatch.review import Review
from dispatch.siren import Consoles
from dispatch.store.alarms import Alarms
from dispatch.store.calls import Calls as CallShelf
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Replies
from dispatch.store.transactions import Tx
from dispatch.talks import ResidentClaims, Talks
from schedules.duty.roster import Roster
from schedules.timers import Timers

if TYPE_CHECKING:
    from config.rooms import Rooms


def build(
    settings: Settings, clock: Clock, ids: Callable[[], str], *, alone: bool | None = None,
    sending: Sending | None = None,
) -> House:  # fmt: skip
    """
    Wires a house on its database, brought up to date; nothing runs yet but the writer, and whatever of `sending` runs
    already.

    Raises:
        Misconfigured: the settings are not in order, or at a first start the escalation file.
    """
    sending = sending or build_sending(settings, clock, ids, mend=mend_waiting, alone=alone)
    writing, reading, transactions, calendar = sending.writing, sending.reading, sending.transactions, sending.calendar
    nudges, providers, courier, links = sending.nudges, sending.providers, sending.courier, sending.links
    escalation = escalation_anyway(settings, reading)
    with reading.connect() as connection:
        stations = {each.code: each.id for each in People(connection).stations()}
    roster = Roster(reading)
    muster = Muster(reading, roster, travel_anyway(settings), read_weights(settings), lambda: clock.look().steady_s)
    situations = build_situations(settings, reading, muster, clock, providers)

    desk = Desk(
        transactions, reading, muster, escalation.policies, situations, day_number=calendar.day_number, nudge=nudges,
        hand_over=lambda id_: timers.hand_over(Desk.name, id_), rides=courier.ride, precedence=sending.precedence,
    )  # fmt: skip
    upkeep = build_upkeep(
        settings, transactions, reading, clock, calendar, desk, nudge=nudges,
        changed=lambda: reception.forget(),  # noqa: PLW0108  it is made below
    )  # fmt: skip
    registers = build_registers(
        settings, transactions, reading, clock, upkeep.register, nudge=nudges,
        changed=lambda: house.forget(),  # noqa: PLW0108  it is made below
    )  # fmt: skip
    lines, page = Lines(), pager(settings.operators.phones, transactions, clock, nudges)
    roads = build_roads(
        settings, transactions, reading, clock, calendar, desk, lines=lines, providers=providers, nudge=nudges,
        page=page, changed=muster.forget,
    )  # fmt: skip
    probe = Probe()
    answers = Answers(
        transactions, reading, [DeskClaims(desk), ResidentClaims(desk), roads.reach], desk,
        orders=[TestsByText(upkeep.tests, after=nudges)], operators=settings.operators.phones, nudge=nudges,
        complete=lambda: house.rooms.get(),  # noqa: PLW0108  it is made below
        hand_over=lambda id_: timers.hand_over(Answers.name, id_), rides=courier.ride, learning=Learning(probe),
    )  # fmt: skip
    calls = Calls(transactions, reading, desk, nudge=nudges, hand_over=lambda id_: timers.hand_over(Calls.name, id_))
    reconciler = Reconciler(
        courier, transactions, reading, clock, unreached=desk, poll_s=settings.messages.poll_s,
        keep=lambda provider, found: answers.receive(provider, [said_of(each) for each in found]),
    )  # fmt: skip
    supervision = Supervision(transactions)
    reception = Reception(
        desk, supervision, reading, clock, ids,
        protocols={each.name: each.protocol for each in settings.gateways},
        stations=_stations_of(settings, stations), tests=upkeep.tests,
    )  # fmt: skip
    timers = Timers(
        [desk, answers, calls, *upkeep.owners, *roads.owners, *registers.owners],
        clock,
        give_way=sending.precedence.give_way,
    )
    lines.courier, lines.timers = courier, timers
    # A unit of work looks at both clocks before it begins, so an empty one mends what a set clock has put off.
    timers.on_jump(lambda: transactions.run(lambda _tx: None))
    nudges.join(timers.nudge)
    review = Review(reading, lambda: calendar.day_of(clock.now()))
    house = House(
        settings=settings, clock=clock, ids=ids, writing=writing, reading=reading, transactions=transactions,
        calendar=calendar, nudges=nudges, roster=roster, muster=muster, desk=desk, answers=answers,
        probe=probe,
        talks=Talks(transactions), calls=calls,
        review=review, logbook=build_logbook(settings, transactions, reading, clock, calendar, review),
        providers=providers, panel=sending.panel, courier=courier, reconciler=reconciler, sending=sending,
        supervision=supervision, reception=reception, timers=timers, consoles=Consoles(clock), upkeep=upkeep,
        edges=Edges(transactions, reading, clock), links=links, roads=roads, lines=lines, page=page,
        webhooks=build_webhooks(settings, transactions, reading, clock, page=page),
        registers=registers, escalation=escalation,
    )  # fmt: skip
    house.rooms = Late(lambda: _furnished(house))
    house.lifeline = build_lifeline(
        settings, transactions, reading, clock, timers=timers, vitals=roads.vitals, consoles=house.consoles,
        next_due=desk.next_due, hearing=lambda: house.hearing, page=page, nudge=nudges,
    )  # fmt: skip
    made = Gateways(reception, clock, house.stopping)
    for each in settings.gateways:
        gateway, listener = made.of(each)
        house.gateways.append(gateway)
        if isinstance(listener, HttpDoor):
            house.doors[each.name] = listener
    house.outages = build_outages(
        settings, Everybody((), house.heard), _stations_of(settings, stations), transactions,
        reading, clock, upkeep,
        forwarding=lambda: {name: n for name, n in reception.handed_in.items() if not house.edges.is_edge(name)},
        nudge=nudges, shared=writing.dialect.name != "sqlite",
    )  # fmt: skip
    # From here on it is there for a courier that is at work already: all that the desk leans on is made.
    sending.unreached.desk.put(desk)
    return house


def _furnished(house: House) -> "Rooms":
    from config.wiring_rooms import furnish

    return furnish(house)


def mend_waiting(tx: Tx, seconds: float) -> None:
    """
    Somebody set the clock. Back: everything that waits waits no longer than it would have. Forward: it falls due early,
    but no letter is given up for that, and none that is under way is sent a second time.
    """
    if seconds > 0:
        Outbox(tx.connection).outlast(seconds, tx.now)
    if seconds < 0:
        from config.wiring_rooms import mend_rooms

        Alarms.of(tx).shift_due(seconds)
        Outbox(tx.connection).shift_due(seconds)
        Replies(tx.connection).shift_due(seconds)
        CallShelf(tx.connection).shift_due(seconds)
        mend_devices(tx, seconds)
        mend_roads(tx, seconds)
        mend_rooms(tx, seconds)
        mend_webhooks(tx, seconds)


def _stations_of(settings: Settings, stations: Mapping[str, StationId]) -> dict[str, StationId]:
    return {each.name: stations[each.station] for each in settings.gateways if each.station in stations}
