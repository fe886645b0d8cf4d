"""A small world with a courier and a reconciler that work when told to."""

from datetime import timedelta

from sqlalchemy import select

from dispatch.answers import Said
from dispatch.messages.courier import Courier
from dispatch.messages.reconcile import Reconciler
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import operator
from dispatch.store.outbox import Outbox
from dispatch.store.record import entries
from tests.builders import DISTRICT, build_world, policies_of

WANG = operator("wang")
STEPS = (
    {"step": "offer_nearest", "wait_s": 60},
    {"step": "call_carer", "wait_s": 60},
    {"step": "all_hands", "wait_s": 120},
)


class Post:
    """A world with a courier that works when told to, and what became of everything."""

    def __init__(self, folder, *providers, homes=0, carers=0):
        """Besides the usual district so many homes H100, H101, …, and carers D1, D2, … on duty."""
        more = "".join(_home(number) for number in range(100, 100 + homes))
        more += "".join(_carer(number) for number in range(1, carers + 1))
        on_duty = ("C1", "C2", "C3", *(f"D{number}" for number in range(1, carers + 1)))
        self.world = build_world(folder, policies=policies_of(*STEPS), district=DISTRICT + more, on_duty=on_duty)
        self.providers = {each.name: each for each in providers}
        self.courier = self.another_courier()

    def another_courier(self, **more):
        world = self.world
        return Courier(
            world.transactions,
            world.reading,
            self.providers,
            world.clock,
            local=world.calendar.local,
            unreached=world.desk,
            **more,
        )

    def press(self):
        """A press whose first offer waits to be sent."""
        alarm_id = self.world.press()
        self.world.wake()
        return alarm_id

    def deliver(self, *, emergency=True, most=16):
        """One round: everything due is claimed, then carried; how many."""
        jobs = self.courier.claim(most, emergency=emergency)
        for job in jobs:
            self.courier.carry(job)
        return len(jobs)

    def wait(self, seconds):
        self.world.clock.advance(seconds)

    def post(self, key, *, priority=Priority.REMINDER, sentence="plain", to="+8613800000009", facts=None, **more):
        fields = {
            "key": key, "sentence": sentence, "channel": Channel.SMS, "priority": priority, "to": to,
            "person": "carer:x", "lang": "zh", "expires_at": self.world.clock.now() + timedelta(hours=1),
            "facts": facts if facts is not None else {"number": key, "place": ""},
        }  # fmt: skip
        self.world.transactions.run(lambda tx: Outbox.post(tx, [Draft(**fields | more)]))

    def message(self, alarm_id=None, sentence="offer", person=None):
        found = [
            each for each in self.world.messages(alarm_id)
            if each.sentence == sentence and person in {None, each.person}
        ]  # fmt: skip
        (message,) = found
        return message

    def attempts(self, message):
        with self.world.reading.connect() as connection:
            return Outbox(connection).attempts_of(message.id)

    def outcomes(self, message):
        return [(each.provider, each.outcome) for each in self.attempts(message)]

    def offer(self, alarm_id, code):
        person = self.world.carer(code)
        return next((each for each in self.world.offers(alarm_id) if each.person == person), None)

    def settled(self):
        """What the record says about sending, oldest first."""
        query = select(entries.c.body).where(entries.c.kind == "message_settled").order_by(entries.c.number)
        with self.world.reading.connect() as connection:
            return [row.body for row in connection.execute(query)]

    # -------------------------------------------------------------------------------- beside and behind the courier

    def hedge(self):
        """Second attempts for what is slow, as the courier's loop makes them; carried by whoever asks for them."""
        return self.courier.hedge(16)

    def reconciler(self, *, keep=None, **more):
        """One that asks when told to."""
        world = self.world

        def kept(provider, found):
            said = [Said(key=each.key, sender=each.sender, text=each.text, said_at=each.said_at) for each in found]
            world.answers.receive(provider, said)

        return Reconciler(
            self.courier, world.transactions, world.reading, world.clock, unreached=world.desk, keep=keep or kept,
            **more,
        )  # fmt: skip

    def reconcile(self, reconciler=None):
        """One round: everything due is asked about; which attempts that was."""
        reconciler = reconciler or self.reconciler()
        looks = reconciler.take()
        for each in looks:
            reconciler.ask(each)
        return [each.attempt.id for each in looks]

    def recorded(self, kind):
        """The bodies of all entries of this kind, oldest first."""
        query = select(entries.c.body).where(entries.c.kind == kind).order_by(entries.c.number)
        with self.world.reading.connect() as connection:
            return [row.body for row in connection.execute(query)]


def _home(number):
    return f"""
[[homes]]
code = "H{number}"
address = "柏林小区 {number}-1"
lat = 38.0720
lng = 114.4920
residents = [{{ code = "R{number}", name = "王秀英" }}]
"""


def _carer(number):
    return f"""
[[carers]]
code = "D{number}"
name = "护理{number}"
phone = "+86139{number:08}"
station = "S1"
lat = {38.0730 + number / 10_000:.4f}
lng = 114.4920
"""
