"""A small district with two providers, a gateway that rehearses, and everybody who looks after the roads."""

from datetime import timedelta

from devices.reception import Reception
from devices.rehearsal import Rehearsal
from devices.supervision import Supervision
from dispatch.answers import Answers, Said
from dispatch.drilling import Drilling, Rhythm
from dispatch.expectations import DeskClaims
from dispatch.messages.courier import Courier
from dispatch.reachability import Reachability
from dispatch.rules.message import Channel
from dispatch.rules.people import operator
from dispatch.rules.signal import Event
from dispatch.shadow import Shadowing
from schedules.spread import Spread
from tests.builders import DISTRICT, build_world
from tests.fakes.provider import ScriptedProvider

WANG = operator("wang")
DUTY = "+8613800000009"
PHONES = {"C1": "+8613800000001", "C2": "+8613800000002", "C3": "+8613800000003"}


class Door:
    """A gateway whose thread is the test's: what it is to rehearse is heard by `hear`."""

    def __init__(self, name, reception, clock):
        self.name = name
        self._reception = reception
        self._clock = clock
        self.waiting = []

    def rehearse(self, drill_id, *, station_id, position):
        self.waiting.append(Rehearsal(
            event=Event.PRESS, raw=b"", address=drill_id, dedup_key=drill_id, explicit=True, station_id=station_id,
            position=position, position_at=self._clock.now(),
        ))  # fmt: skip

    def hear(self):
        while self.waiting:
            self._reception.proceed(self._reception.hear(self.waiting.pop(), gateway=self.name))


class Roads:
    """Drills, tests and shadows over one world; the rhythm is a drill a day."""

    def __init__(self, folder, *, road=Channel.SMS, **more):
        self.world = world = build_world(folder, operators=(DUTY,), **more)
        self.one, self.two = ScriptedProvider("one"), ScriptedProvider("two", voice=False)
        self.providers = {"one": self.one, "two": self.two}
        self.courier = Courier(
            world.transactions, world.reading, self.providers, world.clock, local=world.calendar.local,
            unreached=world.desk,
        )  # fmt: skip
        reception = Reception(
            world.desk, Supervision(world.transactions), world.reading, world.clock, world.ids,
            protocols={"hall": "rflink", "roof": "rflink"}, stations={},
        )  # fmt: skip
        self.doors = [Door("hall", reception, world.clock), Door("roof", reception, world.clock)]
        self.paged = []
        spread = Spread(world.calendar, from_hour=9, until_hour=17)
        self.drilling = Drilling(
            world.transactions, world.reading, world.desk, doors=lambda: self.doors, providers=list(self.providers),
            carries=self._carries, page=lambda *told: self.paged.append(told), nudge=lambda: None,
            rhythm=Rhythm(
                every=timedelta(days=1), by=lambda: WANG, untested=timedelta(days=30), working=spread.working
            ),
        )  # fmt: skip
        self.reach = Reachability(
            world.transactions, world.reading, world.clock, wanted=True, month_of=world.calendar.month_of,
            spread=spread, road=lambda _: road, page=lambda *told: self.paged.append(told),
            changed=world.muster.forget,
        )  # fmt: skip
        self.shadowing = Shadowing(world.transactions, world.reading, world.desk, nudge=lambda: None)
        world.answers = Answers(
            world.transactions, world.reading, [DeskClaims(world.desk), self.reach], world.desk, nudge=lambda: None
        )
        self._count = 0

    def _carries(self, provider, channel, phone):
        able = self.providers[provider].capability(phone)
        return able.voice if channel is Channel.VOICE else able.sms

    def settle(self):
        """Everything due is woken, every letter carried, until nothing is left."""
        for door in self.doors:
            door.hear()
        for _ in range(5):
            self.world.wake()
            for owner in (self.reach, self.drilling):
                for id_ in owner.due(self.world.clock.now(), 100):
                    owner.wake(id_)
            for emergency in (True, False):
                for job in self.courier.claim(100, emergency=emergency):
                    self.courier.carry(job)

    def later(self, seconds, *, step=5.0):
        """Time passes in steps, and everything that falls due on the way is done."""
        while seconds > 0:
            self.world.clock.advance(min(step, seconds))
            seconds -= step
            self.settle()

    def on_duty(self, *codes, days):
        """These carers are on duty from now on, for so many days."""
        start = self.world.clock.now()
        end = start + timedelta(days=days)
        shifts = [
            f'[[shifts]]\ncarer = "{code}"\nstart = {start.isoformat()}\nend = {end.isoformat()}\n' for code in codes
        ]
        self.world.load("\n".join([DISTRICT, *shifts]))

    def says(self, who, text):
        self._count += 1
        said = Said(key=f"said-{self._count}", sender=PHONES.get(who, who), text=text)
        self.world.answers.receive("one", [said])
        self.settle()

    def sent(self):
        """Every attempt of either provider: to whom and in which words."""
        return [(each.to, each.text) for provider in (self.one, self.two) for each in provider.sent]

    def close(self):
        self.world.close()
