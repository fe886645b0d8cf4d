"""What may be changed from outside pages: by a command that owns the database, or through the running service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from argon2 import PasswordHasher

from config.admin import ask
from config.databases import Ownership
from config.district import read_district
from config.files import parse_toml_text
from config.loading import load_into
from config.settings import Settings
from config.wiring import House, build
from config.wiring_roads import operator_of
from dispatch.accounts.second_step import SecondStep
from dispatch.accounts.sign_in import SignIn
from dispatch.accounts.staff import Staff, area_of
from dispatch.clock import SystemClock
from dispatch.errors import Refusal
from dispatch.ids import new_id
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.rights import Role
from dispatch.store.accounts import Operator
from dispatch.store.drills import Drill
from dispatch.web.account.words import SCOPES, unknown

Commands = dict[str, Callable[..., dict[str, Any]]]


class Declined(Refusal):
    """The running service said no; the detail is its own."""


def commands_of(house: House) -> Commands:
    """The changes a house can make, by name. Each takes and gives plain values."""
    rooms = [of(house) for of in _OF_ROOMS.values()]
    return {name: command for each in (_own(house), *rooms) for name, command in each.items()}


def command_of(house: House, name: str) -> Callable[..., dict[str, Any]]:
    """One of them; the rooms beside alarms are furnished only where it needs them."""
    return _OF_ROOMS.get(name.partition("_")[0], _own)(house)[name]


def _privacy(house: House) -> Commands:
    from config.commands_after import after_commands

    return after_commands(house, partial(_named, house))


def _lists(house: House) -> Commands:
    from config.lists.commands import list_commands

    return list_commands(house)


def _money(house: House) -> Commands:
    from config.money_commands import money_commands

    return money_commands(house, partial(_named, house))


_OF_ROOMS: Mapping[str, Callable[[House], Commands]] = MappingProxyType(
    {"privacy": _privacy, "list": _lists, "money": _money}
)
"""
By the first word of their names: those that need the rooms beside alarms. Whoever adds a login by itself waits neither
for those rooms nor for what they import.
"""


def _named(house: House, login: str) -> Person:
    by = operator_of(house.reading, login)
    if by is None:
        raise Declined(f"nobody signs in as '{login}'; anling user add")
    return by


def _own(house: House) -> Commands:

    def load(text: str, name: str) -> dict[str, Any]:
        loaded = load_into(house.transactions, read_district(parse_toml_text(text, name=name)))
        house.forget()
        return asdict(loaded)

    def user_add(
        login: str, name: str, password: str, phone: str | None, lang: str, roles: Sequence[str] = (),
        stations: Sequence[str] = (),
    ) -> dict[str, Any]:  # fmt: skip
        sign_in = SignIn(house.transactions, house.reading, house.clock, PasswordHasher())
        operator = sign_in.add_operator(
            login, name, password, phone=phone, lang=lang, roles=frozenset(map(Role, roles or Role)),
            area=area_of(stations, house.reading),
        )  # fmt: skip
        sign_in.close()
        return {"login": operator.login, "id": operator.id}

    def user_list() -> dict[str, Any]:
        sign_in = SignIn(house.transactions, house.reading, house.clock, PasswordHasher())
        return {"users": [user_row(each) for each in sign_in.operators()]}

    def user_reset(login: str, factor: bool) -> dict[str, Any]:
        sign_in = SignIn(house.transactions, house.reading, house.clock, PasswordHasher())
        found = next((each for each in sign_in.operators() if each.login == login), None)
        if found is None:
            raise Declined(f"nobody signs in as '{login}'; anling user list")
        code = Staff(sign_in).reset(found.id, factor=factor, by=SERVICE)
        sign_in.close()
        return {"login": login, "code": code, "good_for_hours": 24}

    def user_seal() -> dict[str, Any]:
        sign_in = SignIn(house.transactions, house.reading, house.clock, PasswordHasher())
        return {"sealed_code": SecondStep(sign_in).seal()}

    def key_add(name: str, scope: str, gateways: Sequence[str] = ()) -> dict[str, Any]:
        if unknown(scope):
            raise Declined(
                f"no address asks a key for '{unknown(scope)}'; a scope is one or more of {', '.join(SCOPES)}"
            )
        made = house.keys.new_key(name, scope, gateways=gateways)
        return {"key": made, "name": name, "scope": scope, "gateways": list(gateways)}

    named = partial(_named, house)

    def drill(gateway: str, provider: str, channel: str, by: str) -> dict[str, Any]:
        if not house.settings.gateways:
            raise Declined("an exercise begins at a gateway of this machine, and none is set up: [[gateways]]")
        if not house.hearing:
            raise Declined("the service is not running: an exercise takes the way of a real alarm; anling serve")
        return drill_row(house.roads.drilling.begin(gateway=gateway, provider=provider, channel=channel, by=named(by)))

    def drill_list(most: int) -> dict[str, Any]:
        untested = house.roads.drilling.untested(house.clock.now())
        return {
            "drills": [drill_row(each) for each in house.roads.drilling.recent(most)],
            "untested": [
                {**asdict(path), "passed_at": at.isoformat() if at else None} for path, at in sorted(untested.items())
            ],
        }

    def shadow_switch(area: str, mode: str, by: str) -> dict[str, Any]:
        went_live = house.roads.shadowing.switch(area, mode, by=named(by))
        return {"street": area, "mode": mode, "alarms_gone_live": went_live}

    def shadow_list(most: int) -> dict[str, Any]:
        shadowing = house.roads.shadowing
        return {
            "streets": shadowing.streets(),
            "switches": [{**asdict(each), "at": each.at.isoformat()} for each in shadowing.switches()],
            "would_have": [
                {**asdict(each), "posted_at": each.posted_at.isoformat()} for each in shadowing.would_have(most)
            ],
        }

    return {
        "load": load, "user_add": user_add, "user_list": user_list, "user_reset": user_reset, "user_seal": user_seal,
        "key_add": key_add, "drill": drill, "drill_list": drill_list,
        "shadow_switch": shadow_switch, "shadow_list": shadow_list,
    }  # fmt: skip


def user_row(operator: Operator) -> dict[str, Any]:
    """An account as plain values."""
    return {
        "id": operator.id, "login": operator.login, "name": operator.name, "roles": sorted(operator.roles),
        "stations": sorted(operator.area.stations or ()), "disabled": operator.disabled,
        "second_factor": operator.factor_at is not None,
    }  # fmt: skip


def drill_row(drill: Drill) -> dict[str, Any]:
    """A drill as plain values."""
    row = asdict(drill) | {"path": str(drill.path)}
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}


def change(settings: Settings, command: str, **arguments: Any) -> dict[str, Any]:
    """
    Makes a change: as the writer when nobody holds the database, else through the running service.

    Raises:
        Refusal: it was refused, and why.
    """
    owner = Ownership(settings)
    if owner.take():
        try:
            return _by_ourselves(settings, command, arguments)
        finally:
            owner.release()
    answer = ask(settings.home, command, **arguments)
    if answer is None:
        raise Declined("another process holds the database and does not answer; is it starting?")
    if not answer.pop("ok"):
        raise Declined(str(answer["detail"]))
    return answer


def _by_ourselves(settings: Settings, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    house = build(settings, SystemClock(), new_id)
    try:
        return command_of(house, command)(**arguments)
    finally:
        house.stop()


def read_text(path: Path) -> str:
    """A file's text, or a refusal that says what is wrong with it."""
    try:
        return path.read_text(encoding="utf-8-sig")  # editors of Windows write a mark before the first letter
    except UnicodeDecodeError:
        raise Declined(f"{path} is not UTF-8 text. Save the file as UTF-8.") from None
    except OSError as error:
        raise Declined(f"{path} cannot be read: {error}") from None


def read_bytes(path: Path) -> bytes:
    """A file's bytes, or a refusal that says what is wrong with it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Declined(f"{path} cannot be read: {error}") from None
