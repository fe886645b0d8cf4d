"""Photos of an order's steps: what is taken in, and how it is kept."""

import hashlib

from dispatch.errors import Invalid
from dispatch.rules.people import Person
from dispatch.store.transactions import Tx
from schedules.care.rules.picture import Picture, picture_of
from schedules.orders.rules.order import Order
from schedules.orders.store.orders import Photo

PHOTO_MAX = 1_000_000
PHOTOS_MAX = 24


def bare(content: bytes) -> Picture:
    """
    The picture alone: where it was taken and by which telephone is nobody's business.

    Raises:
        Invalid: it is no JPEG or PNG, broken, or too large.
    """
    found = picture_of(content, PHOTO_MAX) if len(content) <= PHOTO_MAX else None
    if found is None:
        raise wrong("photos", "A photo is a JPEG or PNG of at most 1 MB.")
    return found


def photo_of(tx: Tx, order: Order, step: str, picture: Picture, by: Person) -> Photo:
    """What is kept beside the picture."""
    digest = hashlib.sha256(picture.content).hexdigest()
    return Photo(
        id=tx.new_id(),
        order_id=order.id,
        resident_id=order.resident_id,
        step=step,
        at=tx.now,
        by=by,
        kind=picture.kind,
        sha256=digest,
    )


def wrong(place: str, why: str) -> Invalid:
    """A refusal of one thing that was entered."""
    return Invalid("Please check what was entered", {"json": {place: [why]}})
