"""Words for the codes of a review; English message ids as everywhere in the web."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

BREACHES: Mapping[str, str] = {
    "answered": N_("answered late"),
    "accepted": N_("accepted late"),
    "on_site": N_("on site late"),
    "closed": N_("closed late"),
    "messages": N_("message did not arrive"),
    "lapsed": N_("request without an answer"),
    "audit": N_("found by the watch"),
}

STAGES: Mapping[str, str] = {
    "none": N_("not to be reviewed"),
    "open": N_("to be reviewed"),
    "found": N_("waits for the second person"),
    "signed": N_("signed"),
}

SHAPES: Mapping[str, str] = {"none": "○", "open": "▲", "found": "◆", "signed": "●"}
"""A stage is told by shape and word, never by colour alone."""

LIMIT_NAMES: Mapping[str, str] = {
    "answered_s": N_("First act of a person"),
    "accepted_s": N_("Acceptance"),
    "on_site_s": N_("On site"),
    "closed_s": N_("Closed after the arrival"),
}

FILTER_NAMES: Mapping[str, str] = {
    "since": N_("From day"), "until": N_("To day"), "station": N_("Station"), "cause": N_("Cause"),
    "outcome": N_("Outcome"), "breach": N_("Breach"), "stage": N_("Review"), "drawn": N_("Sample"),
    "resident": N_("Resident's code"), "carer": N_("Carer"), "operator": N_("Operator"),
}  # fmt: skip
"""What the fields of the filter are called."""
