"""What carers and the people on watch are told about visits, posted within somebody's unit of work."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from dispatch.ids import CarerId
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import Carer, carer, compound, operator
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Tx
from schedules.care.rules.lateness import Step
from schedules.care.rules.presence import Visit

LASTS = timedelta(minutes=30)

_TO_CARERS = {Step.REMIND: "visit_remind", Step.UNSIGNED: "visit_unsigned"}


class Letters:
    """Texts about visits. `phones` are the duty numbers, E.164."""

    def __init__(self, phones: Sequence[str], *, two_way: Callable[[str], bool] = lambda _: True) -> None:
        self._phones = tuple(phones)
        self._two_way = two_way

    def step(self, tx: Tx, visit: Visit, step: Step, inside: Collection[CarerId | None]) -> None:
        """Whoever is late is reminded, whoever is inside is asked to sign out; the operators hear of the rest."""
        if step is Step.TELL:
            self.operators(tx, visit, "visit_late", key=f"late{visit.chase}")
            return
        sentence = _TO_CARERS.get(step)
        if sentence is None:
            return
        meant = [each for each in visit.carer_ids if (each in inside) == (step is Step.UNSIGNED)]
        if step is Step.REMIND and not visit.carer_ids:
            self.operators(tx, visit, "visit_unassigned", key="unassigned")
        people = People(tx.connection).carers_by_id(meant)
        facts: dict[str, Fact] = {"place": place_of(tx, visit), "code": visit.code, "minutes": _late(tx, visit)}
        Outbox.post(tx, [self._draft(tx, visit, each, sentence, facts) for each in people.values() if each.phone])

    def operators(self, tx: Tx, visit: Visit, sentence: str, *, key: str) -> None:
        """Tells the duty numbers."""
        who = People(tx.connection).carers_by_id(visit.carer_ids)
        number = " ".join(sorted(each.code for each in who.values()))
        facts: dict[str, Fact] = {"place": place_of(tx, visit), "number": number or None, "minutes": _late(tx, visit)}
        Outbox.post(tx, [
            Draft(
                key=f"{sentence}:{visit.id}:{key}:{phone}", sentence=sentence, channel=Channel.SMS,
                priority=Priority.CONFIRMATION, to=phone, person=operator(phone), lang="zh",
                expires_at=tx.now + LASTS, facts=facts,
            )
            for phone in self._phones
        ])  # fmt: skip

    def _draft(self, tx: Tx, visit: Visit, who: Carer, sentence: str, facts: dict[str, Fact]) -> Draft:
        assert who.phone is not None
        return Draft(
            key=f"{sentence}:{visit.id}:{who.id}:{visit.chase}", sentence=sentence, channel=Channel.SMS,
            priority=Priority.REMINDER, to=who.phone, person=carer(who.id), lang=who.lang,
            expires_at=tx.now + LASTS, answerable=self._two_way(who.phone), facts=facts,
        )  # fmt: skip


def place_of(tx: Tx, visit: Visit) -> str:
    """The compound, and no door: what may stand in a text."""
    return compound(People(tx.connection).home(visit.wanted.home_id).address)


def _late(tx: Tx, visit: Visit) -> int:
    return max(0, int((tx.now - visit.wanted.start_by).total_seconds()) // 60)
