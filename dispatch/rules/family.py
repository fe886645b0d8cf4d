"""
What contacts are told of an alarm, and what they may know.

    raised    the resident has called, somebody is being sent
    coming    somebody is on the way
    there     somebody stands in the room
    closed    it is over

Never why, never an illness, never a name. Each only to whom the resident allowed it, in the contacts' order.
"""

from collections.abc import Mapping
from enum import StrEnum

from dispatch.rules import letters
from dispatch.rules.alarm import Alarm, State
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.message import Draft
from dispatch.rules.people import Contact, contact


class Stage(StrEnum):
    """What a contact may know of an alarm, in its order."""

    RAISED = "raised"
    COMING = "coming"
    THERE = "there"
    CLOSED = "closed"


_STAGES: Mapping[State, Stage] = {
    State.RAISED: Stage.RAISED,
    State.OFFERED: Stage.RAISED,
    State.ACCEPTED: Stage.COMING,
    State.ATTENDED: Stage.THERE,
    State.CLOSED: Stage.CLOSED,
}


def stage_of(alarm: Alarm) -> Stage:
    """Where an alarm stands, as a family may be told."""
    return _STAGES[alarm.state]


def known(stage: Stage, who: Contact) -> Stage | None:
    """The last stage up to this one that a contact may know; None where they may know nothing of it."""
    allowed = [each for each in list(Stage)[: list(Stage).index(stage) + 1] if each in who.may_know]
    return allowed[-1] if allowed else None


def news(before: Situation, decision: Decision) -> tuple[Draft, ...]:
    """
    The letters to contacts that this decision gives rise to: when a new stage is reached, first when the first carer
    is asked. Whoever is going themselves needs none, and of an alarm that was over before anybody was asked nobody
    hears.
    """
    household, was, now = before.household, before.alarm.state, decision.alarm.state
    if household is None or was is now or (was is State.RAISED and now is State.CLOSED):
        return ()
    stage = _STAGES[now]
    if was is not State.RAISED and stage is _STAGES[was]:
        return ()
    going = {each.person for each in (*before.offers, *decision.offers) if each.role is not None}
    told = sorted(
        (each for each in household.contacts if stage in each.may_know), key=lambda each: (each.order, each.id)
    )
    reached = [before.reach[contact(each.id)] for each in told if contact(each.id) in before.reach]
    return tuple(
        letters.to_family(before, decision.alarm, each, str(stage)) for each in reached if each.person not in going
    )
