"""Gathers every fact that a decision about an alarm may need, and keeps what was decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from dispatch.clock import Clock
from dispatch.ids import AlarmId, CarerId, StationId
from dispatch.muster import Muster
from dispatch.rules import family
from dispatch.rules.alarm import Alarm, Offer, OfferState
from dispatch.rules.escalation import Decision, Situation, engagements
from dispatch.rules.message import Channel
from dispatch.rules.nearest import Candidate, Choice, Need, Question, origin, rank
from dispatch.rules.people import Household, Person, Reach, Station, carer, carer_id, contact
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause
from dispatch.rules.travel import Means, TravelTime
from dispatch.store.alarms import Alarms, hold_key
from dispatch.store.database import Engine
from dispatch.store.drills import Drills
from dispatch.store.openings import Openings
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.policies import KeptPolicies
from dispatch.store.transactions import Tx

PROPOSED_MAX = 20
"""How many candidates are proposed and looked at again inside the unit of work: those that are kept with the alarm."""

HOLDS_MAX = 10_000

T = TypeVar("T")
ANSWERS_COME = timedelta(hours=24)
"""So long after a request somebody may still answer it with a bare word."""

CODE_REST = timedelta(days=7)
"""A reply code rests this long before the same person gets it again."""


def _drill(tx: Tx, alarm: Alarm) -> tuple[str, Channel] | None:
    """The road that an exercise is there to try."""
    drill = Drills(tx.connection).of_alarm(alarm.subject) if alarm.cause is Cause.EXERCISE else None
    return (drill.provider, Channel(drill.channel)) if drill else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Who could come, by the picture in memory, and the alarm it was made for."""

    alarm: Alarm
    offers: tuple[Offer, ...]
    household: Household | None
    choice: Choice
    candidates: Mapping[CarerId, Candidate]
    travel: TravelTime | None = None
    """What a road router measured for this alarm; None for what the picture in memory knows."""


MEASURED_MAX = 10
"""So many of the best by the straight line are asked about: the fastest is among five in 96 % (ENGINE, section 5)."""


class Measure(Protocol):
    """Somebody who knows the roads: answers within its own budget and never raises."""

    def __call__(self, ways: Sequence[tuple[Position, Means]], to: Position, fallback: TravelTime, /) -> TravelTime:
        """The times of these ways to a place, and `fallback` for all others."""
        ...


class Situations:
    """
    Loads situations. What never changes while the service runs is pushed in once.

    `two_way` says whether an SMS answer from this number can come back by the road we would use first.
    """

    def __init__(
        self,
        reading: Engine,
        muster: Muster,
        clock: Clock,
        *,
        operators: Sequence[Reach],
        two_way: Callable[[str], bool],
        emergency_number: str | None,
        always_codes: bool = False,
        measure: Measure | None = None,
    ) -> None:
        self._reading = reading
        self._muster = muster
        self._clock = clock
        self._two_way = two_way
        self._emergency_number = emergency_number
        self._always_codes = always_codes
        self._measure = measure
        self._holds: dict[AlarmId, str] = {}
        self._raised: dict[AlarmId, tuple[Alarm, Household | None]] = {}
        self.operators = tuple(operators)

    def propose(self, alarm_id: AlarmId) -> Proposal:
        """Who could come, by the picture in memory; outside of any unit of work."""
        raised, living = self._raised.pop(alarm_id, (None, None))
        with self._reading.connect() as connection:
            alarms = Alarms(connection)
            alarm, offers = (raised, ()) if raised else (alarms.get(alarm_id), alarms.offers_of(alarm_id))
            household = self._household(People(connection), alarm, living)
        self._remember(alarm)
        proposal = self._proposal(alarm, offers, household, self._clock.now())
        return proposal if self._measure is None else self._measured(proposal, self._measure)

    def expect(self, alarm: Alarm, living: Household | None) -> None:
        """
        This alarm was raised just now: the first proposal for it needs not read it, nor who lives there. Should it have
        changed since, or never have become durable, the version tells when the situation is loaded. Not where another
        process may have decided about it meanwhile: then whoever was asked by that one would be proposed once more.
        """
        if self._reading.dialect.name == "sqlite":
            _put(self._raised, alarm.id, (alarm, living))

    def load(
        self, tx: Tx, alarm_id: AlarmId, proposal: Proposal | None, people: Sequence[Person] = (), *, asks: bool = True
    ) -> Situation:
        """
        The situation of a held alarm. Proposed carers are looked at again; `people` are needed besides.

        Without a proposal one is made from the picture in memory, for decisions inside somebody else's unit of work
        that may ask somebody (`asks`).
        """
        alarms, shelf = Alarms.of(tx), People(tx.connection)
        alarm = alarms.get(alarm_id)
        # Every decision makes the version grow, so the same version means the same offers.
        same = proposal is not None and proposal.alarm.version == alarm.version
        offers = proposal.offers if proposal and same else alarms.offers_of(alarm_id)
        household = proposal.household if proposal else self._household(shelf, alarm)
        if proposal is None and asks and alarm.needs_asking:
            proposal = self._proposal(alarm, offers, household, tx.now)
        # Before anything is read of them: whoever says yes to two alarms at once leads the second knowingly.
        shelf.lock_carers(_carers_among(proposal, people))
        choice = self._again(tx, alarm, offers, proposal) if proposal else None
        concerned = _concerned(offers, household, choice, people)
        return Situation(
            now=tx.now,
            alarm=alarm,
            offers=offers,
            policy=KeptPolicies(tx.connection).get(alarm.policy_id),
            ids=tx.new_id,
            household=household,
            choice=choice,
            reach=self._reach(shelf, concerned, household),
            operators=self.operators,
            codes_taken=alarms.codes_in_use(concerned, tx.now - CODE_REST) if choice else {},
            emergency_number=self._emergency_number,
            asked_elsewhere=Openings(tx.connection).asked_elsewhere(concerned, tx.now - ANSWERS_COME, but=alarm_id),
            always_codes=self._always_codes,
            elsewhere={person: alarms.on_the_way(person, but=alarm_id) for person in people},
            station=self.station_alone(tx, alarm),
            drill=_drill(tx, alarm),
        )

    def station_alone(self, tx: Tx, alarm: Alarm) -> Station | None:
        """The station that answers for an alarm without a home, so that a letter can name a place."""
        return People(tx.connection).station(alarm.station_id) if alarm.station_id and not alarm.home_id else None

    def _household(self, shelf: People, alarm: Alarm, living: Household | None = None) -> Household | None:
        household = shelf.household(alarm.home_id, alarm.resident_id, living=living) if alarm.home_id else None
        # Where somebody has died and nobody is left, whoever comes is asked by us: no machine writes to that family.
        return replace(household, contacts=()) if household is not None and household.is_bereaved else household

    def _proposal(
        self, alarm: Alarm, offers: tuple[Offer, ...], household: Household | None, now: datetime
    ) -> Proposal:
        choice, candidates = self._muster.propose(self._need(alarm, offers, household), now, PROPOSED_MAX)
        return Proposal(alarm=alarm, offers=offers, household=household, choice=choice, candidates=candidates)

    def _measured(self, proposal: Proposal, measure: "Measure") -> Proposal:
        """The same by the roads, asked outside of any unit of work; those without a place keep what they have."""
        kept, now = proposal.choice, proposal.choice.at
        if proposal.alarm.place is None or not proposal.candidates:
            return proposal
        need, muster = self._need(proposal.alarm, proposal.offers, proposal.household), self._muster
        question = Question.of(need, now=now, travel=muster.travel, weights=muster.weights)
        best = [proposal.candidates[each.carer_id] for each in kept.ranked[:MEASURED_MAX]]
        ways = [(at, each.means) for each in best if (at := origin(question, each)) is not None]
        travel = measure(ways, proposal.alarm.place, muster.travel)
        choice = rank(
            need, proposal.candidates.values(), now=now, travel=travel, weights=muster.weights, version=kept.version
        )
        choice = replace(choice, excluded=kept.excluded, considered=kept.considered)
        return replace(proposal, choice=choice, travel=travel)

    def on_duty(self) -> list[CarerId]:
        """Everybody on duty, for the fall-back: no ranking, no rules."""
        return self._muster.everybody(self._clock.now())

    def station_of(self, household: Household | None, place: Position | None) -> StationId | None:
        """The station responsible: the home's own, else the nearest."""
        if household is not None and household.home.station_id is not None:
            return household.home.station_id
        return self._muster.nearest_station(Need(place=place))

    def settle(self, decision: Decision) -> None:
        """Tells the picture who is engaged now, once the decision is durable."""
        self._muster.engage({id_: change for person, change in decision.engaged.items() if (id_ := carer_id(person))})

    def hold_of(self, tx: Tx, alarm_id: AlarmId) -> str:
        """What must be held before this alarm is looked at; it never changes, so it is read only once."""
        known = self._holds.get(alarm_id)
        if known is None:
            known = self._remember(Alarms.of(tx).get(alarm_id))
        return known

    def _remember(self, alarm: Alarm) -> str:
        key = hold_key(alarm)
        _put(self._holds, alarm.id, key)
        return key

    def _again(self, tx: Tx, alarm: Alarm, offers: Sequence[Offer], proposal: Proposal) -> Choice:
        """The proposed, as the database knows them at this moment: ranked anew if anything about them has changed."""
        candidates = proposal.candidates
        busy = Alarms.of(tx).engaged([carer(id_) for id_ in candidates], but=alarm.id)
        counts = {id_: busy.get(carer(id_), 0) for id_ in candidates}
        if proposal.offers is offers and all(counts[id_] == each.engaged for id_, each in candidates.items()):
            return proposal.choice
        now_known = [replace(each, engaged=counts[id_]) for id_, each in candidates.items()]
        need, muster, kept = self._need(alarm, offers, proposal.household), self._muster, proposal.choice
        travel = proposal.travel or muster.travel
        choice = rank(need, now_known, now=tx.now, travel=travel, weights=muster.weights, version=kept.version)
        return replace(choice, excluded=kept.excluded, considered=kept.considered, version=kept.version)

    def _need(self, alarm: Alarm, offers: Sequence[Offer], household: Household | None) -> Need:
        resident = household.resident(alarm.resident_id) if household else None
        declined = {id_ for offer in offers if offer.state is OfferState.DECLINED and (id_ := carer_id(offer.person))}
        asked = {id_ for offer in offers if (id_ := carer_id(offer.person))} - declined
        return Need(
            place=alarm.place,
            station_id=alarm.station_id,
            lending=self._muster.lenders(alarm.station_id),
            skills=resident.needs if resident else (),
            language=resident.language if resident else None,
            asked=asked,
            declined=declined,
        )

    def _reach(self, shelf: People, people: Sequence[Person], household: Household | None) -> dict[Person, Reach]:
        """How each is reached: carers on duty from the picture in memory, others from the register."""
        ids = [id_ for person in people if (id_ := carer_id(person))]
        known = self._muster.known(ids)
        known |= shelf.carers_by_id([id_ for id_ in ids if id_ not in known])
        found = {
            carer(each.id): Reach(
                person=carer(each.id), phone=each.phone, lang=each.lang, two_way=self._two_way(each.phone)
            )
            for each in known.values()
            if each.phone and not each.suspended and not each.opted_out
        }
        for kin in household.contacts if household else ():
            if kin.phone:
                person = contact(kin.id)
                found[person] = Reach(person=person, phone=kin.phone, two_way=self._two_way(kin.phone))
        return found


