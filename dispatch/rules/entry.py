"""Somebody is at the door and cannot get in: the desk is paged, and whoever keeps a key is told."""

from dataclasses import replace

from dispatch.errors import AlarmClosed, NotFound, OfferGone
from dispatch.rules import alarm as life
from dispatch.rules import letters
from dispatch.rules.alarm import OfferState
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.message import Draft
from dispatch.rules.people import Person, Reach, contact
from dispatch.rules.steps.page_operator import paged


def no_entry(situation: Situation, person: Person, *, by: Person) -> Decision:
    """
    The alarm goes on as it was, its clocks too: nobody stands in the room yet. Who keeps a key is asked to bring it,
    the first by a call as well. Said again it is done again.

    Raises:
        NotFound: this person was never asked. AlarmClosed: it is over. OfferGone: this person is not on the way.
    """
    offer = situation.offer_of(person)
    if offer is None:
        raise NotFound(f"{person} was not asked about alarm {situation.alarm.number}")
    if not situation.alarm.open:
        raise AlarmClosed(f"alarm {situation.alarm.number} is closed")
    if offer.state is not OfferState.ACCEPTED:
        raise OfferGone(f"{person} is not on the way")
    holders = key_holders(situation, but=person)
    alarm, line = life.change(
        situation.alarm, "no_entry", by, {"person": person, "offer": offer.id, "key_holders": len(holders)}
    )
    after = replace(situation, alarm=alarm)
    drafts = (*letters.page(after, "no_entry"), *_to_holders(after, holders))
    return Decision(alarm=alarm, drafts=drafts, lines=(line, paged(after, "no_entry")))


def key_holders(situation: Situation, *, but: Person) -> list[Reach]:
    """Contacts with a key who can be reached, in their order."""
    household = situation.household
    ordered = sorted(household.contacts, key=lambda each: (each.order, each.id)) if household else []
    people = (contact(each.id) for each in ordered if each.key_holder)
    return [situation.reach[each] for each in people if each in situation.reach and each != but]


def _to_holders(situation: Situation, holders: list[Reach]) -> tuple[Draft, ...]:
    texts = tuple(letters.tell(situation, each, "key_wanted") for each in holders)
    return texts + tuple(letters.call(situation, each, "key_wanted") for each in holders[:1])
