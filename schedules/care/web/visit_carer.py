"""
`/c/visits`: a carer's visits of today, with a button to sign in and one to sign out. Without a script all of it works;
with one, the position of the telephone is told along.
"""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dispatch.accounts.carers import CarerSignIn
from dispatch.errors import Conflict, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Person, carer_id
from dispatch.rules.place import Position
from dispatch.web.access import public
from dispatch.web.carer_list import VISIT_COOKIE
from dispatch.web.i18n import gettext
from dispatch.web.options import WebOptions
from dispatch.web.small import CSP, small_page
from dispatch.web.words import word
from schedules.care.rules.pictures import taken_at
from schedules.care.rules.presence import Way, Which
from schedules.care.visit_book import VisitBook
from schedules.care.visiting import Said, Visiting
from schedules.care.web import visit_words as words

PHOTO_MAX = 12_000_000


def visit_carer_pages(
    sign_in: CarerSignIn, visiting: Visiting, book: VisitBook, *, options: WebOptions, new_id: Callable[[], str]
) -> Blueprint:
    """The page and its form; whoever is not signed in at `/c` is sent there."""
    bp = Blueprint("visit_carer", __name__, template_folder="templates")

    def whoever() -> tuple[Person, CarerId] | None:
        person = sign_in.check(request.cookies.get(options.cookie(VISIT_COOKIE), ""))
        id_ = carer_id(person) if person else None
        return (person, id_) if person and id_ else None

    def page(id_: CarerId, status: int = 200, *, wrong: str = "") -> Response:
        rows = book.of_carer(id_, book.today())
        answer = small_page(
            "my_visits.html", status, rows=rows, local=book.local, W=words, word=word, wrong=wrong, new_id=new_id,
            said=request.args.get("said", ""),
        )  # fmt: skip
        # One small script of our own, which asks the telephone where it is.
        answer.headers["Content-Security-Policy"] = f"{CSP}; script-src 'self'"
        return answer

    @bp.get("/c/visits")
    @public
    def mine() -> Response:
        who = whoever()
        return page(who[1]) if who else redirect("/c", 303)

    @bp.post("/c/visits")
    @public
    def pressed() -> Response:
        who = whoever()
        if who is None:
            return redirect("/c", 303)
        person, id_ = who
        visit_id = request.form.get("visit", "")
        row = next((each for each in book.of_carer(id_, book.today()) if each.visit.id == visit_id), None)
        if row is None:
            return page(id_, 404, wrong=gettext("There is no such visit."))
        try:
            return redirect(f"/c/visits?said={_do(person, id_, visit_id)}", 303)
        except (Conflict, NotFound) as refused:
            return page(id_, 409, wrong=gettext(refused.detail))
        except ValueError:
            return page(id_, 400, wrong=gettext("The page was too old. Please press once more."))

    def _do(person: Person, id_: CarerId, visit_id: str) -> str:
        photo = request.files.get("photo")
        content = photo.read(PHOTO_MAX + 1) if photo else b""
        if content:
            if len(content) > PHOTO_MAX:
                raise Conflict("The photo is too large.")
            digest = hashlib.sha256(content).hexdigest()
            visiting.add_photo(visit_id, digest, taken_at=taken_at(content, book.zone), by=person, carer_id=id_)
        deed = request.form.get("do", "")
        if deed not in {"begin", "finish"}:
            return "photo"
        visiting.sign(visit_id, Said(
            key=f"page:{UUID(request.form.get('nonce', '')).hex}", which=Which(deed), way=Way.PAGE, by=person,
            carer_id=id_, position=_position(request.form), accuracy_m=_metres(request.form.get("accuracy", "")),
            items=tuple(request.form.getlist("item"))[:100] or None,
        ))  # fmt: skip
        return deed

    return bp


def _position(form: Any) -> Position | None:
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
