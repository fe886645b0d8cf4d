"""A small district in which people are asked how satisfied they were."""

from sqlalchemy import select, update

from dispatch.answers import Answers, Said
from dispatch.expectations import DeskClaims
from dispatch.messages.courier import Courier
from dispatch.rules.alarm import Outcome
from dispatch.rules.message import Channel
from dispatch.rules.people import operator
from dispatch.rules.satisfaction import Asking
from dispatch.satisfaction.asking import SatisfactionAsking
from dispatch.store.people import residents
from dispatch.store.record import Record
from dispatch.store.satisfaction import ratings
from dispatch.talks import ResidentClaims
from tests.builders import build_world
from tests.fakes.provider import ScriptedProvider

R1 = "+8613800000101"
WANG = operator("wang")
HOUR = 3600


class Satisfaction:
    """One provider, one district, and the question after each alarm."""

    def __init__(self, folder, *, channel=Channel.SMS, served=lambda _: True, **more):
        self.world = world = build_world(folder, **more)
        self.one = ScriptedProvider("one")
        self.channel = channel
        self.asking = SatisfactionAsking(
            world.transactions, world.reading, world.clock, wanted=True, asking=Asking(), local=world.calendar.local,
            channel_of=lambda _: self.channel, is_served=served,
        )  # fmt: skip
        world.answers = Answers(
            world.transactions, world.reading, [DeskClaims(world.desk), ResidentClaims(world.desk)], world.desk,
            orders=[self.asking], nudge=lambda: None,
        )  # fmt: skip
        self.courier = Courier(
            world.transactions, world.reading, {"one": self.one}, world.clock, local=world.calendar.local,
            unreached=world.desk,
        )  # fmt: skip
        self._count = 0

    def helped(self, home="H1", outcome=Outcome.HELPED, resident=None, **more):
        """An alarm from the press to the closing."""
        alarm_id = self.world.press(home, resident, **more)
        self.settle()
        self.world.desk.close(alarm_id, outcome=outcome, by=WANG)
        self.settle()
        return alarm_id

    def settle(self):
        for _ in range(4):
            self.asking.check()
            self.world.wake()
            for id_ in self.asking.due(self.world.clock.now(), 100):
                self.asking.wake(id_)
            for emergency in (True, False):
                for job in self.courier.claim(100, emergency=emergency):
                    self.courier.carry(job)

    def later(self, seconds, step=600.0):
        while seconds > 0:
            self.world.clock.advance(min(step, seconds))
            seconds -= step
            self.settle()

    def says(self, sender, text, **more):
        self._count += 1
        self.world.answers.receive("one", [Said(key=f"said-{self._count}", sender=sender, text=text, **more)])
        self.settle()

    def rows(self):
        with self.world.reading.connect() as connection:
            return list(connection.execute(select(ratings).order_by(ratings.c.id)))

    def asked(self):
        return [each.to for each in self.one.sent if "满意" in each.text and "谢谢" not in each.text]

    def agree(self, code, *words):
        with self.world.writing.begin() as connection:
            connection.execute(update(residents).where(residents.c.code == code).values(agreements=list(words)))

    def lines(self, kind="satisfaction"):
        with self.world.reading.connect() as connection:
            return [each for each in Record(connection).after(0, 10_000) if each.kind == kind]

    def close(self):
        self.world.close()
