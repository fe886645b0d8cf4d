"""
A word for every code that pages show, and the one way to say it.

They are English message ids as everywhere in the web; a code without a word is shown as it is.
"""

from collections.abc import Mapping

from dispatch.web.i18n import N_, gettext

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
    "swap_asked": N_("asked to swap shifts"),
    "swap_waits": N_("swap noted"),
    "swap_done": N_("shifts swapped"),
    "swap_over": N_("no swap"),
    "rating": N_("how satisfied are you?"),
    "rating_thanks": N_("receipt for the answer"),
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
    "file_refused": N_("a file is not in order"),
    "holidays_missing": N_("the days off of a year are not on file"),
    "no_console": N_("no console can ring"),
    "missed_call": N_("nobody took the call: please call back"),
    "resident_asks": N_("the resident says by key that it is worse"),
    "no_home": N_("the number belongs to no home"),
    "no_entry": N_("a carer cannot get in"),
    "siren_missed": N_("the siren is dead"),
    "carer_unreached": N_("a carer cannot be reached"),
    "drill_failed": N_("an exercise failed"),
    "canary_missed": N_("a gateway's canary was missed"),
    "restored": N_("restored from a backup"),
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
    "nobody_calls": N_("no provider makes calls"),
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

HOW_TO_TALK: Mapping[str, str] = {
    "phone": N_("Phone first."),
    "hard_of_hearing": N_("Speak slowly and low, short sentences, and have them repeated; no answer does not mean no."),
    "no_voice": N_("Cannot speak: ask for one knock or key for yes, two for no; silence means somebody must go."),
    "dementia": N_("Say who you are each time, one thing at a time, never argue; what is said may not be so."),
    "do_not_phone": N_("Do not phone: send somebody, and ask the family."),
}
"""What an operator does with it on the telephone, a sentence for each way of talking."""

TICKS: Mapping[str, str] = {
    "call": N_("talked to them"),
    "send": N_("somebody sent"),
    "family": N_("family told"),
    "emergency": N_("120 settled"),
}
"""The steps of an alarm's response plan, as they are ticked."""

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
    "lifting": N_("lifting"),
    "first_aid": N_("first aid"),
    "dementia": N_("dementia care"),
}

AGREEMENTS: Mapping[str, str] = {
    "emergency_service": N_("120 may be called"),
    "family_told": N_("family may be told"),
}

FINDINGS: Mapping[str, str] = {
    "in_order": N_("in order"),
    "nobody_free": N_("nobody was free"),
    "carer_late": N_("the carer came late"),
    "carer_silent": N_("the carer did not answer"),
    "desk_late": N_("the desk was late"),
    "messages": N_("a message did not arrive"),
    "device": N_("the device was at fault"),
    "entry": N_("nobody could get in"),
    "wrong_data": N_("the register was wrong"),
    "wrong_outcome": N_("closed with the wrong outcome"),
    "other": N_("other"),
}

MEASURES: Mapping[str, str] = {
    "none": N_("none"),
    "talk": N_("talk with the people"),
    "train": N_("training"),
    "roster": N_("change the roster"),
    "repair": N_("repair or replace"),
    "register": N_("correct the register"),
    "policy": N_("change the escalation"),
    "provider": N_("talk with the provider"),
    "other": N_("other"),
}


def word(words: Mapping[str, str], code: object) -> str:
    """The word for a code in the language of this request; the code itself where there is none."""
    text = words.get(str(code))
    return gettext(text) if text else str(code)
