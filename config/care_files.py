"""Reads what care keeps as data: standards of assessment, months' duties, the service list."""

import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from dispatch.errors import SLIPS, Misconfigured
from schedules.care.rules.assessment import Band, Standard
from schedules.care.rules.items import Item, ServiceList
from schedules.care.rules.month import Duty
from schedules.care.rules.standard import DUTIES

READ_ONLY_FACTS = frozenset({"watch", "response_minutes_max"})
"""Keys of a standard that no visit shows: kept for readers."""

T = TypeVar("T")


def read_standards(path: Path) -> dict[str, Standard]:
    """
    The standards of assessment in this file, by id.

    Raises:
        Misconfigured: it cannot be read, or a standard names a level that it does not have.
    """
    return _read(path, lambda said: {each["id"]: _standard(each) for each in said["standards"]})


def read_duties(folder: Path) -> tuple[dict[str, Duty], list[str]]:
    """
    The months' duties in the `.toml` files of this folder, by id, and a sentence for each file that is wrong: it cannot
    be read, has a key that nobody knows, or the id of another. Of two with one id neither is used.
    """
    found: dict[str, Duty] = {}
    wrong: list[str] = []
    twice: set[str] = set()
    for path in _tomls(folder):
        try:
            duty = _read(path, _duty)
        except Misconfigured as refused:
            wrong.append(refused.detail)
            continue
        if duty.id in found:
            twice.add(duty.id)
            wrong.append(f"{path}: another file has the id {duty.id!r}; neither is used")
        found[duty.id] = duty
    if not found and not wrong:
        wrong.append(f"{folder}: there is no standard of a month's duty: put a .toml file there")
    return {id_: each for id_, each in found.items() if id_ not in twice}, wrong


def _tomls(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml"))
    except OSError:  # A folder that may not be looked into has none.
        return []


def read_items(path: Path) -> ServiceList:
    """
    The service list in this file.

    Raises:
        Misconfigured: it cannot be read, two items have one code, or a type is none of the six.
    """
    return _read(path, _list)


def _read(path: Path, make: Callable[[dict[str, Any]], T]) -> T:
    try:
        return make(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, *SLIPS) as error:
        raise Misconfigured(str(path), f"cannot be read: {error!r}; compare with the file of the program") from None


def _standard(said: dict[str, Any]) -> Standard:
    made = Standard(
        id=str(said["id"]), title=str(said["title"]), levels=tuple(said["levels"]),
        score_max=int(said.get("score_max", 0)), at_once=dict(said.get("at_once", {})),
        bands=tuple(Band(level=each["level"], least=int(each["least"])) for each in said.get("bands", [])),
        raising=tuple(said.get("raising", ())), raise_once=said.get("raise_once", True) is True,
        valid_months=int(said["valid_months"]),
    )  # fmt: skip
    named = {each.level for each in made.bands} | set(made.at_once.values())
    if not named <= set(made.levels) or made.valid_months < 1:
        raise ValueError(f"{made.id}: a level that is not among its levels, or no month of validity")
    leasts = [each.least for each in made.bands]
    if leasts != sorted(set(leasts), reverse=True) or (leasts and leasts[-1] != 0):
        raise ValueError(f"{made.id}: the bands go from the highest score down to 0")
    return made


def _duty(said: dict[str, Any]) -> Duty:
    numbers = {key: value for key, value in said["standard"].items() if key not in READ_ONLY_FACTS}
    unknown = sorted(set(numbers) - set(DUTIES))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(DUTIES))}")
    return Duty(
        id=str(said["id"]), title=str(said["title"]), source=str(said.get("source", "")),
        prorated=said.get("prorated", False) is True,
        numbers={key: Fraction(value) for key, value in numbers.items()},
    )  # fmt: skip


def _list(said: dict[str, Any]) -> ServiceList:
    types = {str(code): str(name) for code, name in said["types"].items()}
    items = [
        Item(code=str(each["code"]), type=str(each["type"]), basic=each["basic"] is True, name=str(each["name"]))
        for each in said["items"]
    ]
    if len({each.code for each in items}) != len(items):
        raise ValueError("two items have the same code")
    if not {each.type for each in items} <= set(types):
        raise ValueError("an item has a type that is not among the types")
    return ServiceList(types=types, items=items)
