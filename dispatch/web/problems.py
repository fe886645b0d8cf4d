"""
Every no of the service on the wire, as data: which refusal is which status and what it is called.

Programs (`/api`, `/hooks`) get `application/problem+json` (RFC 9457), people a page. What the database cannot keep for
now is told as a wait. What nobody foresaw is logged with its trace and answered with 500 and the request's id, which is
all an outsider learns of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, json, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from dispatch.accounts.keys import UnknownKey
from dispatch.accounts.second_step import ProofNeeded, WrongCode
from dispatch.accounts.sign_in import SignInNeeded, TooSoon, WrongPassword
from dispatch.errors import (
    AlarmClosed,
    AlreadyPaired,
    AlreadyTaken,
    Busy,
    Conflict,
    Invalid,
    Misconfigured,
    NotAllowed,
    NotFound,
    OfferGone,
    Refusal,
    Stale,
    Unconditional,
)
from dispatch.scanner import Infected, Unscanned
from dispatch.store.database import is_passing
from dispatch.web.access import PROOF, UNASKABLE
from dispatch.web.forms import came_with_files
from dispatch.web.i18n import N_, gettext

JSON_PATHS = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics")
"""Who asks here is a program; everybody else is a person and gets a page."""

OWN_ASKING = ("/login/code", "/login/enrol", "/login/sealed")
"""Pages that tell a wrong code themselves."""

RETRY_AFTER_S = 2
CSRF = "csrf"
MIME = "application/problem+json"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One kind of no: `slug` is its name on the wire and never changes, `title` is translated."""

    status: int
    slug: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return f"urn:anling:problem:{self.slug}"


_LATER = {"Retry-After": str(RETRY_AFTER_S)}
_BEARER = {"WWW-Authenticate": 'Bearer realm="anling"'}

PROBLEMS: Mapping[type[Refusal], Problem] = {
    NotFound: Problem(status=404, slug="not-found", title=N_("Not found")),
    NotAllowed: Problem(status=403, slug="not-allowed", title=N_("Not allowed")),
    SignInNeeded: Problem(status=401, slug="sign-in-needed", title=N_("Please sign in"), headers=_BEARER),
    UnknownKey: Problem(status=401, slug="unknown-key", title=N_("Unknown key"), headers=_BEARER),
    ProofNeeded: Problem(status=403, slug="proof-needed", title=N_("Please show once more who you are")),
    WrongCode: Problem(status=403, slug="wrong-code", title=N_("Not allowed")),
    WrongPassword: Problem(status=403, slug="wrong-password", title=N_("Not allowed")),
    Conflict: Problem(status=409, slug="conflict", title=N_("No longer possible")),
    AlreadyTaken: Problem(status=409, slug="already-taken", title=N_("Somebody else has it already")),
    OfferGone: Problem(status=409, slug="offer-gone", title=N_("This offer is over")),
    AlarmClosed: Problem(status=409, slug="alarm-closed", title=N_("This alarm is closed")),
    AlreadyPaired: Problem(status=409, slug="already-paired", title=N_("This device is paired already")),
    Stale: Problem(status=412, slug="stale", title=N_("Somebody else has changed this meanwhile")),
    Unconditional: Problem(status=428, slug="version-needed", title=N_("Say which version you change")),
    Invalid: Problem(status=422, slug="invalid", title=N_("Please check what was entered")),
    Infected: Problem(status=422, slug="infected", title=N_("This file is not kept")),
    Unscanned: Problem(status=503, slug="not-scanned", title=N_("This file is not kept"), headers=_LATER),
    Busy: Problem(status=503, slug="busy", title=N_("Busy at the moment"), headers=_LATER),
    TooSoon: Problem(status=429, slug="too-soon", title=N_("Too many attempts")),
    Misconfigured: Problem(status=500, slug="misconfigured", title=N_("The service is set up wrongly")),
}
"""Refusal → how it is told. A refusal that is not here is told as its nearest base."""

