"""
What happened, in words: a sentence for every kind of entry, and a word for every code the board shows.

The sentences are English message ids as everywhere in the web, filled in with words and names. A kind without a
sentence is shown by its name: an entry is never hidden.
"""

import math
from collections.abc import Mapping
from typing import Any

from dispatch.web.i18n import N_, gettext

Plain = Mapping[str, Any]

SHAPES: Mapping[str, str] = {"raised": "▲", "offered": "◆", "accepted": "●", "attended": "■", "closed": "□"}
"""A state is told by shape, word and colour together: never by colour alone."""

STATES: Mapping[str, str] = {
    "raised": N_("Unanswered"),
    "offered": N_("Asked"),
    "accepted": N_("On the way"),
    "attended": N_("On site"),
    "closed": N_("Closed"),
}

CAUSES: Mapping[str, str] = {
    "fire": N_("Fire"),
    "gas": N_("Gas"),
    "duress": N_("Duress"),
    "fall": N_("Fall"),
    "press": N_("Call button"),
    "inactivity": N_("No sign of life"),
    "wandering": N_("Wandering"),
    "water": N_("Water"),
    "intrusion": N_("Break-in"),
    "unclear": N_("Unclear alarm"),
    "missed_visit": N_("Missed visit"),
    "missed_call": N_("Missed call"),
    "hotline": N_("Hotline call"),
    "exercise": N_("Exercise"),
}

CALLS: Mapping[str, str] = {
    "ringing": N_("rings now"),
    "answered": N_("answered"),
    "missed": N_("missed"),
}
"""Where a call that rang in stands."""

OUTCOMES: Mapping[str, str] = {
    "helped": N_("Helped"),
    "false_alarm": N_("False alarm"),
    "test": N_("Test"),
    "hospital": N_("To hospital"),
    "police_fire": N_("Police or fire brigade"),
    "nobody_home": N_("Nobody at home"),
    "died": N_("Died"),
    "duplicate": N_("Duplicate"),
    "other": N_("Other"),
}
"""In the order of their digits: F8, digit, Enter."""

PROOFS: Mapping[str, str] = {
    "claimed": N_("their word only"),
    "voice": N_("heard in the room"),
    "door_code": N_("code at the door"),
    "position": N_("position"),
    "resident_button": N_("the resident's button"),
}

OFFERS: Mapping[str, str] = {
    "open": N_("asked, no answer yet"),
    "lapsed": N_("did not answer"),
    "declined": N_("cannot come"),
    "withdrawn": N_("stood down"),
    "accepted": N_("is coming"),
    "done": N_("came"),
}

MESSAGES: Mapping[str, str] = {
    "posted": N_("waiting to leave"),
    "claimed": N_("leaving"),
    "uncertain": N_("not certain, looking it up"),
    "sent": N_("with the provider"),
    "delivered": N_("delivered"),
    "failed": N_("failed"),
    "cancelled": N_("not needed"),
    "expired": N_("too late"),
}

ATTEMPTS: Mapping[str, str] = {
    "in_flight": N_("leaving"),
    "taken": N_("taken by the provider"),
    "refused": N_("refused by the provider"),
    "not_sent": N_("never left"),
    "unknown": N_("outcome unknown"),
    "confirmed": N_("confirmed"),
    "absent": N_("not sent after all"),
    "queued": N_("queued at the provider"),
    "sent": N_("with the provider"),
    "undelivered": N_("not delivered"),
    "failed": N_("failed"),
    "delivered": N_("delivered"),
}
"""What is certain after an attempt, and the provider's own word later."""

CHANNELS: Mapping[str, str] = {"sms": N_("SMS"), "voice": N_("Phone call")}

