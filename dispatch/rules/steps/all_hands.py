"""Everybody: all carers on duty, asked before or not, the family and the operator; repeated until a human ends it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dispatch.rules import letters, offers
from dispatch.rules.alarm import Offer, OfferState
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import Draft, Fact, Rank
from dispatch.rules.people import Person, carer
from dispatch.rules.steps.call_family import family
from dispatch.rules.steps.offer_nearest import called, fresh
from dispatch.rules.steps.page_operator import paged


class AllHands:
    """`count` is how many further carers are asked each time, nearest first."""

    params: Mapping[str, Fact] = {"count": 20}
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        people = _everybody(situation, int(spec.params["count"] or 1))
        asked = [offers.ask(situation, person, eta_s) for person, eta_s in people]
        letters_ = [draft for offer, _ in asked for draft in _letters(situation, offer)]
        mute = [offer.person for offer, _ in asked if not situation.reach[offer.person].two_way]
        return Planned(
            offers=tuple(offer for offer, _ in asked),
            drafts=_ranked(situation, [*letters_, *letters.page(situation, "all_hands")]),
            lines=(
                *(line for _, line in asked),
                *(called(situation, person) for person in mute),
                paged(situation, "all_hands"),
            ),
        )


def _ranked(situation: Situation, drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """A call to all waits for others' first offers, and one that is repeated for both; unless it is a first offer."""
    first = Rank.TO_ALL if situation.offers else Rank.FIRST
    rank = Rank.AGAIN if situation.alarm.rounds else first
    return tuple(replace(draft, rank=rank) for draft in drafts)


def _letters(situation: Situation, offer: Offer) -> list[Draft]:
    """A text for everybody, and a call for those whose answer to a text could not come back."""
    reach, kin = situation.reach[offer.person], offer.person.startswith("contact:")
    text = letters.offer_text(situation, offer, reach, "offer_family" if kin else "offer_all")
    if reach.two_way:
        return [text]
    return [text, letters.offer_call(situation, offer, reach, "offer_family_call" if kin else "offer_call")]


def _everybody(situation: Situation, count: int) -> list[tuple[Person, int | None]]:
    """Those asked before who have neither declined nor accepted, then the others on duty, then the family."""
    again = [
        (offer.person, offer.eta_s)
        for offer in situation.offers
        if offer.state in {OfferState.OPEN, OfferState.LAPSED, OfferState.WITHDRAWN}
    ]
    others = [(carer(each.carer_id), each.eta_s) for each in fresh(situation)][:count]
    kin = [(person, None) for person in family(situation) if situation.offer_of(person) is None]
    return [(person, eta_s) for person, eta_s in [*again, *others, *kin] if person in situation.reach]
