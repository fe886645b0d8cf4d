# mypy: disable-error-code="untyped-decorator"
"""
Lists in and out: `/import` for people, `/api/v1/imports` and `/api/v1/exports/{kind}` for programs.

A file is shown before it is written: what each column is taken for, every bad row with its cell, reason and cure. Only
a list without a mistake is written, whole, and can be taken back for a day.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import wraps
from typing import Any, Protocol

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_smorest.fields import Upload  # type: ignore[import-untyped]
from jinja2 import Environment
from marshmallow import RAISE, Schema, fields, validate
from werkzeug.wrappers import Response as Answer

from dispatch.errors import Conflict, Invalid, NotAllowed
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, has_bearer, may, need_proof, recently, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import N_, gettext
from dispatch.web.once import Once
from dispatch.web.registers import in_pages
from dispatch.web.schemas import FILE, ListSchema, PageSchema, Text, Wire
from dispatch.web.sizes import LARGEST

SCOPE = "import"
"""The scope of keys that may import and export lists."""

FILE_MAX = 21 * 1024 * 1024
"""Bytes of a request with a file: 20 MB and what stands around them."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Plain = dict[str, Any]

KINDS: Mapping[str, str] = {
    "residents": N_("Residents"),
    "carers": N_("Carers"),
    "devices": N_("Devices"),
    "shifts": N_("Shifts"),
    "canteens": N_("Canteens"),
}


class Lists(Protocol):
    """Who does it, with plain values; `config.lists` does."""

    def upload(self, content: bytes, name: str, *, by: Person) -> str: ...

    def look(
        self, token: str, *, kind: str, columns: Mapping[str, str], datum: str, by: Person, area: Area
    ) -> Plain: ...

    def commit(
        self, token: str, *, kind: str, columns: Mapping[str, str], datum: str, seal: str | None, by: Person, area: Area
    ) -> Plain: ...

    def undo(self, id_: str, *, by: Person, area: Area) -> int: ...

    def forget(self, token: str) -> None: ...

    def imports(self, *, by: Person, area: Area) -> Sequence[Plain]: ...

    def fields(self, kind: str) -> Mapping[str, str]: ...

    def export(self, kind: str, form: str, *, full: bool, reason: str, by: Person, area: Area) -> bytes: ...


class FileSchema(Schema):
    """The file, as a form sends it."""

    file = Upload(required=True)


class AboutSchema(Wire):
    """What the file is. `columns` names the field of a head that the table does not know (`-` leaves it aside)."""

    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    columns = fields.Dict(keys=Text(), values=Text(), load_default=dict, validate=validate.Length(max=100))
    datum = fields.String(load_default="wgs84", validate=validate.OneOf(["wgs84", "gcj02"]))


class CommitSchema(AboutSchema):
    """The same again; with the preview's `seal` it is refused (409) where the registers have changed since."""

    seal = Text(64)


class TokenSchema(Schema):
    """What finds the file again, for an hour."""

    token = fields.String(required=True)


class PreviewSchema(Schema):
    """What the file would do, and what is wrong with it."""

    token = fields.String(required=True)
    seal = fields.String(required=True)
    file = fields.String(required=True)
    kind = fields.String(required=True)
    datum = fields.String(required=True)
    sheet = fields.String(required=True)
    others = fields.List(fields.String(), required=True)
    head = fields.Integer(required=True)
    rows = fields.Integer(required=True)
    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    ready = fields.Boolean(required=True)
    columns = fields.Dict(required=True)
    strange = fields.List(fields.String(), required=True, data_key="unknown", attribute="unknown")
    missing = fields.List(fields.String(), required=True)
    ambiguous = fields.Dict(required=True)
    problems_total = fields.Integer(required=True)
    problems = fields.List(fields.Dict(), required=True)


