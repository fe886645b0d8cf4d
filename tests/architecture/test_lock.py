"""The locks pin every package by hash and say nothing about where packages come from."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.need import need

LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?: ; .+)? \\$")
RESOLVED = re.compile(r"^# resolved 20\d\d-[01]\d-[0-3]\d$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text(encoding="ascii").splitlines()


def pins(lock: str) -> dict[str, str]:
    return {found["name"]: found["version"] for found in map(PIN.match, lines(lock)) if found}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(needs: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", need, maxsplit=1)[0].lower().replace("_", "-") for need in needs}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_or_a_hash(lock):
    """But for the first of the lock that runs, which says when everything in it was the newest."""
    other = [line for line in lines(lock) if not (PIN.match(line) or HASH.match(line))]
    assert len(other) == (lock == "requirements.lock")
    assert all(RESOLVED.match(line) for line in other)
    assert not other or lines(lock)[0] == other[0]


UV = """#!/bin/sh
case "$*" in *--upgrade*) pin=2.0 ;; *) pin=1.0 ;; esac
while [ "$1" != -o ]; do shift; done
printf 'flask==%s\\n' "$pin" >"$2"
"""


def made(folder: Path, *words: str) -> str:
    command = ["make", "-s", "-C", str(folder), "-f", str(ROOT / "Makefile"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_new_lock_says_when_everything_in_it_was_the_newest(tmp_path):
    """And only then: one that keeps what is there keeps its day."""
    need(shutil.which("make"), "make not found: apt install make")
    uv, lock = tmp_path / "uv", tmp_path / "requirements.lock"
    uv.write_text(UV, encoding="utf-8")
    uv.chmod(0o755)
    lock.write_text("# resolved 2020-02-02\nflask==0.9\n", encoding="utf-8")
    made(tmp_path, "lock", f"UV={uv}", "UPGRADE=")
    assert lock.read_text(encoding="utf-8") == "# resolved 2020-02-02\nflask==1.0\n"
    made(tmp_path, "lock", f"UV={uv}")
    head, pin = lock.read_text(encoding="utf-8").splitlines()
    assert pin == "flask==2.0"
    assert RESOLVED.match(head)
    assert head > "# resolved 2020-02-02"
    assert {each.name for each in tmp_path.iterdir()} == {"uv", *LOCKS}


def test_holes_are_asked_for_by_the_lock_alone(tmp_path):
    need(shutil.which("make"), "make not found: apt install make")
    said = made(tmp_path, "advisories", "AUDIT=echo")
    assert said.split() == ["--require-hashes", "--disable-pip", "-r", "requirements.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock):
    text = lines(lock)
    assert len(pins(lock)) > 40
    assert [line for line, below in zip(text, [*text[1:], ""], strict=True) if PIN.match(line) and not HASH.match(below)] == []  # noqa: E501  # fmt: skip


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("stray", ["://", " @ ", "--index", "--find-links", "--trusted", "--extra-index"])
def test_no_line_says_where_packages_come_from(lock, stray):
    assert [line for line in lines(lock) if stray in line] == []


def test_the_lock_holds_every_package_the_project_names():
    assert names(project()["dependencies"]) - set(pins("requirements.lock")) == set()
    assert names(project()["optional-dependencies"]["dev"]) - set(pins("requirements-dev.lock")) == set()


def test_both_locks_agree():
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_the_lock_is_enough_to_install_the_project_itself():
    """The project is installed without build isolation, so its build back end has to be in the lock."""
    assert "setuptools" in pins("requirements.lock")
