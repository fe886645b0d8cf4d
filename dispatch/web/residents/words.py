"""A word for each code of the registers, in the language of the request."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

AWAY: Mapping[str, str] = {"hospital": N_("in hospital"), "away": N_("away"), "test": N_("device on test")}

AWAY_STATES: Mapping[str, str] = {
    "planned": N_("planned"),
    "away": N_("now"),
    "overrun": N_("time is up: is the person back?"),
    "over": N_("over"),
}

LEFT: Mapping[str, str] = {
    "died": N_("has died"),
    "left": N_("has left the service"),
    "moved_away": N_("has moved out of the district"),
}

TASKS: Mapping[str, str] = {
    "collect_device": N_("Collect the device"),
    "quiet_contact": N_("Speak with the family, quietly and in person"),
    "false_alarms": N_("Visit at home: three false alarms in a month"),
    "key_check": N_("Look at the key box and the way in"),
    "absence_ended": N_("Is the person back?"),
    "other": N_("To do"),
}

ABOUT: Mapping[str, str] = {
    "key_bad": N_("The way in does not open"), "round_missed": N_("A round was missed"),
    "round_needs": N_("Seen on a round: something is needed"), "round_moved": N_("Seen on a round: has moved"),
    "round_hospital": N_("Seen on a round: in hospital"), "round_refused": N_("Refused a round"),
    "order_waits": N_("An order that nobody has taken"), "order_late": N_("An order that was not done in time"),
    "order_smells": N_("An order that sounds like an emergency"),
    "assessment_ends_soon": N_("The assessment runs out soon"),
    "assessment_ended": N_("The assessment has run out"),
    "welfare_ring": N_("Ring them now: small signs that something may be wrong. Done only when they were reached"),
}  # fmt: skip

KEYS: Mapping[str, str] = {
    "good": N_("as on file"),
    "changed": N_("changed, and put right in the file"),
    "bad": N_("does not open"),
}

KINDS: Mapping[str, str] = {
    "resident": N_("Resident"), "home": N_("Home"), "contact": N_("Contact"), "carer": N_("Carer"),
    "station": N_("Station"), "device": N_("Device"), "alarm": N_("Alarm"),
}  # fmt: skip

ERRORS = (
    N_("Please check what was entered"), N_("Another one has this code already."),
    N_("This is outside the stations you work for."), N_("The ID number says another date of birth."),
    N_("Another resident has this ID number already."),
    N_("Another contact of this home is asked at this place already."), N_("A station does not lend to itself."),
    N_("An ID number has 17 digits and a check digit."), N_("There is no such date of birth."),
    N_("The check digit does not fit: one digit is wrong."), N_("Nobody was born on that day who could be served."),
    N_("This is no telephone number."), N_("A position has lat and lng."), N_("There is none with this code."),
    N_("0, 0 lies in the Atlantic. Leave lat and lng out when the position is not known."), N_("Say where to."),
    N_("It ends before it begins, or is over."), N_("Say what came of it."), N_("Say why, in a few words."),
    N_("Nobody is away for more than three months in one go: say a day before that, and prolong it."),
    N_("There is an open alarm at this home: close it first."), N_("They live there already."),
    N_("Somebody still lives here: move them or end their service first."), N_("This absence is over."),
    N_("This resident is not served any more."), N_("This resident is served."), N_("This is done already."),
    N_("There is an absence at that time already: prolong or end that one."), N_("Not a readable text."),
    N_("Missing data for required field."), N_("Not a valid date."), N_("Not a valid number."),
    N_("Not a valid integer."), N_("This home is not in use any more."), N_("Not a moment."),
    N_("The key of this ID number is missing. Restore the key file, or enter it again."),
    N_("Another home has one of these devices."), N_("Another home has one of these contacts."),
)  # fmt: skip
"""What the registers refuse with, so that every reason is there in both languages."""