class ImportSchema(Schema):
    """One import."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    file = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    rows = fields.Integer(required=True)
    changes = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["begun", "done", "undone"]))


class ImportPageSchema(PageSchema):
    """The imports of the last day."""

    items = fields.List(fields.Nested(ImportSchema), required=True)


class StayedSchema(Schema):
    """How many rows stayed, because they were changed since, or something depends on them."""

    stayed = fields.Integer(required=True)


class ListExportSchema(Wire):
    """As which kind of file; whole only with a reason."""

    format = fields.String(load_default="xlsx", validate=validate.OneOf(["xlsx", "csv"]))
    reason = Text(500)


def lists_api(lists: Lists, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/imports` and `/api/v1/exports/{kind}`."""
    bp = ApiBlueprint("lists", __name__, description="Registers out of Excel and into it")
    once = Once(transactions)

    @bp.post("/imports/files")
    @either(SCOPE, Right.IMPORT)
    @_large
    @once
    @bp.arguments(FileSchema, location="files", content_type="multipart/form-data", unknown=RAISE)
    @bp.response(201, TokenSchema)
    def uploaded(wanted: Plain) -> Plain:
        """Hand in a file (xlsx, xls, ods, csv); it is kept for an hour"""
        return {"token": lists.upload(wanted["file"].read(), wanted["file"].filename or "", by=caller())}

    @bp.post("/imports/files/<token>/preview")
    @either(SCOPE, Right.IMPORT)
    @bp.arguments(AboutSchema)
    @bp.response(200, PreviewSchema)
    def previewed(wanted: Plain, token: str) -> Plain:
        """What the file would do; nothing is written"""
        return lists.look(token, **wanted, by=caller(), area=area())

    @bp.post("/imports/files/<token>/commit")
    @either(SCOPE, Right.IMPORT)
    @recently
    @once
    @bp.arguments(CommitSchema)
    @bp.response(201, ImportSchema)
    def committed(wanted: Plain, token: str) -> Plain:
        """Write it, all or nothing"""
        return lists.commit(token, **{"seal": None, **wanted}, by=caller(), area=area())

    @bp.delete("/imports/files/<token>")
    @either(SCOPE, Right.IMPORT)
    @bp.response(204)
    def dropped(token: str) -> None:
        """Delete an uploaded file at once"""
        lists.forget(token)

    @bp.get("/imports")
    @either(SCOPE, Right.IMPORT)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, ImportPageSchema)
    def listed(wanted: Plain) -> Any:
        """The imports of the last day, which can be taken back"""
        return in_pages(lists.imports(by=caller(), area=area()), wanted)

    @bp.post("/imports/<import_id>/undo")
    @either(SCOPE, Right.IMPORT)
    @once
    @bp.response(200, StayedSchema)
    def undone(import_id: str) -> Plain:
        """Take an import back"""
        return {"stayed": lists.undo(import_id, by=caller(), area=area())}

    @bp.get("/exports/<any(residents, carers, devices, shifts, canteens):kind>")
    @either(SCOPE, Right.EXPORT)
    @bp.arguments(ListExportSchema, location="query", unknown=RAISE)
    @bp.response(200, FILE, content_type=XLSX)
    @bp.alt_response(200, schema=FILE, content_type="text/csv")
    def exported(wanted: Plain, kind: str) -> Response:
        """A register as a list, masked unless there is a reason"""
        return _file(lists, kind, wanted["format"], wanted.get("reason", ""))

    return bp


