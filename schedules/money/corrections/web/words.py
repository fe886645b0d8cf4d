"""The words of corrections, as message ids by code."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

STATES: Mapping[str, str] = {
    "looking": N_("still looking"),
    "found": N_("to be decided"),
    "wanted": N_("wanted, a second person is needed"),
    "approved": N_("approved, being priced anew"),
    "done": N_("priced anew"),
    "declined": N_("left as it was"),
    "nothing": N_("looked at: nothing is priced otherwise"),
    "void": N_("void: the rules were changed again"),
}
SHAPES: Mapping[str, str] = {
    "looking": "…", "found": "▲", "wanted": "◑", "approved": "◕", "done": "●", "declined": "×", "nothing": "○",
    "void": "×",
}  # fmt: skip
"""Beside the word, so that nothing is told by colour alone."""

KINDS: Mapping[str, str] = {"meal": N_("Meals"), "bill": N_("Beds and bills")}
ITEMS: Mapping[str, str] = {
    "open": N_("as it was"),
    "done": N_("priced anew"),
    "skipped": N_("left: it was changed meanwhile, and is on the next list"),
}