HTTP_TITLES: Mapping[int, str] = {
    400: N_("The request could not be understood"),
    401: N_("Please sign in"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("This cannot be done here"),
    409: N_("No longer possible"),
    412: N_("It was changed by somebody else meanwhile"),
    413: N_("Too large"),
    415: N_("This format is not understood"),
    422: N_("Please check what was entered"),
    428: N_("Say which version you are changing"),
    429: N_("Too many attempts"),
    503: N_("Busy at the moment"),
}

BROKEN = Problem(status=500, slug="internal-error", title=N_("Something went wrong on our side"))


def install(app: Flask) -> None:
    """Takes over every refusal, every HTTP error and, at the very last, everything else."""
    app.register_error_handler(Refusal, tell_refusal)
    app.register_error_handler(HTTPException, tell_http)
    app.register_error_handler(Exception, tell_broken)


def tell_refusal(refusal: Exception) -> WerkzeugResponse:
    assert isinstance(refusal, Refusal)
    if isinstance(refusal, SignInNeeded) and not wants_json():
        return _sign_in_first(refusal)
    if isinstance(refusal, ProofNeeded | WrongCode) and not wants_json() and request.path not in OWN_ASKING:
        return _ask_again(wrong=isinstance(refusal, WrongCode))
    problem = problem_of(refusal)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
        log.error("refused_by_settings", detail=refusal.detail)
    errors = refusal.errors if isinstance(refusal, Invalid | Stale) else {}
    headers = {"Retry-After": str(refusal.wait_s)} if isinstance(refusal, TooSoon) else problem.headers
    return _tell(problem, detail=refusal.told(gettext), errors=errors, headers=headers)


def _sign_in_first(refusal: SignInNeeded) -> WerkzeugResponse:
    """
    The way to the page to sign in at. Whoever sent a form after their session had ended reads that it was not kept,
    and what they had typed: nobody finds that out the next morning, or thinks of it all again.
    """
    typed = what_was_typed()
    if not typed:
        return redirect(f"/login{_back()}", 303)
    told = gettext(
        "You were signed out meanwhile, and nothing of this was kept. Sign in again, then enter it once more."
    )
    return _tell(problem_of(refusal), detail=told, typed=typed)


def _ask_again(*, wrong: bool) -> WerkzeugResponse:
    """
    The page that asks for the password or a code. What was typed goes back with the answer to where it was going; of a
    page that was only looked at, the answer goes to `/proof` and from there on.
    """
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in {*PROOF, "csrf_token"}]
    if request.method == "GET":
        typed = [("next", request.full_path.rstrip("?"))]
    action = "/proof" if request.method == "GET" else request.full_path.rstrip("?")
    page = render_template("proof.html", typed=typed, action=action, wrong=wrong, lost=came_with_files())
    return make_response(page, HTTPStatus.FORBIDDEN)


def tell_http(error: Exception) -> WerkzeugResponse:
    assert isinstance(error, HTTPException)
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return _as_response(error)
    said: Mapping[str, Any] = getattr(error, "data", None) or {}
    if _slug(error) == CSRF:
        log.warning("form_refused", rule=str(request.url_rule), method=request.method, site=_site())
    problem = Problem(status=error.code, slug=_slug(error), title=HTTP_TITLES.get(error.code, error.name))
    errors = said.get("errors") or said.get("messages") or {}
    headers = {**_kept_headers(error), **(said.get("headers") or {})}
    typed = what_was_typed() if problem.slug == CSRF else {}
    return _tell(problem, detail=_detail(said, problem), errors=errors, headers=headers, typed=typed)


