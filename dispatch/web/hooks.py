"""
What providers call: `/hooks/{provider}/{receipt,reply,voice}`. Verified before anything else; kept, then answered.

What a reply means is found out a moment later, from its row: a mistake in understanding must not lose it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

import structlog
from flask import Blueprint, Response, request
from werkzeug.wrappers import Request

from dispatch.accounts.keys import Keys
from dispatch.answers import Said
from dispatch.errors import Busy, NotAllowed, NotFound, Refusal
from dispatch.ids import ReplyId
from dispatch.messages.providers.provider import Answer, Forged, Heard, Hook, Inquiry, Keyed, Provider, Receipt
from dispatch.rules.calls import Rang
from dispatch.rules.keypad import Keys as Pressable
from dispatch.rules.talks import Standing
from dispatch.store.idempotency import StorageFailed
from dispatch.web.access import HOOKS
from dispatch.web.express import Failed, Told, body_of, by_express, refuse_failed

BODY_MAX = 64 * 1024
"""Bytes of a hook; the longest text with all its fields is a tenth of it (MESSAGING, 8.9)."""

KINDS = ("receipt", "reply", "voice")

Kept = Callable[[str, Heard], tuple[Answer, Callable[[], None]]]

FORM = "application/x-www-form-urlencoded"

log = structlog.get_logger()


class Receipts(Protocol):
    """Who keeps what providers say later about their messages; the courier does."""

    def receive(self, provider: str, receipts: Sequence[Receipt]) -> None: ...


class Replies(Protocol):
    """Who keeps what people answer, and says which of them were no copies; the answers do."""

    def take(self, provider: str, said: Sequence[Said]) -> list[ReplyId]: ...

    def proceed(self, kept: Sequence[ReplyId]) -> None: ...


class Inquiries(Protocol):
    """Who can say how it stands for somebody on the line; the talks do."""

    def answer(self, provider: str, inquiry: Inquiry) -> Standing: ...


class Calls(Protocol):
    """Who keeps calls that ring in."""

    def receive(self, provider: str, rang: Sequence[Rang]) -> None: ...


class Keypad(Protocol):
    """Who knows which callers have keys to press, and what a key does."""

    def hear(self, provider: str, keyed: Keyed) -> Pressable | None:
        """What they are told; None where they are put through to the desk."""
        ...


class NoKeypad:
    """Everybody is put through."""

    def hear(self, provider: str, keyed: Keyed) -> Pressable | None:
        return None


class Forgeries:
    """
    How many hooks did not prove where they came from, and how many answers in them were known already, by provider; for
    the metrics. May be asked from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count: Counter[str] = Counter()
        self._known: Counter[str] = Counter()

    def count(self, provider: str) -> None:
        with self._lock:
            self._count[provider] += 1

    def count_known(self, provider: str, answers: int) -> None:
        with self._lock:
            self._known[provider] += answers

    def by_provider(self) -> dict[str, int]:
        with self._lock:
            return dict(self._count)

    def known_by_provider(self) -> dict[str, int]:
        with self._lock:
            return dict(+self._known)


