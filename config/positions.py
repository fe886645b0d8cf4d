"""What positions in files really come with."""

from marshmallow import ValidationError


def refuse_impossible(lat: float, lng: float) -> None:
    """
    The mistakes that positions really come with: nothing known written as 0, and the two numbers swapped.

    Swapped is what lies outside the earth one way and inside it the other, or inside China (3–54° N, 73–136° E) only
    when read the other way round; the second kind hits the Arctic Ocean and the Barents Sea alone.
    """
    if lat == 0 and lng == 0:
        raise ValidationError("0, 0 lies in the Atlantic. Leave lat and lng out when the position is not known.", "lat")
    if (abs(lat) > 90 and abs(lng) <= 90) or (73 <= lat <= 136 and 3 <= lng <= 54):
        raise ValidationError(f"lat and lng are swapped: this would be lat = {lng}, lng = {lat}.", "lat")
    if abs(lat) > 90:
        raise ValidationError("Outside the earth: a latitude is between -90 and 90.", "lat")
    if abs(lng) > 180:
        raise ValidationError("Outside the earth: a longitude is between -180 and 180.", "lng")
