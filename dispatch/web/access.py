"""
Who may call a view: a mark above every one of them, and nobody by accident.

    @bp.get("/board")                  @bp.route("/alarms")                           @bp.get("/login")
    @require(Right.ALARMS_SEE)         @either("alarms:read", Right.ALARMS_SEE)       @public
    def board(): …                     def alarms(): …                                def login(): …

The mark stands directly below the route, above what reads the arguments: a stranger learns nothing from a 422.
`create_app` refuses to start while a view has none; provider hooks
(`/hooks/…`) are free of it, because the provider's signature is checked before anything else.

A session never speaks for a request that also brings a key, and a key never for a page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

import structlog
from flask import Flask, Request, g, request, session
from flask_login import (  # type: ignore[import-untyped]
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)

from dispatch.accounts.keys import Keys
from dispatch.accounts.second_step import ProofNeeded, SecondStep
from dispatch.accounts.sign_in import Grant, SignIn, SignInNeeded
from dispatch.errors import NotAllowed, NotFound
from dispatch.privacy.reads import Reads
from dispatch.rules import people
from dispatch.rules.people import Person
from dispatch.rules.rights import DISTRICT, WHOLE, Area, Right
from dispatch.store.accounts import Key, Operator

ACCESS = "anling_access"
"""The attribute that marks a view: public, code, right:<right>, key:<scope>, or right:<right> or key:<scope>."""

CODE = "code"

HOOKS = "/hooks"

UNASKABLE = "unaskable"
"""Set on a request whose error page must not ask the database once more."""

log = structlog.get_logger()

View = TypeVar("View", bound=Callable[..., Any])


class Visitor(UserMixin):  # type: ignore[misc]
    """Whoever is signed in, as Flask-Login wants to see them: their id is the session's token."""

    def __init__(self, operator: Operator, token: str) -> None:
        self.operator = operator
        self._token = token

    def get_id(self) -> str:
        return self._token


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is asked about sessions and keys; `create_app` puts it on every request."""

    sign_in: SignIn
    keys: Keys
    reads: Reads

    @property
    def second_step(self) -> SecondStep:
        return SecondStep(self.sign_in)


# ------------------------------------------------------------------------------------------------ the marks


def public(view: View) -> View:
    """Anybody may call this."""
    setattr(view, ACCESS, "public")
    return view


def by_code(view: View) -> View:
    """
    Whoever holds the code in the address; the view itself looks whether it opens anything. Its forms carry a token of
    that code instead of one of a session, so that a phone without cookies can press.
    """
    setattr(view, ACCESS, CODE)
    return view


def is_by_code(app: Flask, endpoint: str | None) -> bool:
    """Whether this endpoint is opened by a code in its address."""
    return endpoint is not None and getattr(app.view_functions.get(endpoint), ACCESS, "") == CODE


def require(right: Right) -> Callable[[View], View]:
    """Only somebody signed in whose roles allow this; others with an account get 403, strangers are sent to sign in."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **values: Any) -> Any:
            _check_right(right)
            return view(*arguments, **values)

        return _marked(cast(View, guarded), f"right:{right}")

    return guard


def require_key(scope: str) -> Callable[[View], View]:
    """Only a machine whose key allows `scope`."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **values: Any) -> Any:
            _check_key(scope)
            return view(*arguments, **values)

        return _marked(cast(View, guarded), f"key:{scope}")

    return guard


def either(scope: str, right: Right) -> Callable[[View], View]:
    """Somebody signed in whose roles allow `right`, or a machine whose key allows `scope`."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **values: Any) -> Any:
            if has_bearer(request):
                _check_key(scope)
            else:
                _check_right(right)
            return view(*arguments, **values)

        return _marked(cast(View, guarded), f"right:{right} or key:{scope}")

    return guard


def recently(view: View) -> View:
    """
    Only for whoever showed who they are within the last ten minutes; stands below `require` or `either`.

    On a page anybody else is asked for their password or a code, and what they had typed goes on from there: a form
    comes back with `proof_password` or `proof_code` beside what it held. A program gets 403 and posts to
    `/api/v1/account/proof`. A machine's key is its own proof.
    """

    @wraps(view)
    def guarded(*arguments: Any, **values: Any) -> Any:
        need_proof()
        return view(*arguments, **values)

    setattr(guarded, RECENTLY, True)
    return cast(View, guarded)


def whole_district(view: View) -> View:
    """
    Only for whoever works for the whole district, and for keys; stands below `require` or `either`. To people of some
    stations it is not there (404).
    """

    @wraps(view)
    def guarded(*arguments: Any, **values: Any) -> Any:
        refuse_narrow()
        return view(*arguments, **values)

    return cast(View, guarded)


RECENTLY = "anling_recently"
"""The attribute that marks a view which asks for a fresh proof."""

PROOF = ("proof_password", "proof_code")

HALF = "half"
"""Where a browser keeps the token of a half session."""

_QUIET = frozenset({"stream.stream", "stream.events", "stream.present", "board.live", "phones.live"})
"""What a page asks for by itself: no sign that anybody is there."""


# ------------------------------------------------------------------------------------------------ who it is


def signed_in() -> Operator:
    """
    The operator of this request.

    Raises:
        SignInNeeded: nobody is signed in, or the session is over.
    """
    operator = whoever()
    if operator is None:
        raise SignInNeeded("Please sign in.")
    return operator


def area() -> Area:
    """What this request's person works for; a machine's key is the whole district's."""
    return DISTRICT if has_bearer(request) else signed_in().area


