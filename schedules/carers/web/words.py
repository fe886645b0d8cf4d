"""What the carer's page says after a button, and why something could not be, as message ids."""

from collections.abc import Mapping

from dispatch.errors import Conflict, Invalid
from dispatch.web.i18n import N_, gettext
from schedules.duty.guard import Clashing
from schedules.duty.web.words import SHORT

SAID: Mapping[str, str] = {
    "begin": N_("Signed in."),
    "begin_doubted": N_("Signed in, but nothing shows yet that it was at the home: look below."),
    "finish": N_("Signed out. Thank you!"),
    "finish_doubted": N_("Signed out, but nothing shows that it was at the home: look below."),
    "photo": N_("The photo is kept."),
    "print": N_("Only the fingerprint of the photo is kept: it is too large to be shown, or of another kind."),
    "round": N_("The result is written down. Thank you!"),
    "order_accept": N_("The order is yours. Thank you!"),
    "order_decline": N_("Noted. Somebody else is asked."),
    "order_done": N_("Reported as done. Thank you!"),
    "order_step": N_("This step is written down."),
    "swap_yes": N_("You agreed to the swap."),
    "swap_no": N_("You declined the swap."),
    "swap_withdraw": N_("The swap is not asked for any more."),
    "swap_ask": N_("Your colleague is asked by text."),
}

DOUBTED = frozenset({"begin_doubted", "finish_doubted"})
"""What is written down and yet not well."""

ERRORS = (
    N_("This is not on your page any more."), N_("There is no such visit."), N_("The photo is too large."),
    N_("This file is no photo."),
    N_("This visit was cancelled."), N_("Please sign in and out at the home: that shows that it is done."),
    N_("This swap is over, or not so far yet."), N_("This shift is in another swap already."),
    N_("Both shifts are at the same time."), N_("The shift has begun."), N_("The shift in return is not theirs."),
    N_("The shift has changed since it was asked."),
)  # fmt: skip
"""What a press may be refused with, so that every reason is there in both languages."""


def saying(refused: Conflict | Invalid) -> str:
    """
    Why it could not be, in this request's language. Of what speaks against a shift only in short: why a colleague is
    away is nobody's business but theirs.
    """
    if isinstance(refused, Clashing):
        return gettext("This swap cannot be: %(why)s.", why=gettext(SHORT[str(refused.clashes[0].why)]))
    if isinstance(refused, Invalid):
        inside = refused.errors.get("json")
        found = next(iter(inside.values()), None) if isinstance(inside, dict) else None
        return gettext(str(found[0])) if found else gettext(refused.detail)
    return gettext(refused.detail)
