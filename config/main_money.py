"""`anling quote`: what the rules say to worked cases, out of files alone; `anling money`: months of the ledger."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from config.main_roads import Kit

POLICIES = Path(__file__).parent / "policies"
"""The rules that come with the program."""


def add_money(cli: click.Group, kit: Kit) -> None:
    """Adds the commands."""
    _add_quote(cli, kit)

    @cli.group()
    def money() -> None:
        """The ledger of public money."""

    _add_close(money, kit)
    _add_export(money, kit)
    _add_servings(money, kit)
    _add_bills(money, kit)
    _add_operators(money, kit)
    _add_visits(money, kit)


def _add_quote(cli: click.Group, kit: Kit) -> None:
    @cli.command()
    @click.argument("file", type=click.File("rb"), default="-")
    @click.option("--policies", type=click.Path(file_okay=False, path_type=Path), default=POLICIES, help="Folder of policy files; without it those that come with anling.")  # noqa: E501  # fmt: skip
    @click.option("--explain", "lang", type=click.Choice(["zh", "en"]), help="Add the reasons of every answer.")
    @click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day of cases that say none.")
    @click.option("--rounding", type=click.Choice(["half_up", "half_even", "down"]), default="half_up", show_default=True, help="How a share becomes whole fen.")  # noqa: E501  # fmt: skip
    @click.option("--leap-day", type=click.Choice(["mar_1", "feb_28"]), default="mar_1", show_default=True, help="When somebody born on 29 February is a year older.")  # noqa: E501  # fmt: skip
    @kit.says_no
    def quote(file: Any, policies: Path, lang: str | None, day: datetime | None, rounding: str, leap_day: str) -> None:
        """Reads JSON lines of cases and prints what the rules give for each, a line each. Exit 1 if one is bad."""
        from config.quoting import quote_lines

        default_day = day.date() if day else None
        sys.exit(quote_lines(file, sys.stdout, policies=policies, lang=lang, day=default_day, rounding=rounding, leap_day=leap_day))  # noqa: E501  # fmt: skip


def _add_close(money: click.Group, kit: Kit) -> None:
    @money.command("close")
    @click.argument("month")
    @click.option("--by", default="", help="Your sign-in name, for the record.")
    @click.option("--policies", type=click.Path(exists=True, file_okay=False, path_type=Path), default=POLICIES, help="Folder of the rules in use.")  # noqa: E501  # fmt: skip
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def close(context: click.Context, month: str, by: str, policies: Path, as_json: bool, config: Path | None) -> None:
        """
        Closes a month that is over, once and for ever; its hash goes into the record.

        One that was broken off is taken up again by the same command. The service may run meanwhile.
        """
        from config.commands import change
        from config.money_commands import close_month
        from dispatch.store.database import reading_engine

        settings = kit.settings(context, config)
        told = close_month(
            partial(change, settings),
            reading_engine(settings.database_url),
            month,
            by=by,
            progress=_bar(as_json),
            policies=policies,
        )
        click.echo(json.dumps(told)) if as_json else kit.tell(told, as_json=False)


def _add_export(money: click.Group, kit: Kit) -> None:
    @money.command("export")
    @click.argument("month")
    @click.option("--csv", "as_csv", is_flag=True, help="A line for each posting, instead of JSON lines of entries.")
    @click.option("--policies", type=click.Path(file_okay=False, path_type=Path), help="Write the rules that were used into this folder.")  # noqa: E501  # fmt: skip
    @kit.config
    @click.pass_context
    @kit.says_no
    def export(context: click.Context, month: str, as_csv: bool, policies: Path | None, config: Path | None) -> None:
        """Prints every entry of a month; config/recompute_money.py counts it again from this alone."""
        from config.money_commands import export_month
        from dispatch.store.database import reading_engine

        reading = reading_engine(kit.settings(context, config).database_url)
        export_month(reading, month, sys.stdout, form="csv" if as_csv else "json", policies=policies)


def _add_servings(money: click.Group, kit: Kit) -> None:
    @money.command("servings")
    @click.argument("month")
    @kit.config
    @click.pass_context
    @kit.says_no
    def servings(context: click.Context, month: str, config: Path | None) -> None:
        """Prints every meal of a month with the facts its rule was asked with, for recompute_money.py --meals."""
        from config.money_servings import export_servings
        from dispatch.store.database import reading_engine

        export_servings(reading_engine(kit.settings(context, config).database_url), month, sys.stdout)


def _add_bills(money: click.Group, kit: Kit) -> None:
    @money.command("bills")
    @click.argument("month")
    @kit.config
    @click.pass_context
    @kit.says_no
    def bills(context: click.Context, month: str, config: Path | None) -> None:
        """Prints every bed, bill and call fee of a month with the facts behind it, for recompute_money.py --bills."""
        from config.commands import change

        for each in change(kit.settings(context, config), "money_bills", month=month)["bills"]:
            click.echo(json.dumps(each, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _add_operators(money: click.Group, kit: Kit) -> None:
    @money.command("operators")
    @click.argument("month")
    @kit.config
    @click.pass_context
    @kit.says_no
    def operators(context: click.Context, month: str, config: Path | None) -> None:
        """Prints whom a month pays for serving, and for which days, for recompute_money.py --operators."""
        from config.commands import change

        for each in change(kit.settings(context, config), "money_operators", month=month)["dues"]:
            click.echo(json.dumps(each, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _add_visits(money: click.Group, kit: Kit) -> None:
    @money.command("visits")
    @click.argument("month")
    @kit.config
    @click.pass_context
    @kit.says_no
    def visits(context: click.Context, month: str, config: Path | None) -> None:
        """Prints every visit of a month with what speaks for and against it, for recompute_money.py --visits."""
        from config.money_visits import export_visits
        from dispatch.store.database import reading_engine

        export_visits(reading_engine(kit.settings(context, config).database_url), month, sys.stdout)


def _bar(as_json: bool) -> Callable[[int, int], None]:
    """A bar on standard error when somebody is looking."""
    if as_json or not sys.stderr.isatty():
        return lambda _done, _of: None
    return lambda done, of: click.echo(
        f"\r{done:,} / {of:,} {'█' * (30 * done // max(of, 1))}", nl=done >= of, err=True
    )
