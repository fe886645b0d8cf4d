"""The commands about roads: the siren, exercises, and streets in the shadow."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from config.settings import Settings

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What every command of `config.main` has: how it says no, its settings, its answers, and two options."""

    says_no: Callable[[Command], Command]
    settings: Callable[[click.Context, Path | None], "Settings"]
    tell: Callable[..., None]
    json: Callable[[Command], Command]
    config: Callable[[Command], Command]


def add_roads(cli: click.Group, kit: Kit) -> None:
    """Adds the commands."""
    _add_siren(cli)
    _add_drill(cli, kit)
    _add_shadow(cli, kit)


def _add_siren(cli: click.Group) -> None:
    @cli.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def siren(context: click.Context, arguments: tuple[str, ...]) -> None:
        """Makes noise when nothing gets through: a process of its own that needs no library. --help says more."""
        config = context.find_root().obj
        more = ["--config", str(config)] if config else []
        # In place of this process, so that not a single library of the service stays in it.
        os.execv(sys.executable, [sys.executable, "-m", "dispatch.horn", *more, *arguments])  # noqa: S606


def _add_drill(cli: click.Group, kit: Kit) -> None:
    @cli.command()
    @click.option("--gateway", default="", help="The gateway to begin at; without it the path tried longest ago.")
    @click.option("--provider", default="", help="The message provider to take.")
    @click.option("--channel", type=click.Choice(["", "sms", "voice"]), default="", help="The channel to take.")
    @click.option("--by", default="", help="The login of whoever orders it.")
    @click.option("--list", "listed", is_flag=True, help="Only what came of the last ones, and which paths lack one.")
    @click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the result; exit 1 if it failed.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def drill(
        context: click.Context, by: str, listed: bool, wait: bool, as_json: bool, config: Path | None, **path: str
    ) -> None:
        """Raises an exercise on a real path, marked as one in every word, and tells what came of it."""
        from config.roads import begin_drill, show_drills

        settings = kit.settings(context, config)
        if listed:
            sys.exit(show_drills(settings, as_json=as_json))
        if not by:
            raise click.UsageError("--by LOGIN: a named person orders an exercise")
        sys.exit(begin_drill(settings, by=by, wait=wait, as_json=as_json, **path))


def _add_shadow(cli: click.Group, kit: Kit) -> None:
    by = click.option("--by", required=True, help="The login of whoever orders it.")

    @cli.group()
    def shadow() -> None:
        """Streets that are only listened to, for a cut-over."""

    @shadow.command("on")
    @click.argument("street")
    @by
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def on(context: click.Context, street: str, by: str, as_json: bool, config: Path | None) -> None:
        """From now on this street ('*': all not named) is heard and decided for, and nobody is told."""
        _switch(context, config, "shadow", street=street, by=by, as_json=as_json)

    @shadow.command("off")
    @click.argument("street")
    @by
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def off(context: click.Context, street: str, by: str, as_json: bool, config: Path | None) -> None:
        """From now on this street is live; alarms that are open there are told to everybody at once."""
        _switch(context, config, "live", street=street, by=by, as_json=as_json)

    @shadow.command("list")
    @click.option("--most", default=200, show_default=True, help="So many messages at most, the newest first.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def listed(context: click.Context, most: int, as_json: bool, config: Path | None) -> None:
        """How every street stands, and what would have been sent."""
        from config.roads import show_shadow

        sys.exit(show_shadow(kit.settings(context, config), most=most, as_json=as_json))

    def _switch(context: click.Context, config: Path | None, mode: str, *, street: str, by: str, as_json: bool) -> None:
        from config.commands import change

        answer = change(kit.settings(context, config), "shadow_switch", area=street, mode=mode, by=by)
        kit.tell(answer, as_json=as_json)
