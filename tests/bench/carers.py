"""
The far end: the stand-in for Twilio that notes when each text came, and carers who answer like people.

A carer accepts two seconds after the offer, says "3" on arrival, and the operator closes, all within ten seconds of the
press; by signed webhooks and through the API, as in earnest.
"""

import heapq
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.bench.service import SENDER, Browser
from tests.bench.town import code_of, home_of
from tests.fakes.twilio_standin import TwilioStandin

ACCEPTS_S, ARRIVES_S, CLOSES_EVERY_S = 2.0, 5.0, 1.0
ANSWERERS = 4
OFFER = "急"


class Network(TwilioStandin):
    """A stand-in that tells `on_text` of each text as soon as it is read: when, to whom, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.on_text: Callable[[float, str, str], None] = lambda at, to, text: None

    def keep(self, kind: str, form: dict[str, str]) -> dict:
        at = time.monotonic()
        self.on_text(at, form["To"], form.get("Body", ""))
        return super().keep(kind, form)


class People:
    """Notes the first offer about each home, and answers it."""

    def __init__(self, network: Network, base_url: str, operator: Browser) -> None:
        self.offered: dict[int, float] = {}
        self.closed = 0
        self.failures: list[str] = []
        self._network, self._base_url, self._operator = network, base_url, operator
        self._agenda: list[tuple[float, int, Callable[[], Any]]] = []
        self._changed, self._stopping = threading.Condition(), threading.Event()
        self._drawn = 0
        self._threads = [threading.Thread(target=self._answer, daemon=True) for _ in range(ANSWERERS)]
        self._threads.append(threading.Thread(target=self._close, daemon=True))
        network.on_text = self._read

    def __enter__(self) -> "People":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def wait_offered(self, count: int, timeout_s: float) -> bool:
        """Waits until so many homes have been offered to somebody."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.offered) >= count, timeout_s)

    def _read(self, at: float, to: str, text: str) -> None:
        home, code = home_of(text), code_of(text)
        if OFFER not in text or home is None:
            return
        with self._changed:
            first = home not in self.offered
            self.offered.setdefault(home, at)
            if first and code:
                self._later(at + ACCEPTS_S, lambda: self._say(to, f"{code} 1"))
                self._later(at + ARRIVES_S, lambda: self._say(to, f"{code} 3"))
            self._changed.notify_all()

    def _later(self, at: float, action: Callable[[], Any]) -> None:
        self._drawn += 1
        heapq.heappush(self._agenda, (at, self._drawn, action))

    def _say(self, sender: str, text: str) -> None:
        url = f"{self._base_url}/hooks/twilio/reply"
        try:
            status, body = self._network.reply(url, sender=sender, to=SENDER, body=text)
        except OSError as error:
            status, body = 0, str(error)
        if status != 200:
            self.failures.append(f"reply {text}: {status} {body[:200]}")

    def _answer(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                wait_s = self._agenda[0][0] - time.monotonic() if self._agenda else 1.0
                if wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                _, _, action = heapq.heappop(self._agenda)
            action()

    def _close(self) -> None:
        """The operator closes whatever somebody has arrived at."""
        while not self._stopping.wait(CLOSES_EVERY_S):
            try:
                status, page = self._operator.ask("/api/v1/alarms?state=attended&limit=100")
                if status != 200:
                    self.failures.append(f"list: {status} {page}")
                    continue
                for alarm in page["items"]:
                    self._close_one(alarm["id"])
            except OSError as error:
                self.failures.append(f"list: {error}")

    def _close_one(self, alarm_id: str) -> None:
        if self._stopping.is_set():
            return
        status, told = self._operator.ask(f"/api/v1/alarms/{alarm_id}/close", {"outcome": "helped", "note": "没事"})
        self.closed += status == 200
        if status != 200:
            self.failures.append(f"close: {status} {told}")