def refuse_narrow() -> None:
    """
    Lets pass whoever works for the whole district.

    Raises:
        NotFound: this request's person works for some stations only, and this belongs to none of them.
    """
    if not area().is_district:
        raise NotFound("This belongs to the whole district.")


def need_proof() -> None:
    """
    What `recently` asks, for views that want it of some requests only.

    Raises:
        ProofNeeded: this request's person did not show lately who they are.
    """
    if not has_bearer(request):
        _check_proof()


def may(right: Right) -> bool:
    """Whether this request's person may do this, for pages that leave out what they may not show."""
    operator = whoever()
    return operator is not None and operator.may(right) and (right not in WHOLE or operator.area.is_district)


def whoever() -> Operator | None:
    """The operator of this request, None for everybody else, and where the database could not be asked."""
    if g.get(UNASKABLE) or has_bearer(request) or not current_user or not current_user.is_authenticated:
        return None
    return cast(Visitor, current_user).operator


def machine() -> Key:
    """The key this request was let in with; only behind `require_key` or `either`."""
    key: Key = g.machine
    return key


def speaks_for(gateway: str) -> bool:
    """Whether the machine of this request may say what this gateway heard; a person of the whole district may."""
    gate: Gate = g.gate
    return gate.keys.speaks_for(machine(), gateway) if has_bearer(request) else area().is_district


def caller() -> Person:
    """Whoever it is, as the record names them: `operator:<id>` or `key:<prefix>`."""
    if has_bearer(request):
        return Person(f"key:{machine().prefix}")
    return people.operator(signed_in().id)


def file_opened(*residents: str | None, urgent: bool = False) -> None:
    """
    Keeps in the record that this request's person opened these residents' files; every view that shows one calls it.

    Ids of residents (None is skipped), or `list:<name>` for a whole register. `urgent` is an open alarm: then it waits
    for nothing. Once per person and file within ten minutes, so that refreshes cost nothing.

    Raises:
        Busy: it could not be kept, and no alarm is open: the file stays shut.
    """
    gate: Gate = g.gate
    page = str(request.url_rule)
    gate.reads.opened(caller(), [each for each in residents if each], page=page, urgent=urgent)


def still_signed_in() -> bool:
    """Asks the session row again, for answers that last: a stream must end when its session does."""
    gate: Gate = g.gate
    token = session.get("_user_id")
    found = gate.sign_in.session_of(token, used=False) if token is not None else None
    return found is not None and not found[0].step


def has_bearer(request: Request) -> bool:
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "


def come_in(grant: Grant) -> None:
    """Begins a session in this browser: everything of the one before it is dropped (ASVS 7.2.4)."""
    session.clear()
    if grant.step:
        session[HALF] = grant.token
    else:
        login_user(Visitor(grant.operator, grant.token))


def renew(grant: Grant) -> None:
    """The same session goes on under a new token; forms that lie open in other windows still hold."""
    login_user(Visitor(grant.operator, grant.token))


def half_token() -> str:
    """The token of this browser's half session, empty without one."""
    return str(session.get(HALF, ""))


def own_token() -> str:
    """The token of this browser's session; only behind `require`."""
    return str(session["_user_id"])


def go_out() -> None:
    """Ends the session in the row and in the browser."""
    gate: Gate = g.gate
    token = session.get("_user_id")
    if token:
        gate.sign_in.sign_out(token)
    logout_user()
    session.clear()


# ------------------------------------------------------------------------------------------------ putting it up


def install(app: Flask, gate: Gate) -> None:
    """Flask-Login as the loader of the operator, no more: no remember cookie, no guessing by address."""
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(lambda token: _visitor(gate.sign_in, token))
    manager.unauthorized_handler(_refuse)
    # Templates ask `operator()`; the library's own variable would ask the database on error pages too.
    manager.init_app(app, add_context_processor=False)


def unmarked(app: Flask) -> list[str]:
    """The endpoints that do not say who may call them."""
    rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith((f"{HOOKS}/", "/static/"))]
    views = {rule.endpoint: app.view_functions[rule.endpoint] for rule in rules if rule.endpoint != "static"}
    return sorted(name for name, view in views.items() if not all(map(_has_mark, _parts(view))))


def _parts(view: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A view that is a class has a part for each method."""
    kind = getattr(view, "view_class", None)
    if kind is None:
        yield view
        return
    yield from (getattr(kind, method.lower()) for method in kind.methods or ())


def _has_mark(view: Callable[..., Any]) -> bool:
    return hasattr(view, ACCESS)


def _marked(guarded: View, access: str) -> View:
    setattr(guarded, ACCESS, access)
    return guarded


def _check_key(scope: str) -> None:
    gate: Gate = g.gate
    presented = request.headers["Authorization"][7:].strip() if has_bearer(request) else ""
    g.machine = gate.keys.check(presented, scope)


def _check_right(right: Right) -> None:
    operator = signed_in()
    if not operator.may(right):
        log.warning("right_refused", operator_id=operator.id, right=str(right), endpoint=request.endpoint)
        raise NotAllowed("Your account may not do this.")
    if right in WHOLE:
        refuse_narrow()


def _check_proof() -> None:
    gate: Gate = g.gate
    password, code = (request.form.get(each, "") for each in PROOF)
    if password or code:
        renew(gate.second_step.prove(own_token(), password=password, code=code))
    elif not gate.second_step.proved(own_token()):
        raise ProofNeeded("Please show once more who you are.")


def _visitor(sign_in: SignIn, token: str) -> Visitor | None:
    found = sign_in.session_of(token, used=request.endpoint not in _QUIET)
    return None if found is None or found[0].step else Visitor(found[1], token)


def _refuse() -> Any:
    raise SignInNeeded("Please sign in.")
