"""Asking everybody on duty at once, because an operator says so."""

from dataclasses import replace

from dispatch.errors import AlarmClosed
from dispatch.rules import alarm as life
from dispatch.rules import letters, offers
from dispatch.rules.alarm import OfferState, State
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.message import Draft
from dispatch.rules.people import Person, carer
from dispatch.rules.record import Line
from dispatch.rules.steps.offer_nearest import called


def ask_everybody(situation: Situation, *, by: Person) -> Decision:
    """
    Everybody who could be sent and is not being asked at this moment: those ranked, nearest first, and those asked
    before who let it lapse. Who is being asked, is coming or has said no is left alone, so that a second press of the
    key sends nothing twice.

    Raises:
        AlarmClosed: it is over.
    """
    if not situation.alarm.open:
        raise AlarmClosed(f"alarm {situation.alarm.number} is closed")
    people = _to_ask(situation)
    if not people:
        return Decision(alarm=situation.alarm)
    asked = [offers.ask(situation, person, eta_s) for person, eta_s in people.items()]
    state = State.OFFERED if situation.alarm.state is State.RAISED else situation.alarm.state
    alarm, told = life.change(situation.alarm, "asked_everybody", by, {"asked": len(asked)}, state=state)
    drafts: list[Draft] = []
    lines: list[Line] = [told]
    for offer, line in asked:
        reach = situation.reach[offer.person]
        drafts.append(letters.offer_text(situation, offer, reach, "offer_all"))
        lines.append(replace(line, by=by))
        if not reach.two_way:
            drafts.append(letters.offer_call(situation, offer, reach))
            lines.append(called(situation, offer.person))
    return Decision(alarm=alarm, offers=tuple(each for each, _ in asked), drafts=tuple(drafts), lines=tuple(lines))


def _to_ask(situation: Situation) -> dict[Person, int | None]:
    """Whom to ask, with their way in seconds."""
    asked = {each.person: each for each in situation.offers}
    ranked = {carer(each.carer_id): each.eta_s for each in (situation.choice.ranked if situation.choice else ())}
    again = {
        person: each.eta_s
        for person, each in asked.items()
        if each.state in {OfferState.LAPSED, OfferState.WITHDRAWN} and person.startswith("carer:")
    }
    wanted = {**{person: eta_s for person, eta_s in ranked.items() if person not in asked}, **again}
    return {person: eta_s for person, eta_s in wanted.items() if person in situation.reach}
