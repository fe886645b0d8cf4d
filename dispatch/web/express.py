"""
The short way through the web, for what machines say most: signals of gateways, and what providers call.

    request ──► plain? from whom it says? right? ──► the view's own work ──► answer
                   └───────── anything else ─────────► the application, which does or refuses it in its own words

The application takes two thirds of a millisecond of processor time around a request that takes as much itself, for
languages, sessions, forms and pages that a machine has no use for (docs/adr/0059). What is refused, and what fails, is
always told by the application: there is one place for that.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
Sent = Callable[[], None]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and what is to be done once it is sent."""

    status: str
    content_type: str
    body: bytes
    sent: Sent


class Express(Protocol):
    """The short way to one view."""

    def paths(self, rule: str) -> Sequence[str]:
        """The addresses of this view, letter by letter."""
        ...

    def answer(self, environ: Environ, keys: Keys, most: int) -> Told | None:
        """
        What is answered to a POST without a query that a view of this address would answer with the same; None, and the
        body still to be read, where the application is to see to it. Bodies are of `most` bytes.

        Raises:
            Failed: the work was begun and went wrong; its cause is told by the application.
        """
        ...


class Failed(Exception):
    """The work went wrong: its cause is told by the application."""


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
    ways: dict[str, Express] = {}
    for rule in app.url_map.iter_rules():
        express: Express | None = getattr(app.view_functions[rule.endpoint], EXPRESS, None)
        ways |= {} if express is None else dict.fromkeys(express.paths(rule.rule), express)
    whole, most, dressed = app.wsgi_app, app.config["MAX_CONTENT_LENGTH"], list(headers.items())

    def short(environ: Environ, start_response: Callable[..., Any]) -> Any:
        express = ways.get(environ["PATH_INFO"])
        if express is None or environ["REQUEST_METHOD"] != "POST":
            return whole(environ, start_response)
        id_ = new_id()
        bind_contextvars(request_id=id_)
        try:
            told = express.answer(environ, keys, most)
        except Failed as failed:
            environ[_FAILED], told = failed.__cause__, None
        finally:
            unbind_contextvars("request_id")
        if told is None:
            return whole(environ, start_response)
        return _answered(told, [*dressed, ("X-Request-Id", id_)], start_response)

    app.wsgi_app = short  # type: ignore[method-assign]


def _answered(told: Told, headers: list[tuple[str, str]], start_response: Callable[..., Any]) -> "_Answer":
    length = [] if told.status.startswith("204") else [("Content-Length", str(len(told.body)))]
    start_response(told.status, [("Content-Type", told.content_type), *length, *headers])
    return _Answer(told.body, told.sent)


class _Answer:
    """The one piece of an answer, and what is to be done once it is sent (PEP 3333, close)."""

    def __init__(self, body: bytes, sent: Sent) -> None:
        self._body = body
        self.close = sent

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def __len__(self) -> int:
        return 1


def body_of(environ: Environ, most: int) -> bytes | None:
    """The whole body, which can be read again; None where nobody says how long it is, or it is longer than `most`."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()) or int(length) > most:
        return None
    body = cast(bytes, environ["wsgi.input"].read(int(length)))
    environ["wsgi.input"] = BytesIO(body)
    return body


# ------------------------------------------------------------------------------------------- with a key, in JSON


class Work(Protocol):
    """What a view does, by whichever way it was reached."""

    def __call__(
        self, said: Plain, by: Person, speaks_for: Callable[[str], bool], /
    ) -> tuple[Plain, Sent]:  # fmt: skip
        """
        Does what was said, as its schema loads it, for this machine, and asks for which gateways it may speak.

        The answer, ready to be written as JSON, and what is to be done once it is sent.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ByKey:
    """
    The short way of machines with a key: what is read, which scope the key must have, what is done.

    `quick` loads what is plain and right as the schema would, and leaves everything else to it (None).
    """

    schema: Schema
    quick: Callable[[Any], Plain | None]
    scope: str
    work: Work

    def paths(self, rule: str) -> Sequence[str]:
        return [rule]

    def answer(self, environ: Environ, keys: Keys, most: int) -> Told | None:
        presented = environ.get("HTTP_AUTHORIZATION", "")
        if environ.get("QUERY_STRING") or presented[:7].lower() != _BEARER or not _is_json(environ):
            return None
        key = keys.look(presented[7:].strip(), self.scope)
        body = None if key is None else body_of(environ, most)
        said = None if body is None else self._loaded(body)
        if key is None or said is None:
            return None
        try:
            told, sent = self.work(said, Person(f"key:{key.prefix}"), lambda name: keys.speaks_for(key, name))
        except Exception as error:
            raise Failed from error
        # As the application writes it.
        written = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        return Told("200 OK", _JSON, written, sent)

    def _loaded(self, body: bytes) -> Plain | None:
        try:
            said = json.loads(body.decode())
            return self.quick(said) or cast(Plain, self.schema.load(said))
        except (ValueError, RecursionError, ValidationError):
            return None


def _is_json(environ: Environ) -> bool:
    kind: str = environ.get("CONTENT_TYPE", "")
    return kind.partition(";")[0].strip().lower() == _JSON
