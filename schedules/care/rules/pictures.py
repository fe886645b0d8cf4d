"""What a picture that proves a service says of itself."""

import re
from datetime import UTC, datetime, tzinfo

_TAKEN = re.compile(rb"(?<!\d)((?:19|20)\d\d):([01]\d):([0-3]\d) ([0-2]\d):([0-5]\d):([0-5]\d)\x00")
"""How an Exif block (version 2.32, DateTimeOriginal) writes when a picture was taken, in the camera's local time."""

HEAD = 256 * 1024
"""Bytes in which the Exif block stands, which comes first."""


def taken_at(content: bytes, zone: tzinfo) -> datetime | None:
    """
    When the camera says a picture was taken, as aware UTC; the latest time where several stand in it.

    None where it says nothing. `zone` is that of the camera's clock.
    """
    found = []
    head = content[:HEAD]
    for each in _TAKEN.finditer(head) if b"Exif\x00\x00" in head else ():
        try:
            year, month, day, hour, minute, second = (int(part) for part in each.groups())
            at = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        except ValueError:
            continue
        found.append(at.astimezone(UTC))
    return max(found, default=None)
