"""`anling quote`: what the rules say to worked cases, out of files alone, without a database."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from config.main_roads import Kit

POLICIES = Path(__file__).parent / "policies"
"""The rules that come with the program."""


def add_money(cli: click.Group, kit: Kit) -> None:
    """Adds the command."""

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
