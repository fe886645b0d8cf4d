"""
`/unmask`: one person's telephone number whole, once, for a reason that is kept with who asked.

The number stands in the answer and nowhere else; the reason is a note of the record, so that it can be erased.
"""

from typing import Any

from flask import Blueprint, make_response, render_template, request

from dispatch.errors import Invalid, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area, Right
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, recently, require
from dispatch.web.i18n import gettext

REASON_MIN, REASON_MAX = 4, 500


def unmask_blueprint(reading: Reading, transactions: Transactions) -> Blueprint:
    """`GET /unmask?person=resident:<id>` asks why; `POST /unmask` keeps the reason and shows the number."""
    bp = Blueprint("unmask", __name__)

    @bp.get("/unmask")
    @require(Right.UNMASK)
    def ask() -> str:
        person = request.args.get("person", "")
        name, _ = _looked_up(reading, Person(person), area())
        return render_template("unmask.html", person=person, name=name)

    @bp.post("/unmask")
    @require(Right.UNMASK)
    @recently
    def show() -> Any:
        person, reason = request.form.get("person", ""), request.form.get("reason", "").strip()[:REASON_MAX]
        name, phone = _looked_up(reading, Person(person), area())
        if len(reason) < REASON_MIN:
            error = gettext("Say why, in a few words.")
            page = render_template("unmask.html", person=person, name=name, reason=reason, error=error)
            return make_response(page, 422)
        # Kept before it is shown: a number that was seen and is not in the record must not happen.
        line = Line(kind="unmasked", by=caller(), facts={"person": person, "what": "phone"}, note=reason)
        transactions.run(lambda tx: tx.log(line))
        return render_template("unmask.html", person=person, name=name, phone=phone or "—", shown=True)

    return bp


def _looked_up(reading: Reading, person: Person, area: Area) -> tuple[str, str | None]:
    """
    Name and number of somebody of one's own stations.

    Raises:
        Invalid: this is no person. NotFound: there is nobody, or another station's.
    """
    kind, _, id_ = person.partition(":")
    if kind not in {"resident", "contact", "carer"}:
        raise Invalid("Please choose one.", {"person": "unknown"})
    with reading.connect() as connection:
        shelf = People(connection)
        if kind == "carer":
            carer = shelf.carers_by_id([CarerId(id_)]).get(CarerId(id_))
            if carer is not None and area.covers(carer.station_id):
                return carer.name, carer.phone
        else:
            everybody = shelf.residents() if kind == "resident" else shelf.contacts()
            found = next((each for each in everybody if each.id == id_), None)
            if found is not None and area.covers(shelf.home(found.home_id).station_id):
                return found.name, found.phone
    raise NotFound("There is nobody of this name.")
