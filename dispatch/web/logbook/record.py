"""`/record`: every entry there is, by day, kind, person and alarm; the chain counted over by one button; the export."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from dispatch.errors import Invalid, NotFound
from dispatch.ids import AlarmId
from dispatch.logbook.files import lines
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Right
from dispatch.store.log_search import EntryFilter, EntrySearch
from dispatch.store.record import Record
from dispatch.store.transactions import Lane
from dispatch.web import telling
from dispatch.web.access import area, caller, may, require
from dispatch.web.i18n import gettext
from dispatch.web.logbook.filters import address_of, blank_left_out, load
from dispatch.web.logbook.reading import LogRoom
from dispatch.web.schemas import NUMBER_MAX, Text, Wire

ROWS = 100
VERIFIED_SHOWN = 10

Plain = dict[str, Any]


class EntryFilterSchema(Wire):
    """Entries of these days (the district's, the last one included), of one kind, by somebody, about an alarm."""

    since = fields.Date()
    until = fields.Date()
    kind = fields.String(validate=validate.Regexp(r"[a-z_]{1,40}\Z"))
    by = Text()
    alarm = Text()
    before = fields.Integer(strict=False, validate=validate.Range(1, NUMBER_MAX))


def entry_filter(loaded: Mapping[str, Any], room: LogRoom) -> EntryFilter:
    """The filter that was loaded; days begin at the district's midnight."""

    def midnight(day: date | None, days: int = 0) -> datetime | None:
        return None if day is None else datetime.combine(day, time.min, room.zone) + timedelta(days=days)

    alarm = loaded.get("alarm")
    return EntryFilter(
        since=midnight(loaded.get("since")), until=midnight(loaded.get("until"), 1), kind=loaded.get("kind"),
        by=loaded.get("by"), alarm_id=AlarmId(alarm) if alarm else None,
    )  # fmt: skip


def record_blueprint(room: LogRoom) -> Blueprint:
    """`/record` and what its buttons do."""
    bp = Blueprint("record", __name__, url_prefix="/record")

    @bp.get("")
    @require(Right.RECORD_SEE)
    def listed() -> str:
        return shown(blank_left_out(request.args))

    @bp.post("/find")
    @require(Right.RECORD_SEE)
    def find() -> Any:
        """Names become references; everything goes into the address."""
        typed = blank_left_out({name: request.form[name] for name in request.form if name != "csrf_token"})
        who = typed.pop("who", "")
        try:
            if who:
                typed["by"] = room.called(who, area()).person
        except Invalid as wrong:
            return shown(typed, who=who, wrong=wrong), 422
        return redirect(address_of("/record", {name: typed[name] for name in typed if name in _FIELDS}), 303)

    def shown(typed: Mapping[str, str], *, who: str = "", wrong: Invalid | None = None) -> str:
        loaded = load(EntryFilterSchema(), typed)
        with room.reading.connect() as connection:
            found = EntrySearch(connection, area()).page(entry_filter(loaded, room), ROWS, before=loaded.get("before"))
            number, head = Record(connection).head()
            anchors = EntrySearch(connection, area()).latest("record_verified", VERIFIED_SHOWN)
        people = {each.by for each in found.rows} | {_person(each.body) for each in [*found.rows, *anchors]}
        names = room.names_of(people | {each.by for each in anchors})
        chosen = room.named(typed.get("by", ""), area())
        kept = {name: value for name, value in typed.items() if name != "before"}
        return render_template(
            "record.html", rows=[] if wrong else [_told(each._mapping, names) for each in found.rows], shown=typed,
            number=number, who=who or (chosen.code if chosen else ""), wrong=wrong, operators=room.operators(),
            head=head, walk=room.verifier.latest, anchors=[_told(each._mapping, names) for each in anchors],
            next=address_of("/record", kept, before=found.next) if found.next and not wrong else None,
            kinds=telling.KINDS, may_export=may(Right.EXPORT) and area().is_district, unit=room.unit(),
        )  # fmt: skip

    @bp.post("/verify")
    @require(Right.RECORD_SEE)
    def verify() -> Response:
        room.verifier.begin(caller())
        return redirect("/record#verified", 303)

    @bp.post("/export")
    @require(Right.EXPORT)
    def export() -> Response:
        """The whole record as JSON lines, for `verify_record.py`: ids and codes, no words of people."""
        if not area().is_district:
            raise NotFound("There is no such page.")
        with room.reading.connect() as connection:
            number, head = Record(connection).head()
        line = Line(kind="record_exported", by=caller(), facts={"entries": number, "head": head})
        room.transactions.run(lambda tx: tx.log(line), lane=Lane.BULK)
        answer = Response(_encoded(room, number), mimetype="application/x-ndjson")
        answer.headers.set("Content-Disposition", "attachment", filename=f"record-{number}-{head[:12]}.jsonl")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return bp


_FIELDS = frozenset(EntryFilterSchema().fields)


def _person(body: str) -> Person:
    """Whom an entry is about; empty for nobody."""
    return Person(str(json.loads(body).get("person") or ""))


def _encoded(room: LogRoom, number: int) -> Iterator[bytes]:
    return (each.encode() for each in lines(room.reading, until=number))


def _told(row: Mapping[Any, Any], names: Mapping[str, str]) -> Plain:
    """An entry as a line: the sentence where its kind has one, else its facts as they stand."""
    facts = json.loads(row["body"])
    person = facts.get("person")
    # A list opens nobody's file: the resident is not named in it.
    named = gettext("the resident") if str(person).startswith("resident:") else names.get(person or "")
    entry = {**row, "facts": facts, "by_name": names.get(row["by"]), "person_name": named}
    has_sentence = row["kind"] in telling.KINDS
    return {
        **entry, "has_sentence": has_sentence, "who": telling.called(row["by"], entry["by_name"], names),
        "text": telling.sentence(entry, names) if has_sentence else gettext("no sentence for it"),
        "plain": ", ".join(f"{key}={value}" for key, value in facts.items()),
    }  # fmt: skip
