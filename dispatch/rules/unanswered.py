"""A call that ended without a key: nobody has heard it, or whoever did has not said that they come."""

from dispatch.rules import offers
from dispatch.rules.alarm import OfferState, change, sooner
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person


def unanswered(situation: Situation, person: Person, *, code: str) -> Decision:
    """
    The policy's next step comes at once instead of when the time of this one has run out, unless somebody else is
    still being asked. `code` is the provider's word: busy, no-answer, machine, completed.

    The offer lapses and may still be accepted: who was not near their telephone may call back or answer the text.
    """
    alarm, offer = situation.alarm, situation.offer_of(person)
    if offer is None or offer.state is not OfferState.OPEN or not alarm.open:
        return Decision(alarm=alarm)
    lapsed, line = offers.lapse(offer)
    others = any(each.state is OfferState.OPEN and each.id != offer.id for each in situation.offers)
    due_at = alarm.due_at if others else sooner(alarm, situation.now)
    facts: dict[str, Fact] = {"person": person, "offer": offer.id, "code": code}
    after, told = change(alarm, "not_answered", SERVICE, facts, due_at=due_at)
    return Decision(alarm=after, offers=(lapsed,), lines=(told, line))
