"""A word for each code of the rounds, in the language of the request."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

RESULTS: Mapping[str, str] = {
    "well": N_("well"),
    "needs": N_("needs something"),
    "refused": N_("refuses the round"),
    "not_met": N_("not met"),
    "moved": N_("has moved"),
    "hospital": N_("in hospital"),
}

MEANS: Mapping[str, str] = {"visit": N_("at the door"), "phone": N_("by telephone"), "video": N_("by video")}

LETTERS: Mapping[str, str] = {"v": "visit", "p": "phone", "s": "video"}
"""What stands behind the digit of a result; nothing is the usual way of the round."""

WHY: Mapping[str, str] = {
    "": N_("its turn"),
    "discharge": N_("back from hospital"),
    "bereavement": N_("somebody of the home has died"),
    "absence": N_("is back"),
    "fall": N_("after a fall"),
    "alarm": N_("after an alarm"),
    "asked": N_("somebody asked for it"),
}

STAGES: Mapping[str, str] = {
    "quiet": N_("open"),
    "reminded": N_("reminded"),
    "listed": N_("overdue, on the list"),
    "alarmed": N_("missed, the desk was alarmed"),
}

STATES: Mapping[str, str] = {"open": N_("open"), "done": N_("done"), "dropped": N_("not asked for any more")}

SHOWN: Mapping[str, str] = {
    "proved": N_("proved"),
    "claimed": N_("claimed, not proved"),
    "accepted": N_("claimed, accepted by a second person"),
    "rejected": N_("claimed, not accepted"),
}

PROOFS: Mapping[str, str] = {
    "visit": N_("by a visit that counts"),
    "signal": N_("by the resident's button or a tag in the home"),
    "call": N_("by a call from the resident"),
    "position": N_("by the position of the telephone"),
}

LEVELS: Mapping[str, str] = {"blue": N_("blue"), "yellow": N_("yellow"), "orange": N_("orange"), "red": N_("red")}

ERRORS = (
    N_("This round is over already."), N_("There is no such round."), N_("This is in the future."),
    N_("This round asks for another way."), N_("Say what is needed."), N_("There is no such class."),
    N_("A round soon is asked for already today."), N_("This resident is on no list of rounds."),
    N_("There is no such occasion."), N_("There are no such extra rounds."), N_("They are over already."),
    N_("It ends before it begins, is over, or lasts longer than 60 days."), N_("A month is like 2026-11."),
    N_("Say which station: you work for some stations only."), N_("This key was used for other extra rounds."),
    N_("This round waits for nobody's look."), N_("Somebody else has to look at what one claimed oneself."),
    N_("A digit from 1 to 6, then a letter: v, p or s."), N_("A warning of this colour calls no extra rounds."),
)  # fmt: skip
"""What the rounds refuse with, so that every reason is there in both languages."""
