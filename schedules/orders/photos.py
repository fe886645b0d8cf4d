"""Photos of an order's steps: what is taken in, and how it is kept."""

import hashlib

from dispatch.errors import Invalid
from dispatch.rules.people import Person
from dispatch.store.transactions import Tx
from schedules.orders.rules.order import Order
from schedules.orders.store.orders import Photo

PHOTO_MAX = 1_000_000
PHOTOS_MAX = 24
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""How pictures that are taken in begin: JPEG (ITU-T T.81, B.1.1.3) and PNG (ISO/IEC 15948, 5.2)."""


def kind_of(picture: bytes) -> str:
    """
    The kind of a picture.

    Raises:
        Invalid: it is no JPEG or PNG, or too large.
    """
    found = next((kind for head, kind in KINDS.items() if picture.startswith(head)), None)
    if found is None or len(picture) > PHOTO_MAX:
        raise wrong("photos", "A photo is a JPEG or PNG of at most 1 MB.")
    return found


def photo_of(tx: Tx, order: Order, step: str, kind: str, picture: bytes, by: Person) -> Photo:
    """What is kept beside the picture."""
    digest = hashlib.sha256(picture).hexdigest()
    return Photo(
        id=tx.new_id(),
        order_id=order.id,
        resident_id=order.resident_id,
        step=step,
        at=tx.now,
        by=by,
        kind=kind,
        sha256=digest,
    )


def wrong(place: str, why: str) -> Invalid:
    """A refusal of one thing that was entered."""
    return Invalid("Please check what was entered", {"json": {place: [why]}})
