"""An answer that was understood: whether it makes sense for an offer now, and what it decides."""

from dispatch.rules import answering, entry
from dispatch.rules.alarm import Offer, OfferState, Proof
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.people import Person
from dispatch.rules.reply import Action, Standing


def fits(action: Action, offer: Offer) -> bool:
    """Whether this answer makes sense for this offer now."""
    coming = offer.state is OfferState.ACCEPTED
    if action is Action.ACCEPT:
        return not coming or offer.attended_at is None
    if action is Action.DECLINE:
        return offer.state in {OfferState.OPEN, OfferState.LAPSED} or (coming and offer.attended_at is None)
    if action is Action.ARRIVED:
        return coming or offer.state in {OfferState.OPEN, OfferState.LAPSED}
    return coming


def stands(offer: Offer) -> Standing | None:
    """Where the one who was asked stands towards this alarm; None where nothing is waited for from them any more."""
    if offer.state is OfferState.ACCEPTED:
        return Standing.COMING if offer.attended_at is None else Standing.THERE
    return Standing.ASKED if offer.state in {OfferState.OPEN, OfferState.LAPSED} else None


def may_ask(action: Action) -> bool:
    """Whether this answer may have somebody else asked at once; what it makes due is asked by the wake that follows."""
    return action is Action.DECLINE


def decide(situation: Situation, person: Person, action: Action) -> Decision:
    """What this person's answer does. Raises what the rule behind it raises."""
    if action is Action.ACCEPT:
        return answering.accept(situation, person, by=person)
    if action is Action.DECLINE:
        return answering.decline(situation, person, by=person)
    if action is Action.ARRIVED:
        return answering.attend(situation, person, proof=Proof.CLAIMED, by=person)
    if action is Action.NO_ENTRY:
        return entry.no_entry(situation, person, by=person)
    return Decision(alarm=situation.alarm)
