"""A real mosquitto for the tests: its own port, folder and rules, started and ended with a block."""

import shutil
import subprocess
from pathlib import Path

from tests.fakes.line import until
from tests.need import need
from tests.ports import free_port

PROGRAM = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


class Broker:
    """One mosquitto. `kill` and `start` keep its port, and its sessions where `persistence` is on."""

    def __init__(self, folder: Path, *, rules: str = "allow_anonymous true\n", passwords: str = "") -> None:
        need(PROGRAM, "mosquitto not found: apt install mosquitto")
        need(shutil.which("mosquitto_pub"), "mosquitto_pub not found: apt install mosquitto-clients")
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "mosquitto.conf"
        # As root it would become somebody else, who may not write into the folder of a test.
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nuser root\npersistence true\npersistence_location {folder}/\n"
            f"log_dest file {folder}/mosquitto.log\n{rules}",
            encoding="utf-8",
        )
        if passwords:
            path = folder / "passwords"
            path.write_text(passwords, encoding="utf-8")
            subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, capture_output=True)

    def __enter__(self) -> "Broker":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> "Broker":
        assert PROGRAM is not None
        self._process = subprocess.Popen([PROGRAM, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        until(lambda: self._publishes("anling/ready", "1"))
        return self

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """Asks it to end, so that it writes its sessions down."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        self._process = None

    def address(self, topic: str, *, user: str = "", **options: object) -> str:
        said = "&".join(f"{name}={value}" for name, value in options.items())
        return f"mqtt://{user + '@' if user else ''}127.0.0.1:{self.port}/{topic}{'?' + said if said else ''}"

    def publish(self, topic: str, *payloads: str, retain: bool = False, qos: int = 1) -> None:
        """As `mosquitto_pub` does it; several payloads go over one connection."""
        more = ["-r"] if retain else []
        command = ["mosquitto_pub", "-p", str(self.port), "-t", topic, "-q", str(qos), *more]
        if len(payloads) == 1:
            subprocess.run([*command, "-m", payloads[0]], check=True, capture_output=True, timeout=120)
        else:
            lines = "\n".join(payloads).encode() + b"\n"
            subprocess.run([*command, "-l"], input=lines, check=True, capture_output=True, timeout=240)

    def has_client(self, name: str) -> bool:
        """Whether somebody with such a client id has been let in, by the broker's own log."""
        return f"as {name}" in (self._folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")

    def _publishes(self, topic: str, payload: str) -> bool:
        command = ["mosquitto_pub", "-p", str(self.port), "-t", topic, "-m", payload]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        return done.returncode == 0 or b"not authorised" in done.stderr
