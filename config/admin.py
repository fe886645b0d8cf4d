"""
Changing a running service: commands hand their request over a socket instead of writing beside the writer.

One line of JSON in, one line of JSON out, over `ANLING_HOME/anling.sock` (mode 0600: whoever may open it may do it).
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from dispatch.errors import Conflict, Misconfigured, Refusal
from dispatch.store.idempotency import MISTAKES

REQUEST_MAX = 64 * 1024 * 1024
"""A district of fifty thousand residents is about 20 MB of TOML."""

ANSWER_S = 300.0

log = structlog.get_logger()

Commands = Mapping[str, Callable[..., dict[str, Any]]]


def socket_path(home: Path) -> Path:
    return home / "anling.sock"


def is_served(home: Path) -> bool:
    """Whether a service listens here; what one that was killed left behind does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(1.0)
        try:
            line.connect(str(socket_path(home)))
        except OSError:
            return False
        return True


def ask(home: Path, command: str, **arguments: Any) -> dict[str, Any] | None:
    """
    What the running service answers; None when none is running here.

    Raises:
        Conflict: it ended meanwhile, or answered nothing that can be read.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_S)
        try:
            line.connect(str(socket_path(home)))
        except OSError:
            return None
        try:
            line.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(_line(line))
        except (OSError, EOFError, ValueError):
            raise Conflict("the service ended or did not answer in time; look what was done, then try again") from None
        return answer


class AdminSocket:
    """Listens beside the service, one request at a time."""

    def __init__(self, home: Path, commands: Commands) -> None:
        self._path = socket_path(home)
        self._commands = commands
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._listen, name="admin", daemon=True)

    def start(self) -> None:
        self._path.unlink(missing_ok=True)
        try:
            self._listening.bind(str(self._path))
        except OSError as failure:
            cure = "Choose a folder with a short path, which may hold a socket."
            raise Misconfigured("home", f"{self._path} cannot be listened on: {failure}. {cure}") from None
        self._path.chmod(0o600)
        self._listening.listen(4)
        self._thread.start()

    def stop(self) -> None:
        self._listening.close()
        self._path.unlink(missing_ok=True)

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line:
                line.settimeout(ANSWER_S)
                self._serve(line)

    def _serve(self, line: socket.socket) -> None:
        try:
            request = json.loads(_line(line))
            answer = {"ok": True, **self._commands[request["command"]](**request["arguments"])}
        except EOFError:
            return  # somebody only looked whether we are here
        except Refusal as refusal:
            answer = {"ok": False, "detail": refusal.detail}
        except (OSError, *MISTAKES) as error:
            log.warning("admin_request_refused", error=str(error))
            answer = {"ok": False, "detail": f"not understood: {error}"}
        try:
            line.sendall(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            log.warning("admin_answer_lost", error=str(error))


def _line(line: socket.socket) -> bytes:
    """One line of at most `REQUEST_MAX` bytes."""
    parts: list[bytes] = []
    size = 0
    while True:
        part = line.recv(65536)
        size += len(part)
        if not part and not parts:
            raise EOFError
        if not part or size > REQUEST_MAX:
            raise ValueError("the request has no end")
        parts.append(part)
        if part.endswith(b"\n"):
            return b"".join(parts)
