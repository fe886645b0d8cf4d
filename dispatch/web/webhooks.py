# mypy: disable-error-code="untyped-decorator"
"""
Webhooks out: `/api/v1/webhooks` for programs and `/webhooks` for the administrator. What a message holds is in
docs/webhooks.md.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from jinja2 import Environment
from marshmallow import RAISE
from werkzeug.wrappers import Response

from dispatch.errors import Invalid
from dispatch.rules.outward import Template
from dispatch.rules.rights import Right
from dispatch.store.subscriptions import Delivery, Subscription
from dispatch.store.transactions import Transactions
from dispatch.subscribers.book import Asked, Book
from dispatch.web.access import caller, either, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import N_, gettext
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import ListSchema
from dispatch.web.webhook_schemas import (
    TYPES_MAX,
    DeliveryPageSchema,
    MadeSchema,
    ResumeSchema,
    SecretSchema,
    WebhookAskSchema,
    WebhookPageSchema,
    WebhookSchema,
)
from dispatch.web.words import word

SCOPE = "webhooks"
"""The scope of keys that may look at webhooks and change them."""

LISTED, SHOWN = 200, 50

Plain = dict[str, Any]

STATES: Mapping[str, str] = {
    "active": N_("in use"),
    "paused": N_("paused"),
    "disabled": N_("stopped: nobody took anything"),
}
DELIVERED: Mapping[str, str] = {
    "waiting": N_("leaves now"),
    "delivered": N_("taken"),
    "failed": N_("not taken, tried again"),
    "given_up": N_("given up"),
}
WHYS: Mapping[str, str] = {"live": N_("it happened"), "replay": N_("once more"), "test": N_("test")}
TEMPLATES: Mapping[str, str] = {
    "standard": N_("Program (Standard Webhooks)"),
    "wecom": N_("WeCom group robot"),
    "dingtalk": N_("DingTalk group robot, keyword 安铃"),
}
ERRORS: Mapping[str, str] = {
    "address_refused": N_("the name leads into a network of its own"),
    "host_not_listed": N_("the settings do not name this host: webhooks.hosts"),
    "timeout": N_("no answer in 5 s"),
    "tls": N_("the certificate is not good"),
    "no_such_host": N_("there is no such name"),
    "no_connection": N_("no connection"),
    "redirect": N_("it sends elsewhere, which is not followed"),
}


def webhooks_blueprint(book: Book, *, transactions: Transactions) -> ApiBlueprint:
    """
    `/api/v1/webhooks` and everything below it.

    The secret is asked for by a POST of its own, so that it stands in no answer that is kept for repeating.
    """
    bp = ApiBlueprint("webhooks", __name__, url_prefix="/webhooks", description="Programs of others that are told")
    once = Once(transactions)

    def told(id_: str) -> Plain:
        return _plain(book, book.get(id_))

    @bp.get("")
    @either(SCOPE, Right.WEBHOOKS)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, WebhookPageSchema)
    def listed(wanted: Plain) -> Any:
        """Who is told"""
        found = [each for each in book.all() if each.id > wanted.get("cursor", "")]
        page = found[: wanted["limit"]]
        return bookmarked([_plain(book, each) for each in page], page[-1].id if len(found) > len(page) else None)

    @bp.post("")
    @either(SCOPE, Right.WEBHOOKS)
    @once
    @bp.arguments(WebhookAskSchema)
    @bp.response(201, WebhookSchema)
    def added(wanted: Plain) -> Plain:
        """Tell a further program, from now on"""
        return _plain(book, book.add(Asked(**wanted), by=caller()))

    @bp.get("/<webhook_id>")
    @either(SCOPE, Right.WEBHOOKS)
    @bp.response(200, WebhookSchema)
    def one(webhook_id: str) -> Plain:
        """One receiver"""
        return told(webhook_id)

    @bp.put("/<webhook_id>")
    @either(SCOPE, Right.WEBHOOKS)
    @bp.arguments(WebhookAskSchema)
    @bp.response(200, WebhookSchema)
    def changed(wanted: Plain, webhook_id: str) -> Plain:
        """Another name, address or filter"""
        book.change(webhook_id, Asked(**wanted), by=caller())
        return told(webhook_id)

    @bp.delete("/<webhook_id>")
    @either(SCOPE, Right.WEBHOOKS)
    @bp.response(204)
    def removed(webhook_id: str) -> None:
        """Tell it nothing more"""
        book.remove(webhook_id, by=caller())

    @bp.post("/<webhook_id>/secret")
    @either(SCOPE, Right.WEBHOOKS)
    @bp.response(200, SecretSchema)
    def secret(webhook_id: str) -> Plain:
        """The secret that signs; that it was shown is recorded"""
        return {"secret": book.reveal(webhook_id, by=caller())}

    @bp.post("/<webhook_id>/rotate")
    @either(SCOPE, Right.WEBHOOKS)
    @once
    @bp.response(200, WebhookSchema)
    def rotated(webhook_id: str) -> Plain:
        """A new secret; the old one signs beside it for a day"""
        book.rotate(webhook_id, by=caller())
        return told(webhook_id)

    @bp.post("/<webhook_id>/pause")
    @either(SCOPE, Right.WEBHOOKS)
    @once
    @bp.response(200, WebhookSchema)
    def paused(webhook_id: str) -> Plain:
        """Nothing leaves until it is resumed"""
        book.pause(webhook_id, by=caller())
        return told(webhook_id)

    @bp.post("/<webhook_id>/resume")
    @either(SCOPE, Right.WEBHOOKS)
    @once
    @bp.arguments(ResumeSchema)
    @bp.response(200, WebhookSchema)
    def resumed(wanted: Plain, webhook_id: str) -> Plain:
        """Tell it again, from where it stood or from now"""
        book.resume(webhook_id, by=caller(), skip=wanted["skip"])
        return told(webhook_id)

    @bp.post("/<webhook_id>/test")
    @either(SCOPE, Right.WEBHOOKS)
    @once
    @bp.response(201, MadeSchema)
    def tested(webhook_id: str) -> Plain:
        """Send a test message now"""
        return {"delivery": book.test(webhook_id, by=caller())}

    @bp.get("/<webhook_id>/deliveries")
    @either(SCOPE, Right.WEBHOOKS)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, DeliveryPageSchema)
    def log(wanted: Plain, webhook_id: str) -> Any:
        """What became of messages, the newest first"""
        book.get(webhook_id)
        found = book.log(webhook_id, wanted["limit"] + 1, wanted.get("cursor"))
        page = found[: wanted["limit"]]
        return bookmarked([_delivered(each) for each in page], page[-1].id if len(found) > len(page) else None)

    @bp.post("/<webhook_id>/deliveries/<delivery_id>/replay")
    @either(SCOPE, Right.WEBHOOKS)
    @once
    @bp.response(201, MadeSchema)
    def replayed(webhook_id: str, delivery_id: str) -> Plain:
        """Send this message once more, under its old id"""
        return {"delivery": book.replay(webhook_id, delivery_id, by=caller())}

    return bp


def webhook_pages(book: Book, *, zone: tzinfo) -> Blueprint:
    """`/webhooks` for people. `zone` is the district's."""
    bp = Blueprint("webhook_pages", __name__)
    bp.record_once(lambda state: _teach(state.app.jinja_env, zone))

    @bp.get("/webhooks")
    @require(Right.WEBHOOKS)
    def all_() -> str:
        return render_template("webhooks.html", rows=_rows(book), said={}, errors={}, **_WORDS)

    @bp.post("/webhooks")
    @require(Right.WEBHOOKS)
    def add() -> Any:
        try:
            made = book.add(_asked(request.form), by=caller())
        except Invalid as wrong:
            page = render_template("webhooks.html", rows=_rows(book), said=request.form, errors=_named(wrong), **_WORDS)
            return page, 422
        flash(gettext("Done."))
        return redirect(f"/webhooks/{made.id}", 303)

    @bp.get("/webhooks/<webhook_id>")
    @require(Right.WEBHOOKS)
    def look(webhook_id: str) -> str:
        return _page(book, webhook_id)

    @bp.post("/webhooks/<webhook_id>")
    @require(Right.WEBHOOKS)
    def change(webhook_id: str) -> Any:
        try:
            book.change(webhook_id, _asked(request.form), by=caller())
        except Invalid as wrong:
            return _page(book, webhook_id, said=request.form, errors=_named(wrong)), 422
        return _done(webhook_id)

    @bp.post("/webhooks/<webhook_id>/secret")
    @require(Right.WEBHOOKS)
    def secret(webhook_id: str) -> str:
        return _page(book, webhook_id, secret=book.reveal(webhook_id, by=caller()))

    @bp.post("/webhooks/<webhook_id>/<any(rotate, pause, resume, skip, test, remove):deed>")
    @require(Right.WEBHOOKS)
    def act(webhook_id: str, deed: str) -> Response:
        if deed == "resume" or deed == "skip":
            book.resume(webhook_id, by=caller(), skip=deed == "skip")
        else:
            getattr(book, deed)(webhook_id, by=caller())
        return redirect("/webhooks", 303) if deed == "remove" else _done(webhook_id)

    @bp.post("/webhooks/<webhook_id>/replay/<delivery_id>")
    @require(Right.WEBHOOKS)
    def replay(webhook_id: str, delivery_id: str) -> Response:
        book.replay(webhook_id, delivery_id, by=caller())
        return _done(webhook_id)

    return bp