def list_pages(lists: Lists, *, zone: tzinfo) -> Blueprint:
    """`/import`. `zone` is the district's."""
    bp = Blueprint("list_pages", __name__)
    bp.record_once(lambda state: _teach(state.app.jinja_env, zone))

    @bp.get("/import")
    @require(Right.IMPORT)
    def all_() -> str:
        return _start(lists)

    @bp.post("/import")
    @require(Right.IMPORT)
    @_large
    def upload() -> Any:
        file, kind = request.files.get("file"), request.form.get("kind", "")
        if file is None or not file.filename or kind not in KINDS:
            return _start(lists, wrong="Please choose a list and a file.", kind=kind), 422
        try:
            token = lists.upload(file.read(), file.filename, by=caller())
        except Invalid as wrong:
            return _start(lists, wrong=wrong.detail, kind=kind), 422
        return redirect(f"/import/{token}?kind={kind}", 303)

    @bp.get("/import/<token>")
    @require(Right.IMPORT)
    def look(token: str) -> Any:
        try:
            seen = lists.look(token, **_said(request.args), by=caller(), area=area())
        except Invalid as wrong:
            return _start(lists, wrong=wrong.detail, kind=request.args.get("kind", "")), 422
        return render_template("import.html", seen=seen, fields=lists.fields(seen["kind"]), KINDS=KINDS, wrong="")

    @bp.post("/import/<token>")
    @require(Right.IMPORT)
    @recently
    def commit(token: str) -> Any:
        said = _said(request.form)
        try:
            done = lists.commit(token, **said, seal=request.form.get("seal"), by=caller(), area=area())
        except (Invalid, Conflict) as refused:
            seen = lists.look(token, **said, by=caller(), area=area())
            page = render_template(
                "import.html", seen=seen, fields=lists.fields(seen["kind"]), KINDS=KINDS, wrong=refused.detail
            )
            return page, 409 if isinstance(refused, Conflict) else 422
        flash(gettext("Rows read: %(rows)s. Things written: %(n)s.", rows=done["rows"], n=done["changes"]))
        return redirect("/import", 303)

    @bp.post("/import/<token>/forget")
    @require(Right.IMPORT)
    def forget(token: str) -> Answer:
        lists.forget(token)
        return redirect("/import", 303)

    @bp.post("/import/undo/<import_id>")
    @require(Right.IMPORT)
    def undo(import_id: str) -> Answer:
        stayed = lists.undo(import_id, by=caller(), area=area())
        flash(gettext("Taken back. Rows that stayed, because they are in use or were changed since: %(n)s.", n=stayed))
        return redirect("/import", 303)

    @bp.post("/export/<any(residents, carers, devices, shifts, canteens):kind>")
    @require(Right.EXPORT)
    def export(kind: str) -> Answer:
        return _file(lists, kind, request.form.get("format", "xlsx"), request.form.get("reason", ""))

    return bp


def _start(lists: Lists, *, wrong: str = "", kind: str = "") -> str:
    rows = lists.imports(by=caller(), area=area())
    return render_template("imports.html", rows=rows, KINDS=KINDS, wrong=wrong, kind=kind, whole=may(Right.UNMASK))


def _said(form: Any) -> Plain:
    """What a form says of a file: `column:<head>` for each head that somebody has chosen a field for."""
    columns = {
        name.removeprefix("column:"): value for name, value in form.items() if name.startswith("column:") and value
    }
    datum = form.get("datum", "wgs84")
    return {"kind": form.get("kind", ""), "columns": columns, "datum": datum}


def _file(lists: Lists, kind: str, form: str, reason: str) -> Response:
    full = bool(reason.strip())
    if full and not has_bearer(request) and not may(Right.UNMASK):
        raise NotAllowed("Your account may not do this.")
    if full:
        need_proof()
    content = lists.export(kind, form, full=full, reason=reason, by=caller(), area=area())
    answer = make_response(content)
    answer.content_type = "text/csv; charset=utf-8" if form == "csv" else XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind}.{form}"'
    return answer


def _large(view: Callable[..., Any]) -> Callable[..., Any]:
    """This view may be sent a file."""

    @wraps(view)
    def allowed(*arguments: Any, **values: Any) -> Any:
        request.max_content_length = FILE_MAX
        return view(*arguments, **values)

    # The token of the form is in the same body, and is looked at first.
    setattr(allowed, LARGEST, FILE_MAX)
    return allowed


def _teach(pages: Environment, zone: tzinfo) -> None:
    pages.filters.update(
        import_time=lambda iso: datetime.fromisoformat(iso).astimezone(zone).strftime("%m-%d %H:%M"),
    )
