"""
The month before the demo is opened: alarms that were raised, answered and closed, so that the log, the figures and the
reports have something to say, and something to find.

Everything is done by the real desk at a clock set by hand; nothing is written past it. One night in the month is slow,
one pendant is pressed by mistake again and again, some carers are not reached at first, somebody goes to hospital.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from config.admin import Commands
from config.commands import commands_of
from config.demo_care import Happening, PastCare
from config.demo_clock import PastClock
from config.demo_meals import DAYS_MAX, PastMeals
from config.settings import Settings
from config.wiring import House, build
from devices.store.devices import Device, Devices
from dispatch.ids import AlarmId, AttemptId, SignalId, new_id
from dispatch.messages.providers.provider import Receipt, ReceiptKind
from dispatch.rules.alarm import Alarm, OfferState, Outcome, Proof
from dispatch.rules.people import Person, operator
from dispatch.rules.signal import CAUSES, Event, Signal
from dispatch.store.accounts import Accounts
from dispatch.store.alarms import Alarms
from dispatch.store.outbox import Outbox

DAYS = 31
ALARMS = 44
SLOW_NIGHT = 9
"""So many days ago hardly anybody answered."""

BY_MISTAKE = "D4"
"""The pendant that hangs where it is leaned on: several false alarms in one month."""

_SEED = 20261122
_EVENTS = (Event.PRESS,) * 6 + (Event.FALL,) * 2 + (Event.INACTIVITY,)
_OUTCOMES = (Outcome.HELPED,) * 8 + (Outcome.FALSE_ALARM,) * 2 + (Outcome.HOSPITAL, Outcome.OTHER)
_STEPS_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """How one alarm goes. `deaf`: so many of those asked do not answer; the rest is how long things take."""

    at: datetime
    device: Device
    event: Event
    outcome: Outcome
    deaf: int
    look: timedelta
    answer: timedelta
    eta: timedelta
    stay: timedelta


def live_a_month(settings: Settings, begin: Callable[[Commands], object], until: datetime) -> None:
    """
    Fills a database that nobody else has open with a month that ends half a day before `until`.

    `begin` is called with the commands of a service that lives a month and some days earlier: it loads the district and
    makes the accounts, the first of which closes every alarm.
    """
    clock = PastClock(until - timedelta(days=DAYS_MAX))
    house = build(settings, clock, new_id)
    try:
        begin(commands_of(house))
        past = _Past(house, clock)
        plots = _plots(Random(_SEED), past.devices, until)
        lives: list[Happening] = [(each.at, partial(past.live, each)) for each in plots]
        care = PastCare(house, clock, past.by, past.deliver).events(until)
        meals = PastMeals(house, clock, past.by).events(until)
        for at, live in sorted([*lives, *care, *meals], key=lambda each: each[0]):
            clock.to(at)
            live()
    finally:
        house.stop()


class _Past:
    """The people of that month: who presses, who is asked and answers, and the operator who closes."""

    def __init__(self, house: House, clock: PastClock) -> None:
        self._house = house
        self._clock = clock
        with house.reading.connect() as connection:
            self.devices = [each for each in Devices(connection).active() if each.resident_id or each.home_id]
            self.by = operator(Accounts(connection).operators()[0].id)

    def live(self, plot: Plot) -> None:
        """One alarm from the press to the closing."""
        self._clock.to(plot.at)
        self._house.forget()
        alarm_id = self._press(plot)
        self._clock.to(plot.at + plot.look)
        self._house.console.claiming.take(alarm_id, by=self.by)
        came = self._somebody_accepts(alarm_id, plot)
        if came is not None:
            self._clock.to(self._clock.now() + plot.eta)
            self._house.desk.attend(alarm_id, came, proof=Proof.RESIDENT_BUTTON, by=came)
        self._clock.to(self._clock.now() + plot.stay)
        self._house.desk.close(alarm_id, outcome=plot.outcome, by=self.by)
        self.deliver()

    def _press(self, plot: Plot) -> AlarmId:
        device, now = plot.device, self._clock.now()
        gateway = device.gateway or "hall-radio"
        received = self._house.desk.receive(
            Signal(
                id=SignalId(new_id()), event=plot.event, cause=CAUSES[plot.event], gateway=gateway,
                protocol=device.protocol, address=device.address, dedup_key=f"{device.id}:{now.isoformat()}",
                received_at=now, device_id=device.id, home_id=device.home_id, resident_id=device.resident_id,
            )
        )  # fmt: skip
        assert received.alarm_id is not None
        return received.alarm_id

    def _somebody_accepts(self, alarm_id: AlarmId, plot: Plot) -> Person | None:
        """Takes the steps of the policy as they fall due, until somebody who is not deaf has been asked."""
        for _ in range(_STEPS_MAX):
            self._house.desk.wake(alarm_id)
            self.deliver()
            asked = self._asked(alarm_id)[plot.deaf :]
            if asked:
                self._clock.to(self._clock.now() + plot.answer)
                self._house.desk.accept(alarm_id, asked[0], by=asked[0])
                return asked[0]
            due_at = self._alarm(alarm_id).due_at
            assert due_at is not None, "an open alarm is always due"
            self._clock.to(due_at)
        return None

    def _asked(self, alarm_id: AlarmId) -> list[Person]:
        """The carers asked so far, in the order of asking."""
        with self._house.reading.connect() as connection:
            offers = sorted(Alarms(connection).offers_of(alarm_id), key=lambda each: (each.offered_at, each.code))
        may = {OfferState.OPEN, OfferState.LAPSED}
        return [each.person for each in offers if each.person.startswith("carer:") and each.state in may]

    def _alarm(self, alarm_id: AlarmId) -> Alarm:
        with self._house.reading.connect() as connection:
            return Alarms(connection).get(alarm_id)

    def deliver(self) -> None:
        """What is to be sent is taken by the telephones of the demo, and each says that it arrived."""
        courier = self._house.courier
        for emergency in (True, False):
            for job in courier.claim(50, emergency=emergency):
                courier.carry(job)
                courier.receive("console", [self._arrived(job.outgoing.attempt_id)])

    def _arrived(self, attempt_id: AttemptId) -> Receipt:
        with self._house.reading.connect() as connection:
            attempt = Outbox(connection).attempt(attempt_id)
        assert attempt is not None
        return Receipt(
            key=f"past:{attempt_id}", kind=ReceiptKind.DELIVERED, provider_id=attempt.provider_id or "",
            attempt_id=attempt_id, status="delivered",
        )  # fmt: skip


def _plots(random: Random, devices: list[Device], until: datetime) -> list[Plot]:
    """The alarms of the month in the order of time, at least two hours apart, so that none meets another."""
    spaces = (DAYS - 1) * 24 // 2
    slots = sorted(random.sample(range(spaces), ALARMS))
    return [_plot(random, until, until - timedelta(days=DAYS - 0.5, hours=-2 * slot), devices) for slot in slots]


def _plot(random: Random, until: datetime, at: datetime, devices: list[Device]) -> Plot:
    by_mistake = random.random() < 0.07
    device = next(each for each in devices if each.code == BY_MISTAKE) if by_mistake else random.choice(devices)
    slow = timedelta(days=SLOW_NIGHT - 1) < until - at < timedelta(days=SLOW_NIGHT + 0.5)
    return Plot(
        at=at + timedelta(minutes=random.randrange(50), seconds=random.randrange(60)),
        device=device,
        event=Event.PRESS if by_mistake else random.choice(_EVENTS),
        outcome=Outcome.FALSE_ALARM if by_mistake else random.choice(_OUTCOMES),
        deaf=3 if slow else random.choice((0,) * 9 + (1, 1, 2)),
        look=timedelta(seconds=random.randrange(25, 70) if slow else random.randrange(3, 22)),
        answer=timedelta(seconds=random.randrange(8, 36)),
        eta=timedelta(minutes=random.randrange(25, 48) if slow else random.randrange(3, 17)),
        stay=timedelta(minutes=random.randrange(6, 45)),
    )
