"""
The short way through the web, for the address by which gateways hand in calls for help.

    request ──► plain? its key good? its body right? ──► the view's own work ──► answer
                   └───────── anything else ─────────► the application, which does or refuses it in its own words

The application takes two thirds of a millisecond of processor time around a request that takes as much itself, for
languages, sessions, forms and pages that a machine with a key has no use for (docs/adr/0059). What is refused, and what
fails, is always told by the application: there is one place for that.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol, TypeVar, cast

from flask import Flask, request
from marshmallow import Schema, ValidationError
from structlog.contextvars import bind_contextvars, unbind_contextvars

from dispatch.accounts.keys import Keys
from dispatch.ids import new_id
from dispatch.rules.people import Person

EXPRESS = "anling_express"
"""The attribute of a view that may be reached by the short way."""

_FAILED = "anling.failed"
"""Where the application finds what went wrong on the short way."""

_BEARER = "bearer "
_JSON = "application/json"

Plain = dict[str, Any]
Environ = dict[str, Any]
View = TypeVar("View", bound=Callable[..., Any])


class Work(Protocol):
    """What a view does, by whichever way it was reached."""

    def __call__(
        self, said: Plain, by: Person, speaks_for: Callable[[str], bool], /
    ) -> tuple[Plain, Callable[[], None]]:
        """
        Does what was said, as its schema loads it, for this machine, and asks for which gateways it may speak.

        The answer, ready to be written as JSON, and what is to be done once it is sent.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Express:
    """What the short way needs of a view: what it reads, which scope a key must have, what it does."""

    schema: Schema
    scope: str
    work: Work


def by_express(express: Express) -> Callable[[View], View]:
    """A view that machines also reach by the short way; it raises there what failed on it (`refuse_failed`)."""

    def mark(view: View) -> View:
        setattr(view, EXPRESS, express)
        return view

    return mark


def refuse_failed() -> None:
    """Raises what went wrong with this request on the short way, so that the application tells it."""
    failed = request.environ.get(_FAILED)
    if failed is not None:
        raise failed


def install(app: Flask, keys: Keys, headers: Mapping[str, str]) -> None:
    """Lays the short way before the application; `headers` are what every answer says about itself."""
    found = {
        rule.rule: express
        for rule in app.url_map.iter_rules()
        if (express := getattr(app.view_functions[rule.endpoint], EXPRESS, None)) is not None
    }
    whole = app.wsgi_app
    way = _Way(found, keys, list(headers.items()), most=app.config["MAX_CONTENT_LENGTH"])

    def short(environ: Environ, start_response: Callable[..., Any]) -> Any:
        try:
            answer = way.answer(environ, start_response)
        except _Failed as failed:
            environ[_FAILED] = failed.__cause__
            answer = None
        return whole(environ, start_response) if answer is None else answer

    app.wsgi_app = short  # type: ignore[method-assign]


class _Failed(Exception):
    """The work went wrong: its cause is told by the application."""


class _Answer:
    """The one piece of an answer, and what is to be done once it is sent (PEP 3333, close)."""

    def __init__(self, body: bytes, sent: Callable[[], None]) -> None:
        self._body = body
        self.close = sent

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def __len__(self) -> int:
        return 1


class _Way:
    """Answers what is plain and right; None for everything else, with its body still to be read."""

    def __init__(
        self, views: Mapping[str, Express], keys: Keys, headers: list[tuple[str, str]], *, most: int
    ) -> None:  # fmt: skip
        self._views = views
        self._keys = keys
        self._headers = headers
        self._most = most

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> _Answer | None:
        """Raises `_Failed` where the work did."""
        view = self._views.get(environ["PATH_INFO"])
        if view is None or environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
            return None
        presented = environ.get("HTTP_AUTHORIZATION", "")
        key = self._keys.look(presented[7:].strip(), view.scope) if presented[:7].lower() == _BEARER else None
        body = None if key is None else self._body(environ)
        said = None if body is None else _loaded(view.schema, body)
        if key is None or said is None:
            return None
        id_ = new_id()
        bind_contextvars(request_id=id_)
        try:
            told, sent = view.work(said, Person(f"key:{key.prefix}"), lambda name: self._keys.speaks_for(key, name))
        except Exception as error:
            raise _Failed from error
        finally:
            unbind_contextvars("request_id")
        written = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        start_response("200 OK", [
            ("Content-Type", _JSON), ("Content-Length", str(len(written))), *self._headers, ("X-Request-Id", id_),
        ])  # fmt: skip
        return _Answer(written, sent)

    def _body(self, environ: Environ) -> bytes | None:
        """The whole body, which can be read again; None where it is no JSON of a size that we take."""
        length = environ.get("CONTENT_LENGTH") or ""
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != _JSON or not (length.isascii() and length.isdigit()) or int(length) > self._most:
            return None
        body = cast(bytes, environ["wsgi.input"].read(int(length)))
        environ["wsgi.input"] = BytesIO(body)
        return body


def _loaded(schema: Schema, body: bytes) -> Plain | None:
    try:
        return cast(Plain, schema.load(json.loads(body.decode())))
    except (ValueError, RecursionError, ValidationError):
        return None