def tell_broken(error: Exception) -> WerkzeugResponse:
    if is_passing(error):
        # A program that holds the file is nobody's mistake here: whoever asks comes again, as for any other wait.
        log.warning("request_not_kept", rule=str(request.url_rule), method=request.method, why=_why(error))
        return tell_refusal(Busy("Busy at the moment"))
    # The rule and not the path: a path may hold a code that opens a page.
    log.error("request_failed", rule=str(request.url_rule), method=request.method, exc_info=error)
    setattr(g, UNASKABLE, True)
    return _tell(BROKEN, detail=gettext("It has been written down. Please try again, or call the duty desk."))


def _why(error: Exception) -> str:
    """The database's own reason, without the statement: that may hold what somebody typed."""
    return str(getattr(error, "orig", None) or type(error).__name__)[:120]


def problem_of(refusal: Refusal) -> Problem:
    """How a refusal is told: by its own row, else by that of its nearest base."""
    return next((PROBLEMS[kind] for kind in type(refusal).__mro__ if kind in PROBLEMS), BROKEN)


def wants_json() -> bool:
    """Whether a program is asking."""
    return request.path.startswith(JSON_PATHS)


def _tell(
    problem: Problem, *, detail: str, errors: Any = None, headers: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> WerkzeugResponse:  # fmt: skip
    body: dict[str, Any] = {
        "type": problem.type,
        "title": gettext(problem.title),
        "status": problem.status,
        "detail": detail,
        "instance": g.get("request_id", ""),
    }
    if errors:
        body["errors"] = _translated(errors)
    response = _problem_json(body) if wants_json() else _page(body, typed)
    response.headers.extend(dict(headers or {}))
    return response


def _translated(errors: Any) -> Any:
    """The tree of errors with every sentence that has a translation in the caller's language."""
    if isinstance(errors, Mapping):
        return {place: _translated(what) for place, what in errors.items()}
    if isinstance(errors, list):
        return [_translated(what) for what in errors]
    return gettext(errors) if isinstance(errors, str) else errors


def _problem_json(body: Mapping[str, Any]) -> Response:
    return Response(json.dumps(body), body["status"], content_type=MIME)


def _page(body: Mapping[str, Any], typed: Mapping[str, str] | None = None) -> Response:
    return make_response(render_template("error.html", problem=body, typed=typed or {}), body["status"])


NOT_SHOWN = ("password", "token", "secret", "code", "id_number", "version", "was.")
"""What a form says that nobody has to type again, or that stands on no page: by how its name begins or ends."""


def what_was_typed() -> dict[str, str]:
    """
    The texts of a form that came with a page grown too old or after the session had ended, so that nobody has to think
    of them again; of a form of our own page only, and without what is secret.
    """
    if request.headers.get("Sec-Fetch-Site") != "same-origin" or wants_json():
        return {}
    form = [(name, text) for name, text in request.form.items(multi=True) if text.strip()]
    return {name: text for name, text in form if not name.startswith(NOT_SHOWN) and not name.endswith(NOT_SHOWN)}


def _back() -> str:
    """Where to return after signing in: only what was looked at, never the address of something that was done."""
    return f"?next={quote(request.full_path.rstrip('?'))}" if request.method == "GET" and request.path != "/" else ""


def _detail(said: Mapping[str, Any], problem: Problem) -> str:
    """Never the library's own words: they quote what was sent."""
    if problem.slug == CSRF:
        return gettext("This page has become too old. Go back, reload it and try again.")
    return gettext(said.get("message") or problem.title)


def _site() -> str:
    """What the browser says of where the request began; anybody may write that header, so only known words count."""
    said = request.headers.get("Sec-Fetch-Site", "")
    return said if said in {"cross-site", "same-site", "same-origin", "none"} else "unknown"


def _slug(error: HTTPException) -> str:
    """`MethodNotAllowed` → `method-not-allowed`."""
    name = type(error).__name__
    return CSRF if name == "CSRFError" else re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _kept_headers(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name.lower() not in {"content-type"}}


def _as_response(error: HTTPException) -> WerkzeugResponse:
    response = error.get_response()
    assert isinstance(response, WerkzeugResponse)
    return response
