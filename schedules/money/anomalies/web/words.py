"""A word for each code of findings and checks, in the language of the request."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

CODES: Mapping[str, str] = {
    "after_death": N_("Meal after death"),
    "in_hospital": N_("Meal while in hospital or an institution"),
    "two_canteens": N_("Two canteens at once"),
    "over_limit": N_("More subsidised meals than allowed"),
    "burst": N_("Paid faster than hands can"),
    "one_operator": N_("One account for all identifications by hand"),
    "at_minimum": N_("Nearly every price is just the least one"),
    "same_minute": N_("The same people at the same minute"),
    "closed_hours": N_("Outside opening hours"),
    "stale_photo": N_("Photo of another time"),
    "reused_photo": N_("Photo used twice"),
    "excluded_scheme": N_("Two schemes that exclude each other"),
    "visits_overlap": N_("Visits that overlap"),
    "visit_after_death": N_("Visit after death"),
    "visit_in_hospital": N_("Visit while in hospital or an institution"),
    "jump": N_("Sudden jump of a canteen's meals"),
}

SEVERITIES: Mapping[str, str] = {"high": N_("grave"), "middle": N_("to be looked at"), "low": N_("remarkable")}

STATES: Mapping[str, str] = {
    "open": N_("not decided"),
    "explained": N_("explained"),
    "confirmed": N_("confirmed"),
    "recovered": N_("money recovered"),
}

RESULTS: Mapping[str, str] = {
    "right": N_("as settled"),
    "wrong": N_("not as settled"),
    "not_found": N_("nobody could be asked"),
}

KINDS: Mapping[str, str] = {"meal": N_("meal"), "delivery": N_("delivered meal"), "visit": N_("visit")}

FIGURES: Mapping[str, str] = {
    "count": N_("how many"),
    "meals": N_("meals"),
    "meal": N_("which meal"),
    "limit": N_("allowed"),
    "metres": N_("metres apart"),
    "seconds": N_("seconds"),
    "minutes": N_("minutes"),
    "people": N_("people"),
    "days": N_("days"),
    "percent": N_("per cent"),
    "by_hand": N_("by hand"),
    "usual": N_("usual"),
    "till": N_("till"),
    "from": N_("from"),
    "until": N_("until"),
    "since": N_("since"),
    "stay": N_("where"),
    "scheme": N_("scheme"),
    "with": N_("together with"),
    "same": N_("the same"),
    "carer": N_("carer"),
    "resident": N_("resident"),
    "used_for": N_("used before for"),
    "other_canteen": N_("the other canteen"),
    "died_days_before": N_("days after the death"),
}

ERRORS = (
    N_("This finding was decided already."), N_("Say in words what was found out."), N_("There is no such check."),
    N_("An amount is said when money came back, and only then."), N_("This check has its result already."),
    N_("There is no draw of this month."), N_("There is no such finding."), N_("Write yuan with two decimals at most."),
)  # fmt: skip
"""What is refused with, so that every reason is there in both languages."""
