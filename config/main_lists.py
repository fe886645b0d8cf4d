"""The commands for programs and lists: registers out of Excel and into it, the description of the interface."""

import base64
import sys
from pathlib import Path
from typing import Any

import click

from config.main_roads import Kit

KINDS = ("residents", "carers", "devices", "shifts", "canteens")


def add_lists(cli: click.Group, kit: Kit) -> None:
    """Adds the commands."""
    _add_import(cli, kit)
    _add_export(cli, kit)
    _add_openapi(cli)


def _add_openapi(cli: click.Group) -> None:
    @cli.command()
    @click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Else standard output.")
    def openapi(output: Path | None) -> None:
        """Writes the description of the programming interface (OpenAPI 3.1)."""
        from config.description import describe

        if output is None:
            click.echo(describe(), nl=False)
        else:
            output.write_text(describe(), encoding="utf-8")


def _add_import(cli: click.Group, kit: Kit) -> None:
    @cli.command("import")
    @click.argument("kind", type=click.Choice(KINDS))
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--column", "columns", multiple=True, metavar="HEAD=FIELD", help="Which column is which; FIELD - none."
    )
    @click.option("--datum", type=click.Choice(["wgs84", "gcj02"]), default="wgs84", show_default=True)
    @click.option("--by", default="", help="The login of whoever imports.")
    @click.option("--dry-run", "dry", is_flag=True, help="Only look: nothing is written.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def import_(
        context: click.Context, kind: str, file: Path, columns: tuple[str, ...], datum: str, by: str, dry: bool,
        as_json: bool, config: Path | None,
    ) -> None:  # fmt: skip
        """Reads a register from Excel, ODS or CSV: every bad row with its reason, all or nothing."""
        from config.commands import change, read_bytes

        said = dict(each.partition("=")[::2] for each in columns)
        answer = change(
            kit.settings(context, config), "list_import", kind=kind, name=file.name, by=by, datum=datum, dry=dry,
            content=base64.b64encode(read_bytes(file)).decode(), columns=said,
        )  # fmt: skip
        if as_json:
            kit.tell(answer, as_json=True)
        else:
            _say(answer)
        sys.exit(0 if answer["imported"] or (dry and answer["ready"]) else 1)


def _say(answer: dict[str, Any]) -> None:
    for each in answer["problems"]:
        mark = "" if each["grave"] else "(only a warning) "
        click.echo(
            f"row {each['row']}, {each['column']} “{each['cell']}”: {mark}{each['reason']}; {each['cure']}", err=True
        )
    for name in answer["missing"]:
        click.echo(f"no column for {name}: name it with --column HEAD={name}", err=True)
    for name, titles in answer["ambiguous"].items():
        click.echo(
            f"several columns for {name}: {', '.join(titles)}; leave others aside with --column HEAD=-", err=True
        )
    if answer["unknown"]:
        click.echo(f"left aside: {', '.join(answer['unknown'])}", err=True)
    done = "imported" if answer["imported"] else "nothing was imported"
    click.echo(f"{done}: {answer['rows']} rows, {answer['new']} new, {answer['changed']} changed")


def _add_export(cli: click.Group, kit: Kit) -> None:
    @cli.command("export")
    @click.argument("kind", type=click.Choice(KINDS))
    @click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Else standard output.")
    @click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
    @click.option("--full", is_flag=True, help="Whole telephone numbers, illnesses and keys; needs --reason and --by.")
    @click.option("--reason", default="", help="Why it is needed whole; kept in the record.")
    @click.option("--by", default="", help="The login of whoever exports.")
    @kit.config
    @click.pass_context
    @kit.says_no
    def export_(
        context: click.Context, kind: str, output: Path | None, form: str, full: bool, reason: str, by: str,
        config: Path | None,
    ) -> None:  # fmt: skip
        """Writes a register as a list that `import` reads; masked unless --full."""
        from config.commands import change

        if full and not (reason.strip() and by):
            raise click.UsageError("--full needs --reason and --by LOGIN")
        answer = change(
            kit.settings(context, config), "list_export", kind=kind, form=form, full=full, reason=reason, by=by
        )
        content = base64.b64decode(answer["content"])
        if output is None:
            sys.stdout.buffer.write(content)
            return
        output.touch(mode=0o600)
        output.write_bytes(content)
