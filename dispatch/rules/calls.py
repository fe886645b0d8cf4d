"""
The life of a call that rings in.

    ringing ──► answered          a human at the desk pressed the key to take it
       │
       └──────► missed            the caller gave up, nobody took it, or nobody told us in time: a soft alarm

A carer who did by their own keys what they rang for has answered it themselves, and has said that it is no alarm. Who
asks for the desk after that rings again.

What a named human has judged to be no alarm raises none. News may come twice, late and in any order: an answer that is
told late still counts as one, and the alarm that was raised meanwhile stays for a human to close.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.ids import AlarmId, CallId, HomeId, ResidentId
from dispatch.rules.people import Person, carer_id

WAIT_S = 60
"""A call of which nothing more is heard for so long counts as missed: three telephones of 15 s each, and some slack."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class News(StrEnum):
    """
    What a provider tells of a call that rings in: it came, somebody at the desk took it, it is over; or that a caller
    who was served by their own keys asks for the desk after all.
    """

    CAME = "came"
    TAKEN = "taken"
    ENDED = "ended"
    DESK = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """
    One piece of news. `key` is the call's id at the provider, `sender` what it says of who rings: a number in E.164, or
    anything else where the number is withheld. `to` is the number of ours that was rung.
    """

    key: str
    news: News
    sender: str = ""
    to: str = ""


class CallState(StrEnum):
    """Where a call stands."""

    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"


class Judgement(StrEnum):
    """What a named human said a call is."""

    ALARM = "alarm"
    NO_ALARM = "no_alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call on file. `due_at` says when it is to be looked at; None once nothing more will happen by itself."""

    id: CallId
    provider: str
    key: str
    sender: str
    to: str
    state: CallState
    came_at: datetime
    due_at: datetime | None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    alarm_id: AlarmId | None = None
    judged: Judgement | None = None
    judged_by: Person | None = None
    judged_at: datetime | None = None
    failures: int = 0

    @property
    def number(self) -> str | None:
        """Who rings, in E.164; None where the number is withheld."""
        return self.sender if _NUMBER.fullmatch(self.sender) else None

    @property
    def subject(self) -> str:
        """What an alarm without a home is about: this number, or this one call of a withheld number."""
        return f"phone:{self.number or self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Whose number it is, and the home this person belongs to; a carer belongs to none."""

    person: Person
    home_id: HomeId | None = None
    resident_id: ResidentId | None = None


def came(id_: CallId, rang: Rang, *, provider: str, now: datetime) -> Call:
    """A call as it rings in."""
    return Call(
        id=id_,
        provider=provider,
        key=rang.key,
        sender=rang.sender[:40],
        to=rang.to[:40],
        state=CallState.RINGING,
        came_at=now,
        due_at=now + timedelta(seconds=WAIT_S),
    )


def after(call: Call, news: News, now: datetime) -> Call:
    """The call as it stands after a piece of news; the same one where it is none."""
    if news is News.TAKEN and call.state is not CallState.ANSWERED:
        return replace(call, state=CallState.ANSWERED, answered_at=now, due_at=None)
    if news is News.ENDED and call.state is CallState.RINGING:
        return replace(call, state=CallState.MISSED, ended_at=now, due_at=now)
    if news is News.ENDED and call.ended_at is None:
        return replace(call, ended_at=now)
    if news is News.DESK and call.judged_by is not None and carer_id(call.judged_by) is not None:
        rings = replace(call, state=CallState.RINGING, answered_at=None, due_at=now + timedelta(seconds=WAIT_S))
        return replace(rings, judged=None, judged_by=None, judged_at=None)
    return call


def woken(call: Call, now: datetime) -> Call:
    """Its time has come: whatever still rings for all we know is missed."""
    missed = CallState.MISSED if call.state is CallState.RINGING else call.state
    return replace(call, state=missed, due_at=None, ended_at=call.ended_at or now)


def raises(call: Call) -> bool:
    """Whether this call, looked at now, is a soft alarm: nobody took it and nobody has said what it is."""
    return call.state is CallState.MISSED and call.judged is None and call.alarm_id is None


def judged(call: Call, judgement: Judgement, *, by: Person, now: datetime) -> Call:
    """A named human said what it is. One that still rings goes on ringing."""
    return replace(call, judged=judgement, judged_by=by, judged_at=now, due_at=None)


def served(call: Call, *, by: Person, now: datetime) -> Call:
    """A carer has done by key what they rang for; what somebody judged or what is an alarm already stays as it is."""
    if call.judged is not None or call.alarm_id is not None:
        return call
    return judged(replace(call, state=CallState.ANSWERED, answered_at=now), Judgement.NO_ALARM, by=by, now=now)


def file_meant(files: tuple[File, ...]) -> File | None:
    """The one home these files are about; None where there is none or more than one: nothing is guessed."""
    homes = {each.home_id for each in files if each.home_id is not None}
    if len(homes) != 1:
        return None
    theirs = [each for each in files if each.home_id is not None]
    residents = {each.resident_id for each in theirs if each.resident_id is not None}
    meant = residents.pop() if len(residents) == 1 else None
    return replace(theirs[0], resident_id=meant)
