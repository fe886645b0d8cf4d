"""
Refusals: what the service says no to, and why.

    Refusal
    ├── NotFound             the thing named does not exist
    ├── NotAllowed           this person may not do that
    ├── Conflict             true a moment ago, no longer
    │   ├── AlreadyTaken     somebody else leads this alarm
    │   ├── OfferGone        the offer lapsed, was withdrawn or answered
    │   ├── AlarmClosed      nothing more happens on a closed alarm
    │   ├── AlreadyPaired    this device is somebody's, or its code is another's
    │   └── Stale            somebody else has changed it since you looked
    ├── Unconditional        a change must say which version it changes
    ├── Invalid              the request cannot be understood; `errors` names the places
    ├── Busy                 not now; try again
    └── Misconfigured        a settings or district file is wrong; names the place and the cure

A refusal is raised by the rules or the work and translated once, in `web/problems.py`.
`SendFailed` is not a refusal: it is what a provider says when a message did not leave.
"""

from collections.abc import Callable, Mapping
from typing import Any

SLIPS = (
    LookupError, ArithmeticError, AttributeError, TypeError, ValueError, AssertionError, RuntimeError, NameError,
    StopIteration,
)  # fmt: skip
"""
What a mistake of our own raises: in a rule, in words, or at a row that says what nobody expected.

Caught where an alarm must outlive it, and logged as an error there. Nothing of the database, of a disk or of the
network is among these, because that is tried again (`store.idempotency.MISTAKES` has the database's besides).
"""


class Refusal(Exception):
    """The base of everything the service says no to. `detail` is a sentence for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def told(self, gettext: Callable[..., str]) -> str:
        """The sentence in a language; whoever has values in it fills them into the translated one."""
        return gettext(self.detail)


class NotFound(Refusal):
    """The thing named does not exist."""


class NotAllowed(Refusal):
    """This person may not do that."""


class Conflict(Refusal):
    """What was asked was possible a moment ago and no longer is."""


class AlreadyTaken(Conflict):
    """Somebody else leads this alarm."""


class OfferGone(Conflict):
    """The offer lapsed, was withdrawn, or has been answered."""


class AlarmClosed(Conflict):
    """Nothing more happens on a closed alarm."""


class AlreadyPaired(Conflict):
    """This device is somebody's already, or its code is another device's: the one called `code`."""

    def __init__(self, detail: str, code: str) -> None:
        super().__init__(detail)
        self.code = code


class Stale(Conflict):
    """Somebody else changed it since you looked; `errors` maps each field that differs to what is on file now."""

    def __init__(self, detail: str, errors: Mapping[str, Any]) -> None:
        super().__init__(detail)
        self.errors = dict(errors)


class Unconditional(Refusal):
    """A change has to say which version of the thing it changes."""


class Invalid(Refusal):
    """The request cannot be understood; `errors` maps a place in it to what is wrong there."""

    def __init__(self, detail: str, errors: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.errors = dict(errors or {})


class Busy(Refusal):
    """Not now: try again in a few seconds. Nothing was changed that the caller was told of."""


class Misconfigured(Refusal):
    """A settings or district file is wrong. `place` is the key or row, the detail says what cures it."""

    def __init__(self, place: str, detail: str) -> None:
        super().__init__(f"{place}: {detail}")
        self.place = place
