"""Everybody: all carers on duty, asked before or not, the family and the operator; repeated until a human ends it."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters, offers
from dispatch.rules.alarm import OfferState
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import Fact
from dispatch.rules.people import Person, carer
from dispatch.rules.record import Line
from dispatch.rules.steps.call_family import family
from dispatch.rules.steps.offer_nearest import fresh
from dispatch.rules.steps.page_operator import paged


class AllHands:
    """`count` is how many further carers are asked each time, nearest first."""

    params: Mapping[str, Fact] = {"count": 20}
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        people = _everybody(situation, int(spec.params["count"] or 1))
        asked = [offers.ask(situation, person, eta_s) for person, eta_s in people]
        lines: tuple[Line, ...] = tuple(line for _, line in asked)
        return Planned(
            offers=tuple(offer for offer, _ in asked),
            drafts=tuple(
                letters.offer_text(situation, offer, situation.reach[offer.person], _words(offer.person))
                for offer, _ in asked
            )
            + letters.page(situation, "all_hands"),
            lines=(*lines, paged(situation, "all_hands")),
        )


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


def _words(person: Person) -> str:
    return "offer_family" if person.startswith("contact:") else "offer_all"
