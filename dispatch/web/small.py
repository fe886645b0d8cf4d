"""
Small pages for people without an account: on any old phone, without script, one answer and no further request.

They carry their style in themselves, named by its hash in the policy; they are never kept, never indexed, and tell no
other site where they stand.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from flask import g, make_response, render_template, request
from werkzeug.wrappers import Response

from dispatch.web import i18n
from dispatch.web.options import LANG_COOKIE, WebOptions

STYLE = Path(__file__).with_name("static").joinpath("small.css").read_text(encoding="utf-8").strip()
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CSP = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)

_TEXTS = i18n.read_texts()


def speak(options: WebOptions, lang: str) -> None:
    """The language of whom the page is for, unless another was chosen in this browser."""
    if request.cookies.get(options.cookie(LANG_COOKIE)) not in i18n.LANGS:
        g.words = i18n.words(lang=lang, texts=_TEXTS)


def small_page(template: str, status: int = 200, **values: Any) -> Response:
    """The page, with everything said about it that a previewer, a cache or a search engine should know."""
    answer = make_response(render_template(template, style=STYLE, **values), status)
    answer.headers["Content-Security-Policy"] = CSP
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer
