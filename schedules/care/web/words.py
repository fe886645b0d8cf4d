"""A word for each code of beds, in the language of the request, and the shape that goes with each state."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

STATES: Mapping[str, str] = {
    "applied": N_("applied for"),
    "assessed": N_("assessed"),
    "approved": N_("approved"),
    "built": N_("built"),
    "accepted": N_("accepted"),
    "active": N_("in service"),
    "suspended": N_("suspended"),
    "ended": N_("ended"),
}

DEEDS: Mapping[str, str] = {
    "apply": N_("Application"),
    "assess": N_("Assessment"),
    "first_review": N_("First review (town)"),
    "send_back": N_("Sent back"),
    "approve": N_("Second review (district): approval"),
    "build": N_("Building"),
    "accept": N_("Acceptance of the bed"),
    "activate": N_("Service begins"),
    "suspend": N_("Suspension"),
    "resume": N_("Service goes on"),
    "end": N_("Ending"),
    "reopen": N_("Ending taken back"),
}

WHYS: Mapping[str, str] = {
    "hospital": N_("in hospital"),
    "away": N_("away"),
    "short_stay": N_("in an institution for a short time"),
    "asked": N_("the family asked for a break"),
    "died": N_("has died"),
    "moved": N_("has moved out of the district"),
    "institution": N_("lives in an institution now"),
    "level": N_("the level has no claim any more"),
    "withdrew": N_("withdrew"),
    "agency": N_("another agency serves from now on"),
    "refused": N_("refused"),
}

COURSES: Mapping[str, str] = {
    "met": N_("reached"),
    "on_course": N_("on course"),
    "unknown": N_("not written down yet"),
    "needs_more": N_("more is needed"),
    "lost": N_("cannot be reached any more"),
}

MARKS: Mapping[str, str] = {"met": "●", "on_course": "◆", "unknown": "…", "needs_more": "▲", "lost": "✕"}
"""Told by shape and word together, never by colour alone."""

TAGS: Mapping[str, str] = {"met": "good", "on_course": "good", "unknown": "", "needs_more": "waits", "lost": "bad"}

DUTIES: Mapping[str, str] = {
    "daily_visit": N_("Days with their visit"),
    "daily_minutes": N_("Days with their minutes"),
    "hours": N_("Hours"),
    "medical_visits": N_("Medical visits"),
    "basic_items": N_("Basic items"),
    "standard": N_("Standard of the month's duty"),
    "contract_months": N_("Months of the agreement"),
    "satisfaction": N_("Satisfaction"),
    "remote_rounds": N_("Remote rounds a day"),
}

LEVELS: Mapping[str, str] = {
    "intact": N_("able"),
    "mild": N_("mildly impaired"),
    "moderate": N_("moderately impaired"),
    "severe": N_("severely impaired"),
    "total": N_("totally impaired"),
}

FINDINGS: Mapping[str, str] = {
    "coma": N_("coma"),
    "dementia": N_("dementia (F00–F03)"),
    "psychiatric": N_("another psychiatric diagnosis (F04–F99)"),
    "risk_events": N_("two or more care-risk events in 30 days"),
}

REASONS: Mapping[str, str] = {
    "first": N_("for the first time"),
    "regular": N_("regular"),
    "at_once": N_("at once, after a change"),
    "review": N_("a second look"),
    "other": N_("another reason"),
}

PATTERNS: Mapping[str, str] = {
    "weekly": N_("n times a week"),
    "weekdays": N_("on weekdays"),
    "every": N_("every n days"),
    "workdays": N_("on working days"),
    "monthdays": N_("on days of the month"),
}

HOLIDAYS: Mapping[str, str] = {
    "keep": N_("as always"),
    "skip": N_("not on holidays"),
    "after": N_("on the working day after"),
}

SHAPES: Mapping[str, str] = {"active": "●", "suspended": "◷", "ended": "□"}
