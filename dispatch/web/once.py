"""Doing it once: a request that is repeated with the same `Idempotency-Key` is answered as it was the first time."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, make_response, request
from werkzeug.exceptions import HTTPException

from dispatch.errors import Busy, Conflict, Invalid, Refusal
from dispatch.store.idempotency import KEY_MAX, Ask, Idempotency, Kept
from dispatch.store.transactions import Transactions
from dispatch.web.access import caller

ONCE = "anling_once"
"""The attribute of views that do a repeated key's work once: `AGAIN` is answered as before, `UNTOLD` is refused."""

AGAIN, UNTOLD = "again", "untold"

View = TypeVar("View", bound=Callable[..., Any])


class Once:
    """Makes a view answer the same `Idempotency-Key` of the same caller once and then as it did before."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def __call__(self, view: View) -> View:
        return self._marked(view, AGAIN)

    def untold(self, view: View) -> View:
        """The same for an answer that holds a secret shown once: it is not kept, and asking again is a conflict."""
        return self._marked(view, UNTOLD)

    def _marked(self, view: View, way: str) -> View:
        @wraps(view)
        def answered(*arguments: Any, **values: Any) -> Any:
            ask = _ask()
            if ask is None:
                return view(*arguments, **values)
            return self._answer(ask, lambda: view(*arguments, **values), is_kept=way == AGAIN)

        setattr(answered, ONCE, way)
        return cast(View, answered)

    def _answer(self, ask: Ask, work: Callable[[], Any], *, is_kept: bool) -> Response:
        kept = self._transactions.run(lambda tx: Idempotency(tx.connection).begin(ask, tx.now))
        if kept is not None:
            return _again(ask, kept)
        try:
            response = make_response(work())
        except Busy:
            # It may still be done: the key stays taken, and is free again when that is certain.
            raise
        except (Refusal, HTTPException):
            self._transactions.run(lambda tx: Idempotency(tx.connection).forget(ask))
            raise
        body = response.get_data(as_text=True) if is_kept else None
        self._transactions.run(
            lambda tx: Idempotency(tx.connection).answer(ask, status=response.status_code, body=body)
        )
        return response


def _ask() -> Ask | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= KEY_MAX or not all("!" <= each <= "~" for each in key):
        raise Invalid("An Idempotency-Key has 1 to 200 characters.", {"headers": {"Idempotency-Key": ["wrong length"]}})
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    return Ask(caller=caller(), route=f"{request.method} {request.path}"[:160], key=key, body_hash=body_hash)


def _again(ask: Ask, kept: Kept) -> Response:
    if kept.body_hash != ask.body_hash:
        raise Invalid("This key was used for another request.", {"headers": {"Idempotency-Key": ["used before"]}})
    if kept.status is None:
        raise Conflict("The same request is being worked on; ask again in a few seconds.")
    if kept.body is None:
        raise Conflict("This was done already, and its secret was shown that once.")
    response = make_response(kept.body, kept.status)
    response.content_type = "application/json"
    response.headers["Idempotency-Replayed"] = "true"
    return response
