"""What a form tells of where the telephone is."""

from collections.abc import Mapping

from dispatch.rules.place import Position
from schedules.rounds.proving import Where

FAR_M = 100_000


def where_of(form: Mapping[str, str]) -> Where | None:
    """What the browser told (WGS-84, as browsers do); None where it told nothing, or nonsense."""
    try:
        lat, lng = float(form.get("lat", "")), float(form.get("lng", ""))
        accuracy = float(form["accuracy"]) if form.get("accuracy") else None
    except ValueError:
        return None
    if not (-90 <= lat <= 90 and -180 <= lng <= 180) or (lat, lng) == (0, 0):
        return None
    doubt = None if accuracy is None else round(min(FAR_M, max(0.0, accuracy))) if accuracy == accuracy else FAR_M
    return Where(position=Position(lat, lng), accuracy_m=doubt)
