"""
What a carer sees and does on the page of one alarm: the facts of an offer as plain values, and answers given there.

An answer given on a page goes the road of every answer: kept, understood, done (`answers.py`). Door, entry and person
are told only while the offer is accepted and the alarm open, and only to a browser in which a button was pressed: what
looks at links before people do learns nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from dispatch.answers import Answers, Said
from dispatch.clock import Clock
from dispatch.errors import Busy, NotFound
from dispatch.ids import OfferId
from dispatch.rules.alarm import Alarm, Offer, OfferState, Outcome, State
from dispatch.rules.letters import TALK_TO_BE_TOLD, minutes
from dispatch.rules.people import Household, Person, Talk, carer, carer_id, compound
from dispatch.rules.place import Position, wgs84_to_gcj02
from dispatch.rules.record import Line
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.idempotency import StorageFailed
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx

Plain = dict[str, Any]

log = structlog.get_logger()

SHOWN_AFTER_CLOSING = timedelta(hours=24)
"""So long the page says that it is over, and nothing else; then nobody knows its code."""

MAPS: Mapping[str, str] = {
    "Amap": "https://uri.amap.com/marker?position={lng:.6f},{lat:.6f}",
    "Baidu": "https://api.map.baidu.com/marker?location={lat:.6f},{lng:.6f}&coord_type=gcj02&title=+&content=+&output=html",
}
"""Maps that open at a point without script or key, in GCJ-02; the addresses are those of their own documentation."""

WORDS: Mapping[str, str] = {"accept": "1", "decline": "2", "arrived": "3", "done": "4", "no_entry": "进不去"}
"""What each button says, in the words of an SMS."""

OUTCOMES: Mapping[str, str] = {
    Outcome.HELPED: "没事",
    Outcome.FALSE_ALARM: "误报",
    Outcome.HOSPITAL: "送医",
    Outcome.NOBODY_HOME: "没人在家",
    Outcome.OTHER: "其他",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One offer with everything its page may need."""

    offer: Offer
    alarm: Alarm
    household: Household | None
    lang: str
    coming: tuple[Offer, ...]
    distance_m: float | None

    @property
    def stage(self) -> str:
        """Where this person stands: over, there, coming, declined, taken, asked."""
        if not self.alarm.open:
            return "over"
        if self.offer.state is OfferState.ACCEPTED:
            return "there" if self.offer.attended_at else "coming"
        if self.offer.state is OfferState.DECLINED:
            return "taken" if self._is_taken else "declined"
        return "taken" if self._is_taken or self.offer.state is OfferState.WITHDRAWN else "asked"

    @property
    def _is_taken(self) -> bool:
        return self.alarm.state in {State.ACCEPTED, State.ATTENDED}