SENTENCES: Mapping[str, str] = {
    "offer": N_("request"),
    "offer_call": N_("request"),
    "offer_all": N_("request to everybody"),
    "offer_family": N_("request to the family"),
    "offer_family_call": N_("request to the family"),
    "details": N_("address and entry"),
    "taken": N_("no need to come"),
    "now_backup": N_("now backup"),
    "stand_down": N_("alarm is over"),
    "ask_arrival": N_("have you arrived?"),
    "ask_outcome": N_("how is it?"),
    "confirm_decline": N_("receipt for the answer"),
    "confirm_arrived": N_("receipt for the answer"),
    "confirm_done": N_("receipt for the answer"),
    "confirm_no_entry": N_("receipt for the answer"),
    "key_wanted": N_("key wanted at the door"),
    "page_code": N_("code for the page"),
    "family_raised": N_("news for the family"),
    "family_coming": N_("news for the family"),
    "family_there": N_("news for the family"),
    "family_closed": N_("news for the family"),
    "late": N_("somebody else was faster"),
    "closed": N_("alarm is over"),
    "no_task": N_("no open task"),
    "ask_which": N_("which alarm?"),
    "not_understood": N_("answer not understood"),
    "page": N_("page to the duty number"),
    "reminder": N_("reminder to the duty number"),
    "test_waiting": N_("test press is waited for"),
    "test_refused": N_("no test press now"),
    "test_seen": N_("test press was seen"),
    "test_lapsed": N_("no test press was seen"),
    "opted_out": N_("wants no messages"),
    "reach_test": N_("monthly test message"),
    "reach_thanks": N_("test answered"),
    "emergency_sheet": N_("call to 120"),
    "coming": N_("somebody is on the way"),
    "coming_simple": N_("somebody is on the way"),
    "coming_keys": N_("somebody is on the way"),
    "plain": N_("plain alert"),
}

STEPS: Mapping[str, str] = {
    "offer_nearest": N_("ask the nearest carer"),
    "call_carer": N_("phone the carer"),
    "call_family": N_("ask the family"),
    "emergency_service": N_("decide about 120"),
    "page_operator": N_("page the operator"),
    "all_hands": N_("ask everybody"),
    "call_back": N_("call back who rang"),
    "look_in": N_("ask the nearest to look in"),
}

WHYS: Mapping[str, str] = {
    "nobody_asked": N_("nobody is being asked"),
    "no_contacts": N_("no family to ask"),
    "nobody_left": N_("no carer left to ask"),
    "nobody_coming": N_("nobody is coming"),
    "all_hands": N_("everybody was asked"),
    "not_arrived": N_("not arrived in time"),
    "arrival_claimed": N_("please verify the arrival"),
    "not_closed": N_("not closed yet"),
    "worsened": N_("it got worse"),
    "emergency_decide": N_("please decide about 120"),
    "emergency_called": N_("120 is being called"),
    "fallback": N_("the rules failed"),
    "no_console": N_("no console can ring"),
    "missed_call": N_("nobody took the call: please call back"),
    "resident_asks": N_("the resident says by key that it is worse"),
    "no_home": N_("the number belongs to no home"),
    "no_entry": N_("a carer cannot get in"),
    "siren_missed": N_("the siren is dead"),
    "carer_unreached": N_("a carer cannot be reached"),
    "drill_failed": N_("an exercise failed"),
}

RESULTS: Mapping[str, str] = {
    "accept": N_("comes"),
    "decline": N_("cannot come"),
    "arrived": N_("has arrived"),
    "done": N_("is done"),
    "no_entry": N_("cannot get in"),
    "late": N_("too late, somebody else comes"),
    "closed": N_("the alarm was over"),
    "again": N_("said before"),
    "asked_back": N_("unclear, asked back"),
    "not_understood": N_("not understood"),
    "no_task": N_("had no task"),
    "opted_out": N_("wants no messages"),
    "unknown_sender": N_("from an unknown number"),
    "resident_heard": N_("has heard it"),
    "resident_worse": N_("it is worse"),
    "asked": N_("being connected"),
    "completed": N_("took place"),
    "answered": N_("took place"),
    "busy": N_("the line was busy"),
    "no-answer": N_("nobody picked up"),
    "canceled": N_("given up"),
    "failed": N_("could not be handled"),
}

CODES: Mapping[str, str] = {
    "machine": N_("a machine answered"),
    "completed": N_("no key was pressed"),
    "busy": N_("the line was busy"),
    "no-answer": N_("nobody picked up"),
    "487": N_("nobody picked up"),
    "486": N_("the line was busy"),
    "480": N_("the telephone is off"),
}
"""Why a call was in vain: Twilio's status, or its SIP code (RFC 3261, 21.4)."""

