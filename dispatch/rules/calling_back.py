"""
The resident hears that somebody is coming, in the way that suits them, once somebody has accepted.

    do not phone       nothing: whoever accepted just goes
    hard of hearing    a text; on a line that takes none, a call spoken slowly and loudly
    no voice           a call that asks yes or no by key: 1 for "I have heard", 2 for "it is worse"
    dementia           a call in two short sentences without figures
    otherwise          a call: somebody is on the way, so many minutes

Not in danger of being overheard, of gas, of fire: see `talks.QUIET`. No sentence has a name, an address or an illness.
"""

import re
from datetime import timedelta

from dispatch.rules import people
from dispatch.rules.alarm import Offer, Role
from dispatch.rules.escalation import Situation
from dispatch.rules.letters import minutes
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import SERVICE, Resident, Talk
from dispatch.rules.record import Line
from dispatch.rules.talks import may_ring

VALID_S = 180
"""After three minutes the figure in it is no longer true."""

_MAINLAND = "+86"
_MOBILE = re.compile(r"\+861[3-9][0-9]{9}")
"""Mobile numbers of mainland China; whatever else is there is a line that takes no text."""


def call_back(situation: Situation, taken: Offer) -> tuple[tuple[Draft, ...], tuple[Line, ...]]:
    """The letter to the resident after this acceptance and its line, or nothing where none is due."""
    household, alarm = situation.household, situation.alarm
    resident = household.resident(alarm.resident_id) if household else None
    if taken.role is not Role.LEAD or resident is None or not may_ring(resident, alarm.cause):
        return (), ()
    draft = _draft(situation, taken, resident)
    facts: dict[str, Fact] = {"person": draft.person, "channel": str(draft.channel), "how": draft.sentence}
    return (draft,), (Line(kind="resident_told", by=SERVICE, alarm_id=alarm.id, facts=facts),)


def _draft(situation: Situation, taken: Offer, resident: Resident) -> Draft:
    sentence, channel = _way(resident)
    person, alarm = people.resident(resident.id), situation.alarm
    assert resident.phone is not None
    return Draft(
        key=f"{sentence}:{channel}:{alarm.id}:{person}:{alarm.version}",
        sentence=sentence,
        channel=channel,
        priority=Priority.CONFIRMATION,
        to=resident.phone,
        person=person,
        lang="en" if (resident.language or "").startswith("en") else "zh",
        expires_at=situation.now + timedelta(seconds=VALID_S),
        alarm_id=alarm.id,
        offer_id=taken.id,
        answerable=sentence == "coming_keys",
        facts=_facts(taken, resident, channel),
    )


def _way(resident: Resident) -> tuple[str, Channel]:
    """Which sentence by which road. Whoever cannot hear well is written to before anything else is thought of."""
    if Talk.HARD_OF_HEARING in resident.talk and _takes_texts(resident.phone or ""):
        return "coming", Channel.SMS
    if Talk.NO_VOICE in resident.talk:
        return "coming_keys", Channel.VOICE
    if Talk.DEMENTIA in resident.talk:
        return "coming_simple", Channel.VOICE
    return "coming", Channel.VOICE


def _takes_texts(phone: str) -> bool:
    return not phone.startswith(_MAINLAND) or bool(_MOBILE.fullmatch(phone))


def _facts(taken: Offer, resident: Resident, channel: Channel) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"minutes": minutes(taken.eta_s)}
    slowly = channel is Channel.VOICE and Talk.HARD_OF_HEARING in resident.talk
    return facts | ({"slowly": 1} if slowly else {})
