"""Asks family and neighbours, in their order, by text and by voice: they may be nearer than any carer."""

from collections.abc import Mapping, Sequence

from dispatch.rules import letters, offers
from dispatch.rules.escalation import Planned, Situation, StepSpec
from dispatch.rules.message import Fact
from dispatch.rules.people import Person, contact
from dispatch.rules.steps.offer_nearest import called


class CallFamily:
    """`count` is how many contacts are asked side by side; repeating the step asks the next ones."""

    params: Mapping[str, Fact] = {"count": 2}
    words: Mapping[str, Sequence[str]] = {}

    def plan(self, situation: Situation, spec: StepSpec) -> Planned:
        waiting = [person for person in family(situation) if situation.offer_of(person) is None]
        if not waiting:
            return Planned(skipped="no_contacts")
        return ask_family(situation, waiting[: int(spec.params["count"] or 1)])


def family(situation: Situation) -> list[Person]:
    """The contacts who can be reached, in the order the household gave."""
    if situation.household is None:
        return []
    ordered = sorted(situation.household.contacts, key=lambda each: (each.order, each.id))
    return [contact(each.id) for each in ordered if contact(each.id) in situation.reach]


def ask_family(situation: Situation, people: list[Person]) -> Planned:
    asked = [offers.ask(situation, person, None) for person in people]
    texts = tuple(
        letters.offer_text(situation, offer, situation.reach[offer.person], "offer_family") for offer, _ in asked
    )
    calls = tuple(
        letters.offer_call(situation, offer, situation.reach[offer.person], "offer_family_call") for offer, _ in asked
    )
    return Planned(
        offers=tuple(offer for offer, _ in asked),
        drafts=texts + calls,
        lines=tuple(line for _, line in asked) + tuple(called(situation, offer.person) for offer, _ in asked),
        asks=True,
    )
