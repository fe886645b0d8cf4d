"""What every figure is called, in the order of the page. A new key is one line here."""

from collections.abc import Mapping, Sequence

from dispatch.web.i18n import N_

FIGURES: Mapping[str, str] = {
    "calls_total": N_("Calls, total"),
    "calls_valid": N_("Calls, valid"),
    "calls_test": N_("Calls, tests"),
    "calls_duplicate": N_("Calls, duplicates"),
    "ack_on_time_rate": N_("Noticed in time"),
    "answer_rate": N_("Answered when offered"),
    "response_rate": N_("Human contact in time"),
    "accepted": N_("Accepted"),
    "arrived": N_("Arrived"),
    "onsite_rate": N_("On site in time"),
    "onsite_15_rate": N_("On site within 15 min"),
    "onsite_30_rate": N_("On site within 30 min"),
    "onsite_45_rate": N_("On site within 45 min"),
    "closed": N_("Closed"),
    "closed_rate": N_("Closed, of the valid"),
    "false_alarms": N_("False alarms"),
    "false_alarm_rate": N_("False alarm rate"),
    "linked_120": N_("Calls with 120"),
    "calls_delayed": N_("Heard late"),
    "calls_on_paper": N_("Typed in from paper"),
    "ack_p50": N_("Time to noticed, 50th percentile"),
    "ack_p90": N_("Time to noticed, 90th percentile"),
    "accept_p50": N_("Time to accepted, 50th percentile"),
    "accept_p90": N_("Time to accepted, 90th percentile"),
    "onsite_p50": N_("Time to arrival, 50th percentile"),
    "onsite_p90": N_("Time to arrival, 90th percentile"),
    "close_p50": N_("Time to closing, 50th percentile"),
    "close_p90": N_("Time to closing, 90th percentile"),
    "hotline_answer_rate": N_("Hotline calls answered"),
    "care_call_rate": N_("Care calls done"),
    "device_online_rate": N_("Devices online"),
    "coverage_rate": N_("Homes within 15 min of somebody on duty"),
    "provider_failure_rate": N_("Messages not taken"),
    "satisfaction": N_("Satisfied"),
}

PARTS: Mapping[str, str] = {
    "station": N_("By station"),
    "street": N_("By street"),
    "community": N_("By community"),
    "hour": N_("By hour"),
    "cause": N_("By cause"),
    "provider": N_("By provider"),
    "team": N_("By team"),
}

COLUMNS: Sequence[str] = (
    "calls_total", "calls_valid", "ack_on_time_rate", "response_rate", "onsite_rate", "onsite_p50", "onsite_p90",
    "closed", "false_alarm_rate",
)  # fmt: skip
"""The columns of each breakdown by what a call has; the whole has a row for every figure."""

EXTRA: Mapping[str, Sequence[str]] = {
    "station": ("device_online_rate", "coverage_rate"),
    "provider": ("provider_failure_rate",),
    "team": ("satisfaction",),
}

ONLY_EXTRA = ("provider", "team")
"""Parts that are no parts of calls."""


def columns_of(part: str) -> list[str]:
    """The keys that the table of this part shows."""
    return [*(() if part in ONLY_EXTRA else COLUMNS), *EXTRA.get(part, ())]
