"""
The libraries that decoding is measured beside, in an environment of their own: none of theirs is installed in ours.

`peers.txt` names them with their hashes. They are installed once, into `.peers/`, when they are first wanted; without a
network they are left out, and the figure says so. ANLING_BENCH_PEERS may name another Python that has them.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.architecture.tree import ROOT

LIST = Path(__file__).with_name("peers.txt")
INSTALLED = ROOT / ".peers"
LIMIT_S = 180.0


def python_with(package: str) -> tuple[str, str]:
    """A Python that can import the package, else why there is none."""
    named = os.environ.get("ANLING_BENCH_PEERS")
    python = named or str(INSTALLED / "bin" / "python")
    if not named and not _has(python, package) and (why := _install()):
        return "", why
    return (python, "") if _has(python, package) else ("", f"{package} is not in {python}")


def _has(python: str, package: str) -> bool:
    try:
        return subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _install() -> str:
    """Why it could not be done; empty when it was."""
    print(f"installing {LIST.name} into {INSTALLED} …", file=sys.stderr, flush=True)
    venv.create(INSTALLED, with_pip=True, clear=True)
    command = [INSTALLED / "bin" / "python", "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", LIST]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"they could not be installed within {LIMIT_S:g} s"
    return "" if done.returncode == 0 else f"they could not be installed: {done.stderr.strip()[-200:]}"