class Tasks:
    """Reads tasks and takes what is pressed on their pages."""

    def __init__(
        self,
        reading: Engine,
        transactions: Transactions,
        answers: Answers,
        clock: Clock,
        *,
        local: Callable[[datetime], datetime],
    ) -> None:
        self._reading = reading
        self._transactions = transactions
        self._answers = answers
        self._clock = clock
        self._local = local

    def task(self, offer_id: OfferId) -> Task:
        """
        One task.

        Raises:
            NotFound: there is none, or it has been over for more than a day.
        """
        with self._reading.connect() as connection:
            alarms, people = Alarms(connection), People(connection)
            offer = alarms.offer(offer_id)
            if offer is None:
                raise NotFound("no such task")
            alarm = alarms.get(offer.alarm_id)
            if alarm.closed_at is not None and self._clock.now() - alarm.closed_at > SHOWN_AFTER_CLOSING:
                raise NotFound("this task is over")
            coming = tuple(each for each in alarms.offers_of(alarm.id) if each.state is OfferState.ACCEPTED)
            choice = alarms.choice_of(alarm.id)
            ranked = choice.ranked if choice else ()
            far = next((each.distance_m for each in ranked if carer(each.carer_id) == offer.person), None)
            household = people.household(alarm.home_id) if alarm.home_id else None
            lang = _lang(people, offer.person)
        return Task(
            offer=offer, alarm=alarm, household=household, lang=lang, coming=coming, distance_m=far
        )  # fmt: skip

    def tasks_of(self, person: Person) -> list[Task]:
        """What this person is asked about or on the way to, the newest first."""
        with self._reading.connect() as connection:
            found = [offer.id for offer, _ in Alarms(connection).offers_to(person)]
        return [self.task(id_) for id_ in found]

    def lang_of(self, person: Person) -> str:
        """The language this person is written to in."""
        with self._reading.connect() as connection:
            return _lang(People(connection), person)

    def told(self, task: Task, *, opened: bool) -> Plain:
        """What may stand on the page. `opened`: a button was pressed in this browser before."""
        alarm = task.alarm
        now = self._clock.now()
        plain: Plain = {
            "stage": task.stage,
            "cause": str(alarm.cause),
            "at": f"{self._local(alarm.raised_at):%H:%M}",
            "ago_min": max(0, int((now - alarm.raised_at).total_seconds() // 60)),
            "place": compound(task.household.home.address) if task.household else "",
            "presses": alarm.press_count,
            "minutes": minutes(task.offer.eta_s),
            "number": alarm.number,
            "number_code": task.offer.code,
            "backup": task.offer.role is not None and task.offer.role.value == "backup",
            "due_at": f"{self._local(task.offer.arrival_due_at):%H:%M}" if task.offer.arrival_due_at else "",
        }
        private = task.stage in {"coming", "there"}
        return plain | {"private": private, "opened": private and opened} | (_door(task) if private and opened else {})

    def do(self, offer_id: OfferId, deed: str, *, nonce: str, outcome: str = "") -> None:
        """
        A button was pressed: kept as an answer, then done at once. The same `nonce` again is a copy and does nothing.

        Raises:
            NotFound: there is no such button.
        """
        words = WORDS.get(deed)
        if words is None:
            raise NotFound("no such button")
        told = OUTCOMES.get(outcome, "") if deed == "done" else ""
        said = Said(key=f"{offer_id}:{nonce}:{deed}", sender="page", text=f"{words} {told}".strip(), offer_id=offer_id)
        for id_ in self._answers.take("page", [said]):
            try:
                self._answers.wake(id_)
            except (Busy, StorageFailed):
                # It is kept and stays due: the engine does it a moment later.
                log.warning("page_answer_waits", offer_id=offer_id)

    def opened(self, task: Task) -> None:
        """Door and person were shown in a browser: the record says to whom and when, not what."""

        def work(tx: Tx) -> None:
            facts = {"offer": task.offer.id}
            tx.log(Line(kind="entry_shown", by=task.offer.person, alarm_id=task.alarm.id, facts=facts))

        self._transactions.run(work)


def _lang(people: People, person: Person) -> str:
    id_ = carer_id(person)
    found = people.carers_by_id([id_]).get(id_) if id_ else None
    return found.lang if found else "zh"


def _door(task: Task) -> Plain:
    household = task.household
    way = _way(task.alarm.place, task.distance_m)
    if household is None:
        return way
    resident = household.resident(task.alarm.resident_id)
    names = [resident] if resident else list(household.residents)
    phone = resident.phone if resident and Talk.DO_NOT_PHONE not in resident.talk else None
    return way | {
        "address": household.home.address,
        "entry": household.home.entry,
        "names": "、".join(each.name for each in names),
        "phone": phone,
        "illness": resident.illness if resident else "",
        "talk": next((str(each) for each in TALK_TO_BE_TOLD if resident and each in resident.talk), ""),
        "born": resident.born_on.year if resident and resident.born_on else None,
        "holders": [
            {"name": each.name, "phone": each.phone} for each in household.contacts if each.key_holder and each.phone
        ],
    }


def _way(place: Position | None, far_m: float | None) -> Plain:
    """Where it is for maps: WGS-84 for those that say so, GCJ-02 for those of China. No name goes along."""
    if place is None:
        return {"way": None}
    shown = wgs84_to_gcj02(place)
    return {
        "way": {
            "lat": f"{place.lat:.6f}", "lng": f"{place.lng:.6f}",
            "maps": {name: each.format(lat=shown.lat, lng=shown.lng) for name, each in MAPS.items()},
            "distance_m": None if far_m is None else max(10, round(far_m, -1)),
        }
    }  # fmt: skip
