"""The locks pin every package by hash and say nothing about where packages come from."""

import re
import tomllib

import pytest

from tests.architecture.tree import ROOT

LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?: ; .+)? \\$")
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
    assert [line for line in lines(lock) if not (PIN.match(line) or HASH.match(line))] == []


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
