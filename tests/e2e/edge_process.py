"""A real `anling gateway` with pretend receivers on pseudo-terminals, beside a real service."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from devices.dialects import RflinkDialect, SurgardDialect
from devices.simulator import Simulator
from tests.e2e.rig import ROOT, START_S, STOP_S, Rig, until
from tests.e2e.warm import Program, warm


class EdgeProcess:
    """An edge in a folder of its own, forwarding to the rig's service. Use as a context manager."""

    def __init__(self, folder: Path, rig: Rig, *, modem: Path | None = None, pages: Sequence[str] = ()) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._after = contextlib.ExitStack()
        self.radio = self._after.enter_context(Simulator(folder, RflinkDialect(), name="garden"))
        self.receiver = self._after.enter_context(Simulator(folder, SurgardDialect(), name="panel"))
        self.config = folder / "edge.toml"
        self.environ = {**rig.environ, "ANLING_EDGE__KEY": rig.key("signals"), "TMPDIR": str(folder)}
        self.processes: list[Program] = []
        paging = f'modem = "{modem}"\npages = {json.dumps(list(pages))}\n' if modem else ""
        self.config.write_text(
            f'home = "{folder}"\n[log]\nformat = "json"\n[edge]\nname = "garden-edge"\nurl = "{rig.url}"\n{paging}'
            f'[[gateways]]\nname = "garden"\nprotocol = "rflink"\nport = "{self.radio.path}"\nbaud = 57600\n'
            f'[[gateways]]\nname = "panel"\nprotocol = "surgard"\nport = "{self.receiver.path}"\n',
            encoding="utf-8",
        )

    def __enter__(self) -> "EdgeProcess":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._after.close()

    @property
    def process(self) -> Program:
        return self.processes[-1]

    def start(self, *, ready: bool = True) -> "EdgeProcess":
        self._ready_before = len(self.logged("edge_ready"))
        with (
            Path(os.devnull).open("rb") as nothing,
            (self.folder / "edge.out").open("ab") as out,
            (self.folder / "edge.err").open("ab") as errors,
        ):
            command = ("--config", str(self.config), "gateway")
            files = [nothing, out, errors]
            self.processes.append(warm().start(command, cwd=self.folder, env=self.environ, files=files))
        if ready:
            until("the edge hears", lambda: self.is_ready() and self._is_alive(), START_S)
        return self

    def is_ready(self) -> bool:
        """Whether the newest process has said that it hears."""
        return len(self.logged("edge_ready")) > self._ready_before

    def _is_alive(self) -> bool:
        assert self.process.poll() is None, f"it ended by itself: {self.stderr()[-2000:]}"
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Asks it to stop, and holds it to exit 0."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(2 * STOP_S) == 0, self.stderr()[-2000:]

    def lines(self) -> list[dict[str, Any]]:
        out = self.folder / "edge.out"
        if not out.exists():
            return []
        written = out.read_text(encoding="utf-8", errors="replace").splitlines()
        found = []
        for each in written:
            with contextlib.suppress(ValueError):
                found.append(json.loads(each))
        return found

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("event") == event]

    def stderr(self) -> str:
        return (self.folder / "edge.err").read_text(encoding="utf-8", errors="replace")

    def surprises(self, *provoked: str) -> list[dict[str, Any]]:
        errors = [line for line in self.lines() if line.get("level") in {"error", "critical"}]
        told = [{"stderr": self.stderr()[-3000:]}] if "Traceback" in self.stderr() else []
        return [line for line in errors if line["event"] not in provoked] + told

    def anling(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return warm().run(("--config", str(self.config), *arguments), cwd=ROOT, env=self.environ, timeout=240)

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.anling("gateway", "--status", "--json").stdout)
        return told

    def waiting(self) -> int | None:
        """What it says it has not delivered, by the file it writes."""
        with contextlib.suppress(OSError, ValueError):
            told = json.loads((self.folder / "edge.json").read_text(encoding="utf-8"))
            return int(told["calls"] + told["news"])
        return None