SAID: Mapping[str, str] = {"heard": N_("has heard it"), "worse": N_("it is worse")}
"""What a resident says by key."""

TALKS: Mapping[str, str] = {
    "phone": N_("by phone"),
    "hard_of_hearing": N_("hard of hearing: speak slowly and loudly"),
    "no_voice": N_("cannot speak"),
    "dementia": N_("dementia: short, calm sentences"),
    "do_not_phone": N_("do not phone"),
}

LEVELS: Mapping[str, str] = {
    "able": N_("independent"),
    "mild": N_("mildly dependent"),
    "moderate": N_("moderately dependent"),
    "severe": N_("severely dependent"),
    "total": N_("fully dependent"),
}

CATS: Mapping[str, str] = {
    "living_alone": N_("lives alone"),
    "oldest_old": N_("over 80"),
    "low_income": N_("low income"),
    "disabled": N_("disabled"),
    "special_hardship": N_("special hardship"),
}

NEEDS: Mapping[str, str] = {
    "nurse": N_("a nurse"),
    "lift": N_("lifting"),
    "lifting": N_("lifting"),
    "first_aid": N_("first aid"),
    "dementia": N_("dementia care"),
}

AGREEMENTS: Mapping[str, str] = {
    "emergency_service": N_("120 may be called"),
    "family_told": N_("family may be told"),
}

KINDS: Mapping[str, str] = {
    "raised": N_("Alarm: %(cause)s"),
    "pressed_again": N_("Again: %(cause)s, %(presses)s times now"),
    "worsened": N_("Graver: from %(was)s to %(cause)s, other steps begin"),
    "step_taken": N_("Step: %(step)s"),
    "step_skipped": N_("Step left out: %(step)s, %(why)s"),
    "offered": N_("%(person)s asked"),
    "lapsed": N_("%(person)s did not answer in time"),
    "called": N_("%(person)s is phoned"),
    "declined": N_("%(person)s cannot come"),
    "gave_up": N_("%(person)s gave up, asking begins anew"),
    "accepted": N_("%(person)s is coming"),
    "accepted:backup": N_("%(person)s is coming as backup"),
    "not_arrived": N_("%(person)s has not arrived in time, asking begins anew"),
    "attended": N_("%(person)s is there (%(proof)s)"),
    "arrival_proved": N_("Arrival proved: %(proof)s"),
    "arrival_claimed": N_("Arrival is only claimed: please verify"),
    "not_closed": N_("Still not closed: please ask how it is"),
    "operator_paged": N_("Operator paged: %(why)s"),
    "emergency_proposed": N_("Decide now: call 120?"),
    "emergency_called": N_("120 called by the service"),
    "emergency_called:reference": N_("120 called, reference %(reference)s"),
    "nobody_on_duty": N_("No carer on duty can be asked"),
    "undeliverable": N_("The message to %(person)s cannot be delivered"),
    "not_answered": N_("%(person)s was phoned in vain: %(code)s"),
    "resident_told": N_("%(person)s is told that somebody comes"),
    "resident_said": N_("%(person)s says by key: %(said)s"),
    "talked": N_("Talk with %(person)s: %(result)s"),
    "call_came": N_("A call rings in"),
    "call_answered": N_("The call was answered"),
    "call_missed": N_("Nobody took the call"),
    "call_judged": N_("The call was judged"),
    "delivery_unknown": N_("Nobody knows whether the message to %(person)s left: the next step comes sooner"),
    "receipt_missing": N_("No receipt for the message to %(person)s: they are called"),
    "message_silent": N_("No receipt for the message to %(person)s in its time"),
    "message_settled": N_("%(channel)s to %(person)s (%(message)s): %(outcome)s"),
    "answered": N_("Answer of %(by)s: %(result)s"),
    "no_entry": N_("%(person)s cannot get in"),
    "entry_shown": N_("Door and person shown to %(by)s on the page"),
    "reported_done": N_("%(by)s reports: done"),
    "reported_done:outcome": N_("%(by)s reports: done, %(outcome)s"),
    "noted": N_("Note"),
    "shadowed": N_("Raised in the shadow: nobody is told"),
    "went_live": N_("Out of the shadow: everybody is told"),
    "drill_ended": N_("The exercise is over"),
    "closed": N_("Closed: %(outcome)s"),
    "reopened": N_("Reopened (was closed as: %(outcome)s)"),
    "asked_by_hand": N_("%(person)s asked by hand"),
    "fell_back": N_("The rules failed: plain alert to %(told)s people"),
    "heard_cancel": N_("The device says: cancelled (it stays open)"),
    "heard_attendance": N_("The device says: somebody is there"),
    "heard_restore": N_("The device says: back to normal"),
    "heard_voice_request": N_("The device asks for a voice call"),
}
"""A sentence for each kind of entry about an alarm."""

