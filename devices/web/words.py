"""What the codes of devices are called on pages; translated when they are shown."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

SHOWS: Mapping[str, str] = {
    "all": N_("All in use"),
    "never_pressed": N_("Never pressed"),
    "overdue": N_("Test press overdue"),
    "offline": N_("Offline"),
    "late": N_("Late"),
    "low_battery": N_("Battery low"),
    "faulty": N_("Being repaired"),
    "not_worn": N_("Not worn"),
    "lent": N_("Lent"),
    "not_back": N_("Loan overdue"),
    "retired": N_("Out of use"),
}

HEALTHS: Mapping[str, str] = {"well": N_("well"), "late": N_("late"), "offline": N_("offline")}

FAULTS: Mapping[str, str] = {
    "offline": N_("offline"),
    "low_battery": N_("battery low"),
    "battery_missing": N_("no battery"),
    "tamper": N_("opened or taken off"),
    "mains_fail": N_("no mains power"),
    "link_fault": N_("line disturbed"),
    "jamming": N_("radio jammed"),
    "fault": N_("fault"),
    "reported": N_("reported as broken"),
    "stuck": N_("button stuck"),
}

KINDS: Mapping[str, str] = {
    "pendant": N_("Pendant"),
    "pull_cord": N_("Pull cord"),
    "button": N_("Button"),
    "wristband": N_("Wristband"),
    "watch": N_("Watch"),
    "fall": N_("Fall detector"),
    "smoke": N_("Smoke detector"),
    "gas": N_("Gas detector"),
    "water": N_("Water detector"),
    "door": N_("Door contact"),
    "motion": N_("Motion sensor"),
    "bed": N_("Bed sensor"),
    "panel": N_("Alarm panel"),
    "base_unit": N_("Base unit"),
    "home_unit": N_("Home unit"),
    "cancel": N_("Cancel button"),
}

PURPOSES: Mapping[str, str] = {
    "pairing": N_("pairing"),
    "repair": N_("after a repair"),
    "campaign": N_("monthly test"),
}

TESTS: Mapping[str, str] = {
    "waiting": N_("waiting"),
    "seen": N_("the centre saw it"),
    "lapsed": N_("nothing was heard"),
    "cancelled": N_("called off"),
}

ASSIGNED: Mapping[str, str] = {"given": N_("given"), "lent": N_("lent")}

REASONS: Mapping[str, str] = {
    "returned": N_("handed back"),
    "resident_left": N_("the resident has left"),
    "replaced": N_("replaced by another"),
    "broken": N_("broken"),
    "lost": N_("lost"),
    "never_worked": N_("never worked"),
}
"""What a person may choose when a device is taken out of use."""

ENDED: Mapping[str, str] = {
    **REASONS,
    "moved": N_("moved"),
    "lent": N_("lent"),
    "brought_back": N_("brought back"),
    "loaded": N_("by the district file"),
}

RESULTS: Mapping[str, str] = {
    "well": N_("All is well"),
    "no_answer": N_("No answer: raise an alarm"),
    "needs_help": N_("Needs help: raise an alarm"),
}

WHYS: Mapping[str, str] = {
    "lost": N_("line gone"),
    "silent": N_("nothing heard"),
    "jammed": N_("devices cannot get through"),
    "noisy": N_("little but noise"),
}
