"""
The form of a visit on a carer's own page: signing in and out, with the position of the telephone where it tells it, and
photos. Without a script all of it works.
"""

import hashlib
from collections.abc import Mapping
from uuid import UUID

from werkzeug.datastructures import FileStorage, MultiDict

from dispatch.errors import Conflict, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from schedules.care.rules.evidence import Place, told_place
from schedules.care.rules.picture import is_photo, picture_of, taken_at
from schedules.care.rules.presence import Way, Which
from schedules.care.visit_book import VisitBook
from schedules.care.visiting import Said, Visiting

PHOTO_MAX = 12_000_000
"""Bytes of a picture as telephones take it; more than any camera of a telephone makes of one JPEG."""


class Signing:
    """Takes what stands in the form of a visit on a carer's page."""

    def __init__(self, visiting: Visiting, book: VisitBook) -> None:
        self._visiting = visiting
        self.book = book

    def press(self, person: Person, id_: CarerId, form: Mapping[str, str], files: Mapping[str, FileStorage]) -> str:
        """
        Keeps a photo, signs in or out, and says which of it was done: `photo` (or `print`, where only its hash could be
        kept), `begin`, `finish`, these two with `_doubted` where the telephone did not show that it was at the home.
        The same form again changes nothing.

        Raises:
            NotFound: no such visit of this carer today. Conflict: it was cancelled, or the photo is too large or none.
            ValueError: the form is none of ours.
        """
        visit_id = form.get("visit", "")
        row = next((each for each in self.book.of_carer(id_, self.book.today()) if each.visit.id == visit_id), None)
        if row is None:
            raise NotFound("There is no such visit.")
        kept = self._keep(person, id_, visit_id, files.get("photo"))
        deed = form.get("do", "")
        if deed not in {"begin", "finish"}:
            return "photo" if kept else "print"
        # A form that showed what was planned and has nothing ticked says that nothing was done.
        ticked = tuple(form.getlist("item"))[:100] if isinstance(form, MultiDict) else ()
        items = ticked or (() if form.get("items") else None)
        position, accuracy_m = _position(form), _metres(form.get("accuracy", ""))
        self._visiting.sign(visit_id, Said(
            key=f"page:{UUID(form.get('nonce', '')).hex}", which=Which(deed), way=Way.PAGE, by=person, carer_id=id_,
            position=position, accuracy_m=accuracy_m, items=items,
        ))  # fmt: skip
        place = told_place(position, accuracy_m, row.home.position, self._visiting.limits)
        return deed if place is Place.NEAR or row.home.position is None else f"{deed}_doubted"

    def _keep(self, person: Person, id_: CarerId, visit_id: str, photo: FileStorage | None) -> bool:
        """Whether its picture can be looked at, or there was none."""
        content = photo.read(PHOTO_MAX + 1) if photo else b""
        if not content:
            return True
        if len(content) > PHOTO_MAX:
            raise Conflict("The photo is too large.")
        if not is_photo(content):
            raise Conflict("This file is no photo.")
        picture = picture_of(content)
        digest = hashlib.sha256(content).hexdigest()
        self._visiting.add_photo(
            visit_id, digest, taken_at=taken_at(content, self.book.zone), by=person, carer_id=id_, picture=picture
        )
        return picture is not None


def _position(form: Mapping[str, str]) -> Position | None:
    """What the browser told (WGS-84, as browsers do); None where it told nothing, or nonsense."""
    try:
        lat, lng = float(form.get("lat", "")), float(form.get("lng", ""))
    except ValueError:
        return None
    return Position(lat, lng) if -90 <= lat <= 90 and -180 <= lng <= 180 and (lat, lng) != (0, 0) else None


def _metres(said: str) -> int | None:
    try:
        return min(100_000, max(0, round(float(said))))
    except (ValueError, OverflowError):
        return None
