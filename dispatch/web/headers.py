"""What every answer says about itself: where it may load from, who may frame it, who may keep it."""

from collections.abc import Callable, Mapping

from flask import Flask, Response, g, request

from dispatch.web.options import WebOptions

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'; worker-src 'self'"
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), usb=()",
}

HSTS = "max-age=63072000"
"""Two years; ASVS 3.4.1 asks for one, and for the names below ours, which an installer may take out."""

STATIC, LOGOUT = "/static/", "/logout"


def install(app: Flask, options: WebOptions) -> None:
    """Puts the headers on every answer, refusals and errors too."""
    app.after_request(_dress(options))


def of_every_answer(options: WebOptions) -> dict[str, str]:
    """What stands on each of them, whatever it answers."""
    # Tiles of the map are the only thing that may come from elsewhere, and only where an installer has named them.
    csp = CSP.replace("img-src 'self' data:", f"img-src 'self' data: {options.map.host}".rstrip())
    below = "; includeSubDomains" if options.hsts_subdomains else ""
    hsts = {"Strict-Transport-Security": HSTS + below} if options.is_https else {}
    return {**HEADERS, "Content-Security-Policy": csp, **hsts}


def _dress(options: WebOptions) -> Callable[[Response], Response]:
    headers = of_every_answer(options)

    def dress(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith(STATIC):
            # A shared console must not show yesterday's residents by its Back key.
            response.headers.setdefault("Cache-Control", "no-store")
        if request.path == LOGOUT and request.method == "POST":
            # Only the cache: what the browser remembers of this console (its name) stays for the next watch.
            response.headers["Clear-Site-Data"] = '"cache"'
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response

    return dress