def _page(
    book: Book, id_: str, *, said: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None,
    secret: str = "",
) -> str:  # fmt: skip
    found = book.get(id_)
    return render_template(
        "webhook.html", row=_plain(book, found), said=said or _as_typed(book, found), errors=errors or {},
        log=[_delivered(each) for each in book.log(id_, SHOWN)], secret=secret, **_WORDS,
    )  # fmt: skip


def _done(id_: str) -> Response:
    flash(gettext("Done."))
    return redirect(f"/webhooks/{id_}", 303)


def _rows(book: Book) -> list[Plain]:
    return [_plain(book, each) for each in book.all()]


def _asked(form: Mapping[str, str]) -> Asked:
    template = form.get("template", "standard")
    if template not in set(Template):
        raise Invalid("Please choose one.", {"json": {"template": ["missing"]}})
    name = " ".join(form.get("name", "").split())[:80]
    if not name:
        raise Invalid("Please fill in the text.", {"json": {"name": ["Please fill in the text."]}})
    return Asked(
        name=name, url=form.get("url", "").strip(), template=Template(template),
        types=form.get("types", "").split()[:TYPES_MAX], stations=form.get("stations", "").split()[:TYPES_MAX],
    )  # fmt: skip


def _as_typed(book: Book, found: Subscription) -> Plain:
    return {
        "name": found.name, "url": found.url, "template": found.template, "types": "\n".join(found.types),
        "stations": " ".join(book.codes(found)),
    }  # fmt: skip


def _named(wrong: Invalid) -> dict[str, str]:
    """The first sentence of each field."""
    return {name: str(told[0]) for name, told in wrong.errors.get("json", {}).items()}


def _plain(book: Book, found: Subscription) -> Plain:
    base, question, _ = found.url.partition("?")
    return {
        "id": found.id, "name": found.name, "url": f"{base}?…" if question else base, "template": found.template,
        "types": list(found.types), "stations": book.codes(found), "state": found.state, "cursor": found.cursor,
        "behind": book.behind(found), "tries": found.tries, "due_at": found.due_at.isoformat(),
        "failing_since": _iso(found.failing_since), "old_secret_until": _iso(found.old_until),
        "made_at": found.made_at.isoformat(), "made_by": found.made_by,
    }  # fmt: skip


def _delivered(found: Delivery) -> Plain:
    return {
        "id": found.id, "webhook_id": found.webhook_id, "entry": found.number, "type": found.type, "why": found.why,
        "state": found.state, "tries": found.tries, "status": found.status, "error": found.error,
        "took_ms": found.took_ms, "at": found.at.isoformat(),
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _teach(pages: Environment, zone: tzinfo) -> None:
    def local(iso: str | None) -> str:
        return datetime.fromisoformat(iso).astimezone(zone).strftime("%m-%d %H:%M:%S") if iso else "—"

    pages.filters.update(local_time=local)


_WORDS: Mapping[str, Any] = {
    "STATES": STATES, "DELIVERED": DELIVERED, "WHYS": WHYS, "TEMPLATES": TEMPLATES, "ERRORS": ERRORS, "word": word,
}  # fmt: skip