def hooks_blueprint(
    providers: Mapping[str, Provider],
    courier: Receipts,
    answers: Replies,
    talks: Inquiries,
    calls: Calls,
    *,
    public_url: str,
    forgeries: Forgeries,
    keypad: Keypad | None = None,
) -> Blueprint:
    """
    The addresses providers were given. `public_url` is the configured one, without a slash at its end: a signature is
    checked over it and the raw path and query, never over what the request says of its own host.

    Answers 403 without a reason to what is forged, 404 to a provider that is not there, and what the provider itself
    wants (503 if nothing else) while the database keeps nothing, so that the hook comes again.
    """
    bp = Blueprint("hooks", __name__, url_prefix=HOOKS)
    keys = keypad or NoKeypad()

    def verified(provider: Provider, hook: Hook) -> Heard:
        try:
            return provider.hear(hook)
        except Forged:
            forgeries.count(provider.name)
            log.warning("hook_forged", provider=provider.name, hook=hook.kind, ip=request.remote_addr)
        raise NotAllowed("Not allowed")

    def kept(provider: str, heard: Heard) -> tuple[Answer, Callable[[], None]]:
        """What the provider is told, and what is to be done once it was: so nobody understands while it waits."""
        said = [
            Said(key=each.key, sender=each.sender, text=each.text, attempt_id=each.attempt_id, voice=each.voice)
            for each in heard.replies
        ]
        new: list[ReplyId] = []
        try:
            new = answers.take(provider, said)
            courier.receive(provider, heard.receipts)
            calls.receive(provider, heard.calls)
        except (Busy, StorageFailed) as error:
            log.error("hook_not_kept", provider=provider, error=type(error).__name__)
            if heard.not_kept.status == HTTPStatus.SERVICE_UNAVAILABLE:
                answers.proceed(new)
                raise Busy("Busy at the moment") from error
            return heard.not_kept, lambda: answers.proceed(new)
        forgeries.count_known(provider, len(said) - len(new))
        heard.then()
        if heard.keyed is None and heard.inquiry is None:
            return heard.answer, lambda: answers.proceed(new)
        # Somebody is on the line, and what they hear tells of the key they have just pressed.
        answers.proceed(new)
        return spoken(provider, heard), _nothing

    def spoken(provider: str, heard: Heard) -> Answer:
        if heard.keyed is not None:
            return keyed(provider, heard.keyed, heard.answer)
        return heard.answer if heard.inquiry is None else told(provider, heard.inquiry, heard.answer)

    def keyed(provider: str, pressed: Keyed, desk: Answer) -> Answer:
        """Whatever goes wrong with keys, whoever rings reaches the desk."""
        try:
            found = keys.hear(provider, pressed)
            return desk if found is None else pressed.answer(found)
        except Exception:
            log.exception("keypad_failed", provider=provider)
            return desk

    def told(provider: str, inquiry: Inquiry, otherwise: Answer) -> Answer:
        """Somebody is on the line: a neutral sentence is better than silence."""
        try:
            return inquiry.answer(talks.answer(provider, inquiry))
        except (Busy, StorageFailed) as error:
            log.error("inquiry_not_answered", provider=provider, error=type(error).__name__)
            return otherwise

    @bp.post("/<provider>/<any(receipt, reply, voice):kind>")
    @by_express(_ByHook(providers, public_url, kept))
    def hook(provider: str, kind: str) -> Response:
        refuse_failed()
        if provider not in providers:
            raise NotFound("no such provider")
        request.max_content_length = BODY_MAX
        heard = verified(providers[provider], read_hook(kind, public_url, request))
        answer, sent = kept(provider, heard)
        return _response(answer, sent)

    return bp


def _nothing() -> None:
    """There is nothing left to do."""


class _ByHook:
    """The short way of providers: what proves where it comes from is kept and answered at once."""

    def __init__(self, providers: Mapping[str, Provider], public_url: str, kept: Kept) -> None:
        self._providers = providers
        self._public_url = public_url
        self._kept = kept

    def paths(self, rule: str) -> Sequence[str]:
        return [f"{HOOKS}/{provider}/{kind}" for provider in self._providers for kind in KINDS]

    def answer(self, environ: dict[str, Any], keys: Keys, most: int) -> Told | None:
        body = body_of(environ, BODY_MAX)
        if body is None:
            return None
        provider, kind = environ["PATH_INFO"].split("/")[2:]
        try:
            heard = self._providers[provider].hear(read_hook(kind, self._public_url, Request(environ)))
            return _told(*self._kept(provider, heard))
        except Busy as error:
            # It was tried and waited for; the application only tells it.
            raise Failed from error
        except (Forged, Refusal):
            # Told, counted and logged in one place.
            environ["wsgi.input"] = BytesIO(body)
            return None
        except Exception as error:
            raise Failed from error


def _told(answer: Answer, sent: Callable[[], None]) -> Told:
    response = _response(answer, sent)
    return Told(response.status, response.headers["Content-Type"], response.get_data(), sent)


def read_hook(kind: str, public_url: str, request: Request) -> Hook:
    """
    This request as the provider sent it, and the address it signed.

    Raises:
        RequestEntityTooLarge: the body is longer than the request may have.
    """
    body = request.get_data()
    target = raw_target(request)
    query = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
    form = _form(body) if request.mimetype == FORM else {}
    return Hook(kind=kind, url=public_url + target, headers=dict(request.headers), body=body, query=query, form=form)


def raw_target(request: Request) -> str:
    """
    Path and query letter by letter as they were sent: `%2F` stays `%2F`. Werkzeug's own `url` decodes and encodes
    again, and a signature over it fails.

    waitress tells it as REQUEST_URI, gunicorn as RAW_URI; behind a server that tells neither it is put together again.
    """
    told: str = request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or ""
    if told.startswith("/"):
        return told
    if "://" in told:
        # A proxy may send the absolute form (RFC 9112, 3.2.2); the host in it is nobody's word.
        return "/" + told.partition("://")[2].partition("/")[2]
    query = request.query_string.decode("latin-1")
    return quote(request.root_path + request.path) + (f"?{query}" if query else "")


def _form(body: bytes) -> dict[str, tuple[str, ...]]:
    """Every value of every name, blanks included: a provider may have signed them."""
    form: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        form[name] = (*form.get(name, ()), value)
    return form


def _response(answer: Answer, sent: Callable[[], None]) -> Response:
    response = Response(answer.body, answer.status)
    response.content_type = answer.content_type
    response.call_on_close(sent)
    return response
