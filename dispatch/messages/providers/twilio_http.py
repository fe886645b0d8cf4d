"""
How one request to Twilio goes over the wire: our HttpClient under Twilio's own client.

twilio-python's client has no time limit by default, keeps the last response in an attribute shared by all threads and
throws away the response headers. Ours goes by an `Exchange` and keeps nothing.
"""

import logging
from typing import Any

from twilio.http import HttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

from dispatch.messages.providers.exchange import Exchange

_TWILIO = "https://api.twilio.com"

# It writes addresses with phone numbers in them at INFO.
logging.getLogger("twilio.http_client").setLevel(logging.WARNING)


class TwilioHttp(HttpClient):  # type: ignore[misc]
    """
    Carries one call of Twilio's client by one exchange.

    `base_url` takes the place of Twilio's address, so that every path may go to a local stand-in.
    """

    def __init__(self, exchange: Exchange, *, base_url: str) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), False, None)
        self._exchange = exchange
        self._base_url = base_url.rstrip("/")

    def request(
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """The answer as Twilio's client wants it; raises what `Exchange.ask` raises. `timeout` gives way to its own."""
        url = uri.replace(_TWILIO, self._base_url, 1)
        answered = self._exchange.ask(method, url, params=params, data=data, headers=headers, auth=auth)
        return Response(answered.status, answered.text, answered.headers)
