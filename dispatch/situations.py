"""Gathers every fact that a decision about an alarm may need, and keeps what was decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from dispatch.clock import Clock
from dispatch.ids import AlarmId, CarerId, StationId
from dispatch.muster import Muster
from dispatch.rules.alarm import Alarm, Offer, OfferState
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.nearest import Candidate, Choice, Need, rank
from dispatch.rules.people import Household, Person, Reach, carer, carer_id, contact
from dispatch.rules.place import Position
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.policies import KeptPolicies
from dispatch.store.transactions import Tx

PROPOSED_MAX = 24
"""How many candidates are proposed and looked at again inside the unit of work: the twenty that are kept and a few more,
because some may have become engaged in between."""

CODE_REST = timedelta(days=7)
"""A reply code rests this long before the same person gets it again."""

Proposal = tuple[Choice, Mapping[CarerId, Candidate]]


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
    ) -> None:
        self._reading = reading
        self._muster = muster
        self._clock = clock
        self._two_way = two_way
        self._emergency_number = emergency_number
        self.operators = tuple(operators)

    def propose(self, alarm_id: AlarmId) -> Proposal:
        """Who could come, by the picture in memory; outside of any unit of work."""
        with self._reading.connect() as connection:
            alarms = Alarms(connection)
            alarm, offers = alarms.get(alarm_id), alarms.offers_of(alarm_id)
            household = People(connection).household(alarm.home_id) if alarm.home_id else None
        need = self._need(alarm, offers, household)
        return self._muster.propose(need, self._clock.now(), PROPOSED_MAX)

    def load(self, tx: Tx, alarm_id: AlarmId, proposal: Proposal | None, people: Sequence[Person] = ()) -> Situation:
        """
        The situation of a held alarm. Proposed carers are looked at again; `people` are needed besides.

        Without a proposal one is made from the picture in memory, for decisions inside somebody else's unit of work.
        """
        alarms, shelf = Alarms.of(tx), People(tx.connection)
        alarm, offers = alarms.get(alarm_id), alarms.offers_of(alarm_id)
        household = shelf.household(alarm.home_id) if alarm.home_id else None
        if proposal is None and alarm.needs_asking:
            proposal = self._muster.propose(self._need(alarm, offers, household), tx.now, PROPOSED_MAX)
        choice = self._again(tx, alarm, offers, household, proposal) if proposal else None
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
            elsewhere={person: alarms.on_the_way(person, but=alarm_id) for person in people},
            station=shelf.station(alarm.station_id) if household is None and alarm.station_id else None,
        )

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
        busy = {OfferState.OPEN, OfferState.ACCEPTED}
        open_ = decision.alarm.open
        counts = {
            id_: int(open_ and offer.state in busy)
            for offer in decision.offers
            if (id_ := carer_id(offer.person)) is not None
        }
        self._muster.engaged(counts)

    def _again(
        self, tx: Tx, alarm: Alarm, offers: Sequence[Offer], household: Household | None, proposal: Proposal
    ) -> Choice:
        """Ranks the proposed once more with what the database says of them at this moment."""
        proposed, candidates = proposal
        People(tx.connection).lock_carers(list(candidates))
        busy = Alarms.of(tx).engaged([carer(id_) for id_ in candidates], but=alarm.id)
        now_known = [replace(each, engaged=busy.get(carer(id_), 0)) for id_, each in candidates.items()]
        need = self._need(alarm, offers, household)
        choice = rank(
            need, now_known, now=tx.now, travel=self._muster.travel, weights=self._muster.weights, version=proposed.version,
        )  # fmt: skip
        return replace(choice, excluded=proposed.excluded, considered=proposed.considered, version=proposed.version)

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
        ids = [id_ for person in people if (id_ := carer_id(person))]
        found = {
            carer(each.id): Reach(
                person=carer(each.id), phone=each.phone, lang=each.lang, two_way=self._two_way(each.phone)
            )
            for each in shelf.carers_by_id(ids).values()
            if each.phone and not each.suspended and not each.opted_out
        }
        for kin in household.contacts if household else ():
            if kin.phone:
                person = contact(kin.id)
                found[person] = Reach(person=person, phone=kin.phone, two_way=self._two_way(kin.phone))
        return found


def _concerned(
    offers: Sequence[Offer], household: Household | None, choice: Choice | None, people: Sequence[Person]
) -> list[Person]:
    kin = [contact(each.id) for each in household.contacts] if household else []
    ranked = [carer(each.carer_id) for each in choice.ranked] if choice else []
    return list(dict.fromkeys([*(offer.person for offer in offers), *kin, *ranked, *people]))


def keep(tx: Tx, situation: Situation, decision: Decision) -> None:
    """Writes a decision in one unit of work: alarm, offers, choice, letters, lines."""
    alarms = Alarms.of(tx)
    if decision.alarm.version != situation.alarm.version:
        alarms.save(situation.alarm, decision.alarm)
    if decision.offers:
        alarms.save_offers(decision.alarm, situation.offers, decision.offers)
    if decision.choice is not None:
        alarms.keep_choice(decision.alarm, decision.choice)
    Outbox.post(tx, decision.drafts)
    tx.log(*decision.lines)