LOUD = frozenset({
    "raised", "pressed_again", "worsened", "gave_up", "not_arrived", "arrival_claimed", "not_closed", "operator_paged",
    "emergency_proposed", "nobody_on_duty", "undeliverable", "delivery_unknown", "fell_back", "reopened", "no_entry",
})  # fmt: skip
"""The kinds that ask something of the operator: shown stronger than the rest."""


def word(words: Mapping[str, str], code: object) -> str:
    """The word for a code in the language of this request; the code itself where there is none."""
    text = words.get(str(code))
    return gettext(text) if text else str(code)


def minutes(seconds: float | None) -> int | None:
    """Whole minutes, rounded up: nobody is promised sooner than they come."""
    return None if seconds is None else max(1, math.ceil(seconds / 60))


def sentence(entry: Plain, names: Mapping[str, str]) -> str:
    """
    One line of the timeline as a sentence.

    Args:
        entry: an item of `timeline` in the read model's story.
        names: what operators are called, by reference; carers and contacts are named by the read model.
    """
    text = KINDS.get(_kind(entry))
    return gettext(text, **_words_of(entry, names)) if text else str(entry["kind"])


def teller(entry: Plain, names: Mapping[str, str]) -> str:
    """Who did it, where a person or a device did and the sentence does not say so; else empty."""
    by = entry["by"]
    if by == "service" or by == entry["facts"].get("person") or entry["kind"] in {"answered", "reported_done"}:
        return ""
    return called(by, entry.get("by_name"), names)


def called(person: str | None, name: str | None, names: Mapping[str, str]) -> str:
    """What somebody is called: the operator's name, the read model's name, or what the reference itself tells."""
    kind, _, rest = (person or "").partition(":")
    if person is not None and person in names:
        return names[person]
    if kind == "operator":
        return gettext("duty number …%(end)s", end=rest[-4:])
    if kind == "call":
        return gettext("a call")
    if kind in {"device", "key"}:
        return rest
    if person == "emergency_service":
        return "120"
    return name or person or "—"


def _kind(entry: Plain) -> str:
    facts, kind = entry["facts"], entry["kind"]
    finer = {"accepted": facts.get("role"), "emergency_called": facts.get("reference") and "reference"}
    finer["reported_done"] = facts.get("outcome") and "outcome"
    exact = f"{kind}:{finer.get(kind)}"
    return exact if exact in KINDS else kind


def _words_of(entry: Plain, names: Mapping[str, str]) -> dict[str, str]:
    facts = entry["facts"]
    outcomes = ATTEMPTS if entry["kind"] == "message_settled" else OUTCOMES
    return {
        "cause": word(CAUSES, facts.get("cause")),
        "was": word(CAUSES, facts.get("was")),
        "presses": str(facts.get("presses")),
        "step": word(STEPS, facts.get("step")),
        "why": word(WHYS, facts.get("why")),
        "person": called(facts.get("person"), entry.get("person_name"), names),
        "by": called(entry["by"], entry.get("by_name"), names),
        "proof": word(PROOFS, facts.get("proof")),
        "outcome": word(outcomes, facts.get("outcome")),
        "result": word(RESULTS, facts.get("result")),
        "message": word(SENTENCES, facts.get("sentence")),
        "channel": word(CHANNELS, facts.get("channel")),
        "reference": str(facts.get("reference")),
        "told": str(facts.get("told")),
        "code": word(CODES, facts.get("code")),
        "said": word(SAID, facts.get("said")),
    }
