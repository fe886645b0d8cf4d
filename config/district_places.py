"""Whether a position could be meant so, for lists that are read cell by cell."""

from marshmallow import ValidationError

from config.positions import refuse_impossible


def is_possible(lat: float, lng: float) -> bool:
    """False for what a district file would refuse: outside the earth, swapped, or 0, 0."""
    try:
        refuse_impossible(lat, lng)
    except ValidationError:
        return False
    return True
