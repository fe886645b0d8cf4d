"""One question to a road router over HTTP, and its answer read."""

from collections.abc import Callable, Sequence

import requests

from dispatch.rules.place import Position
from dispatch.rules.travel import Means
from schedules.roads.rules.router import Dialect, Garbled, Refused, Rows, read

BODY_MAX = 262_144

REFUSED = 400
"""What both say to a question that they do not like; a router that is not well says something else, or nothing."""


class Line:
    """The way to one router. Safe to use from several threads."""

    def __init__(self, dialect: Dialect, url: str, *, budget_s: float, steady: Callable[[], float]) -> None:
        """`url` is the router's address without a slash at the end, `budget_s` what one question may take."""
        self._dialect = dialect
        self._url = url
        self._budget_s = budget_s
        self._steady = steady

    def told(self, origins: Sequence[Position], places: Sequence[Position], means: Means) -> Rows:
        """
        From each origin the time to each place, in seconds.

        Raises:
            Refused: the router is well and will not speak of one of them.
            Garbled, requests.RequestException: it is not there, not in time, or says nonsense.
        """
        ask = self._dialect.ask(origins, places, means)
        with requests.Session() as session:
            session.trust_env = False
            method = "GET" if ask.body is None else "POST"
            headers = {"Content-Type": "application/json"} if ask.body else {}
            with session.request(
                method, self._url + ask.path, data=ask.body, headers=headers, timeout=self._budget_s,
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                if answer.status_code == REFUSED:
                    raise Refused("the router will not answer this question")
                if answer.status_code != 200:
                    raise Garbled(f"the router says {answer.status_code}")
                return read(self._dialect, self._body(answer), origins, places)

    def _body(self, answer: requests.Response) -> bytes:
        """Read for no longer than the budget once more: one that drips would hold the place for ever."""
        end_s, body = self._steady() + self._budget_s, b""
        for piece in answer.iter_content(4096):
            body += piece
            if len(body) > BODY_MAX or self._steady() > end_s:
                raise Garbled("the router's answer does not end")
        return body
