"""
The letters of an alarm: who is told which sentence with which facts.

Before acceptance a letter carries the compound, the cause, the time and the minutes, never a name, a door or an
illness. Door and entry follow to the person who accepted.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch.rules.alarm import Alarm, Offer
from dispatch.rules.escalation import Situation
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import Household, Person, Reach, Resident, Talk, compound
from dispatch.rules.signal import Cause

EMERGENCY_VALID_S = 600
"""An offer that has not left within ten minutes is no longer worth sending; MESSAGING, section 8.5."""

FAMILY_VALID_S = 3600
"""What a family is told is worth an hour."""

TALK_TO_BE_TOLD = ("no_voice", "hard_of_hearing", "dementia", "do_not_phone")
"""How to speak with somebody, as far as a carer at the door must know; the first that holds is told."""


def offer_text(situation: Situation, offer: Offer, reach: Reach, sentence: str = "offer") -> Draft:
    """Asks by SMS."""
    return _draft(situation, reach, sentence, offer=offer, answerable=True, facts=_asking(situation, offer))


def offer_call(situation: Situation, offer: Offer, reach: Reach, sentence: str = "offer_call") -> Draft:
    """Asks by voice: reads the alarm aloud and takes a key press."""
    facts = _asking(situation, offer)
    return _draft(situation, reach, sentence, Channel.VOICE, offer=offer, answerable=True, facts=facts)


def details(situation: Situation, offer: Offer, reach: Reach, *, again: bool = False) -> Draft:
    """
    Door, entry and person: only to somebody who accepted, only while the alarm is open. `again`: asked for once more.
    Whoever renders it leaves out what may not go by the road it takes.
    """
    key = f"details.{situation.now.isoformat()}" if again else None
    return _draft(situation, reach, "details", offer=offer, facts=_door(situation), key=key)


def tell(situation: Situation, reach: Reach, sentence: str, *, offer: Offer | None = None, **facts: Fact) -> Draft:
    """Tells somebody something about this alarm."""
    known: dict[str, Fact] = {"place": place_of(situation), "cause": str(situation.alarm.cause)}
    return _draft(situation, reach, sentence, offer=offer, facts={**known, **facts})


def to_family(situation: Situation, alarm: Alarm, reach: Reach, stage: str) -> Draft:
    """Tells a contact how far it is: `alarm` as it now stands. The place and the time, never why."""
    facts: dict[str, Fact] = {"place": place_of(situation), "at": alarm.raised_at.isoformat()}
    after = replace(situation, alarm=alarm)
    draft = _draft(after, reach, f"family_{stage}", facts=facts)
    return replace(draft, priority=Priority.FAMILY, expires_at=situation.now + timedelta(seconds=FAMILY_VALID_S))


def call(situation: Situation, reach: Reach, sentence: str) -> Draft:
    """The same as `tell`, read aloud in a call that takes no answer."""
    known: dict[str, Fact] = {"place": place_of(situation), "cause": str(situation.alarm.cause)}
    return _draft(situation, reach, sentence, Channel.VOICE, facts=known)


def page(situation: Situation, why: str) -> tuple[Draft, ...]:
    """Pages every duty number: something needs a human at the desk."""
    facts: dict[str, Fact] = {
        "place": place_of(situation),
        "cause": str(situation.alarm.cause),
        "at": situation.alarm.raised_at.isoformat(),
        "number": situation.alarm.number,
        "why": why,
    }
    return tuple(_draft(situation, reach, "page", key=f"page.{why}", facts=facts) for reach in situation.operators)


def to_people(situation: Situation, offers: Iterable[Offer], sentence: str) -> tuple[Draft, ...]:
    """The same sentence to everybody behind these offers who can be reached."""
    found = ((offer, situation.reach.get(offer.person)) for offer in offers)
    return tuple(tell(situation, reach, sentence, offer=offer) for offer, reach in found if reach is not None)


def emergency_sheet(situation: Situation) -> dict[str, Fact]:
    """What is read aloud to 120: where, who, what, how to get in."""
    return {"cause": str(situation.alarm.cause), "at": situation.alarm.raised_at.isoformat(), **_door(situation)}


def place_of(situation: Situation) -> str:
    """The part of the address that may stand in a text; the station's name where there is no home."""
    if situation.household is not None:
        return compound(situation.household.home.address)
    return situation.station.name if situation.station else ""


def minutes(eta_s: int | None) -> int | None:
    """Travel time as people say it: whole minutes, at least one."""
    return None if eta_s is None else max(1, math.ceil(eta_s / 60))


def _asking(situation: Situation, offer: Offer) -> dict[str, Fact]:
    alarm = situation.alarm
    return {
        "place": place_of(situation),
        "cause": str(alarm.cause),
        "at": alarm.raised_at.isoformat(),
        "minutes": minutes(offer.eta_s),
        "code": offer.code if situation.needs_code(offer.person) else None,
        "presses": alarm.press_count,
    }


def _door(situation: Situation) -> dict[str, Fact]:
    household = situation.household
    if household is None:
        return {"address": "", "entry": "", "name": "", "phone": "", "illness": "", "talk": ""}
    resident = household.resident(situation.alarm.resident_id)
    facts: dict[str, Fact] = {
        "place": place_of(situation),
        "address": household.home.address,
        "entry": household.home.entry,
    }
    return facts | _person(resident, household)


def _person(resident: Resident | None, household: Household) -> dict[str, Fact]:
    if resident is None:
        names = "、".join(each.name for each in household.residents)
        return {"name": names, "phone": "", "illness": "", "talk": "", "born_on": None}
    return {
        "name": resident.name,
        "phone": "" if Talk.DO_NOT_PHONE in resident.talk else resident.phone or "",
        "illness": resident.illness,
        "talk": next((each for each in TALK_TO_BE_TOLD if each in resident.talk), ""),
        "born_on": resident.born_on.isoformat() if resident.born_on else None,
    }


def _draft(
    situation: Situation,
    reach: Reach,
    sentence: str,
    channel: Channel = Channel.SMS,
    *,
    facts: dict[str, Fact],
    offer: Offer | None = None,
    answerable: bool = False,
    key: str | None = None,
) -> Draft:
    alarm = situation.alarm
    return Draft(
        key=_key(alarm, reach.person, key or sentence, channel),
        sentence=sentence,
        channel=channel,
        priority=Priority.EMERGENCY,
        to=reach.phone,
        person=reach.person,
        lang=reach.lang,
        expires_at=_until(situation.now),
        alarm_id=alarm.id,
        offer_id=offer.id if offer else None,
        answerable=answerable,
        facts={**facts, **_marks(situation)},
    )


def _marks(situation: Situation) -> dict[str, Fact]:
    """Every word of an exercise says that it is one, and takes the one road that is tried."""
    if situation.alarm.cause is not Cause.EXERCISE:
        return {}
    return {"exercise": 1, "via": situation.drill[0] if situation.drill else None}


def _key(alarm: Alarm, person: Person, sentence: str, channel: Channel) -> str:
    # The version names the decision: the same decision posted twice is posted once, the next one is another letter.
    return f"{sentence}:{channel}:{alarm.id}:{person}:{alarm.version}"


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=EMERGENCY_VALID_S)