def _put(kept: dict[AlarmId, T], id_: AlarmId, value: T) -> None:
    """Remembers it, and forgets the oldest of too many."""
    if len(kept) >= HOLDS_MAX:
        kept.pop(next(iter(kept)), None)
    kept[id_] = value


def _carers_among(proposal: Proposal | None, people: Sequence[Person]) -> set[CarerId]:
    return {*(proposal.candidates if proposal else ()), *(id_ for person in people if (id_ := carer_id(person)))}


def _concerned(
    offers: Sequence[Offer], household: Household | None, choice: Choice | None, people: Sequence[Person]
) -> list[Person]:
    kin = [contact(each.id) for each in household.contacts] if household else []
    ranked = [carer(each.carer_id) for each in choice.ranked] if choice else []
    return list(dict.fromkeys([*(offer.person for offer in offers), *kin, *ranked, *people]))


def keep(tx: Tx, situation: Situation, decision: Decision) -> Decision:
    """
    Writes a decision in one unit of work: alarm, offers, choice, letters, lines. Gives it back with who is engaged.
    """
    alarms = Alarms.of(tx)
    if decision.alarm.version != situation.alarm.version:
        alarms.save(situation.alarm, decision.alarm)
    if decision.offers:
        alarms.save_offers(decision.alarm, situation.offers, decision.offers)
    if decision.choice is not None:
        alarms.keep_choice(decision.alarm, decision.choice)
    Outbox.post(tx, (*decision.drafts, *family.news(situation, decision)))
    tx.log(*decision.lines)
    return replace(decision, engaged=engagements(situation.offers, decision.offers))
