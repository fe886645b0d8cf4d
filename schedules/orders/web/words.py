"""A word for each code of the orders, in the language of the request."""

from collections.abc import Mapping

from dispatch.web.i18n import N_

STATES: Mapping[str, str] = {
    "offered": N_("offered"),
    "waiting": N_("waits for an operator"),
    "accepted": N_("taken by a provider"),
    "done": N_("done"),
    "closed": N_("order closed"),
    "cancelled": N_("cancelled"),
}

STEPS: Mapping[str, str] = {
    "survey": N_("survey at home"),
    "plan": N_("plan"),
    "approved": N_("work approved"),
    "built": N_("work done"),
    "accepted": N_("accepted by the resident"),
}

ERRORS = (
    N_("There is no such order."), N_("There is no such service."), N_("There is no such photo."),
    N_("This service is not offered in that month."), N_("This service is not offered at that hour."),
    N_("That is too soon: this service needs more notice."), N_("That is too far ahead for this service."),
    N_("This resident had it less than a year ago."), N_("This resident is too young for this service."),
    N_("No date of birth is on file, and this service has an age."), N_("This step asks for a photo."),
    N_("This resident does not fulfil what this service asks for."), N_("These are too many photos."),
    N_("This order is not open to you any more."), N_("Only an order that somebody has accepted can be done."),
    N_("Only an order that was done can be closed."), N_("This order is over already."), N_("There is no such step."),
    N_("Another step comes first."), N_("A photo is a JPEG or PNG of at most 1 MB."), N_("Say when."),
)  # fmt: skip
"""What the orders refuse with, so that every reason is there in both languages."""
