"""
The ways from page to page: one list for the menu on every staff page, shown to each person as far as their roles go.

A new page adds a line here and asks for the same right in its own view.
"""

from dataclasses import dataclass

from dispatch.rules.rights import Right
from dispatch.web.access import may
from dispatch.web.i18n import N_


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the menu: its address, its name (a message id), and what it asks of who comes."""

    path: str
    name: str
    right: Right


PLACES = (
    Place("/board", N_("Board"), Right.ALARMS_SEE),
    Place("/devices", N_("Devices"), Right.DEVICES_SEE),
    Place("/repairs", N_("Repairs"), Right.DEVICES_SEE),
    Place("/roads", N_("Roads"), Right.MESSAGES_SEE),
    Place("/users", N_("Accounts"), Right.ACCOUNTS),
    Place("/keys", N_("Keys of machines"), Right.KEYS),
    Place("/account", N_("My account"), Right.SIGNED_IN),
)


def places() -> list[Place]:
    """Where this request's person may go, in the order of the menu."""
    return [each for each in PLACES if may(each.right)]
