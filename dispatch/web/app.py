"""
The web put together: who may call, in which language, how errors are told, what every answer says about itself.

A blueprint is what its address says. A flask-smorest blueprint is part of the API and gets `/api/v1` in front; one
below `/hooks` belongs to a provider, needs no login and no CSRF token, and answers problems as JSON; every other one is
pages.
"""

from collections.abc import Sequence

import structlog
from flask import Blueprint, Flask, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]

from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.ids import new_id
from dispatch.privacy.reads import Reads
from dispatch.rules.dialling import as_dialled
from dispatch.web import access, express, headers, i18n, problems
from dispatch.web.access import HOOKS, Gate, has_bearer, whoever
from dispatch.web.account import account_blueprints
from dispatch.web.addresses import LateRule
from dispatch.web.api import PREFIX, ApiBlueprint, docs_blueprint, make_api
from dispatch.web.forms import Scan, asked_with
from dispatch.web.health import Health, health_blueprint
from dispatch.web.i18n import chosen_lang, read_texts
from dispatch.web.look import SIZES, THEMES, look_of
from dispatch.web.nav import groups
from dispatch.web.options import COOKIE, LANG_COOKIE, LOOK_COOKIE, WebOptions
from dispatch.web.sizes import LARGEST

BODY_MAX = 1024 * 1024
"""Bytes of a request. Registers in Excel come by the command line or set a limit of their own."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OWN_SITE = frozenset({"same-origin", "none", ""})
"""What a browser says of a request that began with us, or at the address bar; "" is an older browser or a program."""


def create_app(
    blueprints: Sequence[Blueprint],
    *,
    sign_in: SignIn,
    keys: Keys,
    options: WebOptions,
    health: Health,
    reads: Reads | None = None,
    scan: Scan | None = None,
) -> Flask:
    """
    The application, ready to be served; `scan` looks through the files that people bring.

    Raises:
        AssertionError: a view does not say who may call it.
    """
    app = Flask(__name__)
    app.request_class = asked_with(scan)
    app.url_rule_class = LateRule
    gate = Gate(sign_in=sign_in, keys=keys, reads=reads or Reads(sign_in.transactions, sign_in.clock))
    _configure(app, options)
    access.install(app, gate)
    i18n.install(app)
    _begin_requests(app, gate, options)
    _guard_forms(app)
    _register(app, [*blueprints, *account_blueprints(sign_in, keys, options), health_blueprint(health)])
    problems.install(app)
    headers.install(app, options)
    express.install(app, keys, {**headers.of_every_answer(options), "Cache-Control": "no-store"})
    missing = access.unmarked(app)
    assert not missing, f"who may call {missing}? See dispatch/web/access.py"
    return app


def _configure(app: Flask, options: WebOptions) -> None:
    app.config.update(
        SECRET_KEY=options.secret_key,
        MAX_CONTENT_LENGTH=BODY_MAX,
        SESSION_COOKIE_NAME=options.cookie(COOKIE),
        SESSION_COOKIE_SECURE=options.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # A board lies open for a whole watch: its token lives as long as its session.
        WTF_CSRF_TIME_LIMIT=None,
        # The library looks for a Referer, which we tell browsers not to send; `_is_ours` looks at Sec-Fetch-Site.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    # Flask would redirect to an address built from the request's Host.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.filters.update(as_dialled=as_dialled)
    app.jinja_env.globals.update(
        options=options, operator=whoever, groups=groups, may=access.may, themes=THEMES, sizes=SIZES
    )


def _begin_requests(app: Flask, gate: Gate, options: WebOptions) -> None:
    texts = read_texts()

    @app.before_request
    def begin() -> None:
        g.request_id = new_id()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        g.gate = gate
        g.look = look_of(request.cookies.get(options.cookie(LOOK_COOKIE)))
        # Before the operator is known: reading the session may fail, and that too is told in some language.
        g.words = i18n.words(lang=_lang(options, None), texts=texts)
        if request.cookies.get(options.cookie(LANG_COOKIE)) is None and not request.path.startswith(headers.STATIC):
            operator = whoever()
            g.words = i18n.words(lang=_lang(options, operator.lang if operator else None), texts=texts)

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")


def _lang(options: WebOptions, operators: str | None) -> str:
    chosen = request.cookies.get(options.cookie(LANG_COOKIE))
    return chosen_lang([chosen, operators], request.accept_languages, options.lang)


def _guard_forms(app: Flask) -> None:
    """Everything that changes something shows a token of its session, unless no browser can be tricked into it."""
    csrf = CSRFProtect(app)

    @app.before_request
    def guard() -> None:
        if request.method in SAFE_METHODS or _needs_no_token():
            return
        if not _is_ours():
            raise CSRFError("The request came from another site.")
        largest = getattr(app.view_functions.get(request.endpoint or ""), LARGEST, None)
        if largest is not None:
            request.max_content_length = largest
        if not access.is_by_code(app, request.endpoint):
            csrf.protect()


def _needs_no_token() -> bool:
    """Providers sign; keys and strangers at the API carry no cookie that a foreign page could ride on."""
    if request.path.startswith(f"{HOOKS}/"):
        return True
    return request.path.startswith(f"{PREFIX}/") and (has_bearer(request) or "_user_id" not in session)


def _is_ours() -> bool:
    return request.headers.get("Sec-Fetch-Site", "") in OWN_SITE


def _register(app: Flask, blueprints: Sequence[Blueprint]) -> None:
    api = make_api(app)
    for blueprint in blueprints:
        if isinstance(blueprint, ApiBlueprint):
            api.register_blueprint(blueprint, url_prefix=PREFIX + (blueprint.url_prefix or ""))
        else:
            app.register_blueprint(blueprint)
    app.register_blueprint(docs_blueprint(api))
