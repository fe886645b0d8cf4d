"""
The programs' side, `/api/v1`: one flask-smorest `Api`, its errors as problem+json, its document and its offline page.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from json import JSONDecodeError
from threading import Lock
from typing import Any, cast

from flask import Blueprint as PagesBlueprint
from flask import Flask, Request, current_app, jsonify, render_template
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from flask_smorest.utils import resolve_schema_instance  # type: ignore[import-untyped]
from marshmallow import Schema, fields
from webargs.flaskparser import FlaskParser

from dispatch.web.access import public
from dispatch.web.describing import describe, parameters, refuse_strange
from dispatch.web.problems import MIME

PREFIX = "/api/v1"

__all__ = ["PREFIX", "AnlingApi", "ApiBlueprint", "docs_blueprint"]

SETTINGS = {
    "API_TITLE": "anling 安铃",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": None,  # served by ourselves below, without assets of foreign hosts
}


class ProblemSchema(Schema):
    """What every no looks like (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "urn:anling:problem:<slug>; never changes"})
    title = fields.String(required=True, metadata={"description": "In the caller's language"})
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"description": "The request's id, as in X-Request-Id"})
    errors = fields.Dict(metadata={"description": "Place in the request to what is wrong there"})


class _Arguments(FlaskParser):
    """What is nested without end is no JSON, and no failure of ours."""

    def _raw_load_json(self, req: Request) -> Any:
        try:
            return super()._raw_load_json(req)
        except RecursionError:
            raise JSONDecodeError("nested too deeply", "[", 0) from None


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """flask-smorest's, described when somebody asks for the description: a start would wait 0.4 s for it each time."""

    ARGUMENTS_PARSER = _Arguments()
    PAGINATION_HEADER_NAME = None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._undescribed: list[Callable[[], None]] = []
        super().__init__(*args, **options)

    def arguments(self, schema: Any, **options: Any) -> Any:
        return super().arguments(_shared(schema), **options)

    def response(self, status_code: Any, schema: Any = None, **options: Any) -> Any:
        return super().response(status_code, _instance(schema), **options)

    def alt_response(self, status_code: Any, *args: Any, schema: Any = None, **options: Any) -> Any:
        return super().alt_response(status_code, *args, schema=_instance(schema), **options)

    def _store_endpoint_docs(self, *where: Any, **how: Any) -> None:
        # Put together for nobody but the description.
        store = super()._store_endpoint_docs
        self._undescribed.append(lambda: store(*where, **how))

    def register_views_in_doc(self, api: "AnlingApi", *where: Any, **how: Any) -> None:
        describe_views = super().register_views_in_doc

        def describe() -> None:
            while self._undescribed:
                self._undescribed.pop(0)()
            describe_views(api, *where, **how)

        api.later(describe)


def _instance(schema: Any) -> Any:
    """An instance of this schema, the same one for every answer of its class: to make one takes half a millisecond."""
    return _one_of(schema) if isinstance(schema, type) else _shared(resolve_schema_instance(schema))


@cache
def _one_of(schema: type) -> Any:
    return _shared(resolve_schema_instance(schema))


def _shared(schema: Any) -> Any:
    """
    An instance of a schema is its own copy from now on. The library copies what it has noted about a function each time
    it notes something more, and with it every schema and all its fields; none is ever changed.
    """
    if isinstance(schema, Schema):
        schema.__deepcopy__ = lambda _: schema  # type: ignore[attr-defined]
    return schema


class AnlingApi(Api):  # type: ignore[misc]
    """flask-smorest, but telling and documenting errors as they are, and documenting nothing before it is asked."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        self._later: list[Callable[[], None]] = []
        self._describing = Lock()
        super().__init__(app)

    def later(self, describe_views: Callable[[], None]) -> None:
        """Keeps a part of the description for when it is asked for."""
        self._later.append(describe_views)

    def described(self) -> dict[str, Any]:
        """All that was kept, described; whoever comes first does it, in the order in which it was kept."""
        with self._describing:
            while self._later:
                self._later.pop(0)()
            return cast(dict[str, Any], deepcopy(self.spec.to_dict()))

    def _register_responses(self) -> None:
        self.later(self._describe_errors)

    def _describe_errors(self) -> None:
        # The library documents errors with the content type of answers; for these lines it is told the right one.
        self.DEFAULT_RESPONSE_CONTENT_TYPE = MIME
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def _register_error_handlers(self) -> None:
        """None: the library would take over errors of pages as well; `problems` tells all of them."""


def make_api(app: Flask) -> AnlingApi:
    """The `Api` of this application, with the two ways of showing who one is."""
    app.config.update(SETTINGS)
    api = AnlingApi(app)
    schemes = api.spec.components
    schemes.security_scheme("key", {"type": "http", "scheme": "bearer", "description": "al_<prefix>.<secret>"})
    schemes.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]})
    return api


def document_of(app: Flask, api: AnlingApi) -> dict[str, Any]:
    """The whole document, complete."""
    return describe(app, api.described())


def docs_blueprint(api: AnlingApi) -> PagesBlueprint:
    """`openapi.json` and `docs` below `/api/v1`. Both say nothing but what the source says."""
    bp = PagesBlueprint("docs", __name__, url_prefix=PREFIX)
    kept: dict[str, Any] = {}
    asked: dict[tuple[str, str], frozenset[str]] = {}

    def document() -> dict[str, Any]:
        if not kept:
            kept.update(document_of(current_app, api))
        return kept

    def known() -> dict[tuple[str, str], frozenset[str]]:
        if not asked:
            asked.update(parameters(document()))
        return asked

    bp.record_once(lambda state: refuse_strange(cast(Flask, state.app), known))

    @bp.get("/openapi.json")
    @public
    def openapi() -> Any:
        return jsonify(document())

    @bp.get("/docs")
    @public
    def docs() -> str:
        return render_template("docs.html", document=f"{PREFIX}/openapi.json")

    return bp
