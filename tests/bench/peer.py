"""
Another library at the same work, in a process of its own: it needs nothing of ours.

    PYTHON tests/bench/peer.py pysiaalarm|rflink < work.json

`work` has `rate`, reads to be timed (hexadecimal), `runs`, how often, and `cases`, each the reads of one connection.
Prints JSON: `version`; `rates`, reads a second of processor time, one for each run; `heard`, for each case its words.
"""

import importlib.metadata
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

Reader = Callable[[bytes], None]
"""What a connection does with the bytes of one read."""


def pysiaalarm(heard: list[str]) -> Reader:
    """Its TCP handler: parse, check, answer, tell. One account for all, no window of time, since our inputs are old."""
    from pysiaalarm.account import SIAAccount
    from pysiaalarm.base_server import BaseSIAServer
    from pysiaalarm.sync.handler import SIATCPHandler
    from pysiaalarm.utils import Counter

    def told(event: Any) -> None:
        heard.append("NULL" if event.message_type.value in {"NULL", "OH"} else str(event.code))

    account = SIAAccount(account_id="", key="A" * 16, allowed_timeband=None)
    handler = SIATCPHandler.__new__(SIATCPHandler)
    handler.server = BaseSIAServer({"": account}, Counter(), func=told)
    handler.respond = lambda event: event and event.create_response()
    return lambda data: handler.handle_raw_line(bytearray(data))


def rflink(heard: list[str]) -> Reader:
    """Its event-handling protocol, as its own programs use it."""
    from rflink.protocol import EventHandling

    def told(event: dict[str, Any]) -> None:
        low = event.get("sensor") == "battery" and event.get("value") == "low"
        heard.append("button" if "command" in event else "low_battery" if low else str(event.get("sensor", "version")))

    return EventHandling(event_callback=told).data_received


PEERS: dict[str, Callable[[list[str]], Reader]] = {"pysiaalarm": pysiaalarm, "rflink": rflink}


def main(name: str) -> None:
    logging.disable(logging.CRITICAL)
    work = json.load(sys.stdin)
    reads = [bytes.fromhex(read) for read in work["rate"]]
    rates = [_rate(PEERS[name]([]), reads) for _ in range(work["runs"])]
    heard = [_case(name, [bytes.fromhex(read) for read in case]) for case in work["cases"]]
    print(json.dumps({"version": importlib.metadata.version(name), "rates": rates, "heard": heard}))


def _rate(read: Reader, reads: Sequence[bytes]) -> float:
    begun = time.process_time()
    for data in reads:
        read(data)
    return len(reads) / (time.process_time() - begun)


def _case(name: str, reads: Sequence[bytes]) -> list[str]:
    """An exception is what a server would have caught: the connection is gone, what was heard was heard."""
    heard: list[str] = []
    read = PEERS[name](heard)
    try:
        for data in reads:
            read(data)
    except Exception as error:  # noqa: BLE001  whatever it is, this is how the peer fails
        heard.append(type(error).__name__)
    return heard


if __name__ == "__main__":
    main(sys.argv[1])
