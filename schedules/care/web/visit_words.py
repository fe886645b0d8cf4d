"""A word for each code of visits, as message ids."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

STATES: Mapping[str, str] = {
    "planned": N_("Planned"), "begun": N_("Carer is there"), "finished": N_("Finished"), "missed": N_("Missed"),
    "cancelled": N_("Cancelled"),
}  # fmt: skip

REASONS: Mapping[str, str] = {
    "family": N_("The family is there"), "hospital": N_("In hospital"), "away": N_("Away"),
    "suspended": N_("Service is suspended"), "weather": N_("Weather"), "not_wanted": N_("Not planned any more"),
    "other": N_("Something else"),
}  # fmt: skip
BY_HAND = ("family", "hospital", "away", "suspended", "weather", "other")

WHICH: Mapping[str, str] = {
    "begin": N_("Signed in"), "finish": N_("Signed out"), "confirm": N_("Confirmed"),
}  # fmt: skip

WAYS: Mapping[str, str] = {
    "sms": N_("by text"), "call": N_("by a key in a call"), "page": N_("on the page"),
    "landline": N_("from the home's telephone"), "tag": N_("by the tag in the home"),
    "resident": N_("by the resident or family"), "office": N_("entered at the desk"),
}  # fmt: skip

FINDINGS: Mapping[str, str] = {
    "not_assigned": N_("Somebody came who was not sent"),
    "other_telephone": N_("Signed from somebody else's telephone"),
    "hands_missing": N_("Fewer carers than the visit needs"),
    "no_begin": N_("Nobody signed in"),
    "no_finish": N_("Nobody signed out"),
    "no_items": N_("Nothing of what was planned was done"),
    "position_missing": N_("Nothing shows where it was signed"),
    "home_unplaced": N_("The home has no position"),
    "position_reused": N_("The very same position as in another visit"),
    "too_far": N_("Signed too far from the home"),
    "too_short": N_("Shorter than asked for"),
    "too_long": N_("Much longer than planned"),
    "off_time": N_("At another time than planned"),
    "overlap": N_("In two homes at once"),
    "impossible_travel": N_("No way to get there in this time"),
    "entered_late": N_("Told more than a day later"),
    "office_entry": N_("Entered at the desk, waits for a second person"),
    "clock_wrong": N_("Told before it can have happened"),
    "no_witness": N_("No photo, and the home did not confirm"),
    "photo_stale": N_("A photo of another time"),
    "photo_reused": N_("The photo of another visit"),
    "resident_away": N_("The resident was not at home"),
    "resident_left": N_("The resident had left the service"),
    "resident_dead": N_("The resident had died before"),
    "burst": N_("Signed for many homes within a minute"),
}

EVIDENCE: Mapping[str, str] = {
    "accuracy_m": N_("Accuracy, m"),
    "age_s": N_("How old, s"),
    "ahead_s": N_("Too early, s"),
    "begun_at": N_("Begun at"),
    "by": N_("By"),
    "came": N_("How many came"),
    "carer": N_("Carer"),
    "died_on": N_("Died on"),
    "distance_m": N_("Distance, m"),
    "hours": N_("Late, h"),
    "least": N_("At least, min"),
    "left_at": N_("Left at"),
    "metres": N_("Distance, m"),
    "minutes": N_("In the room, min"),
    "most": N_("At most, min"),
    "photo": N_("Photo"),
    "photos": N_("Photos"),
    "planned": N_("Services planned"),
    "radius": N_("Allowed, m"),
    "seconds": N_("How long, s"),
    "start_by": N_("Latest start"),
    "taken_at": N_("Taken at"),
    "until": N_("Until"),
    "visit": N_("The other visit"),
    "visits": N_("Visits"),
    "wanted": N_("How many are needed"),
    "way": N_("How it was signed"),
    "which": N_("Which entry"),
    "why": N_("Why away"),
}
"""What a fact of a finding is called."""

RESOLUTIONS: Mapping[str, str] = {
    "accepted": N_("Accepted"), "rejected": N_("Rejected: does not count"), "cleared": N_("Not found any more"),
}  # fmt: skip
