"""`anling sheet`: the duty sheet for paper, from the database alone, so that it works while the service does not."""

from pathlib import Path

import click

from config.main_roads import Kit


def add_board(cli: click.Group, kit: Kit) -> None:
    """Adds the command."""

    @cli.command()
    @click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file that only you may read.")
    @click.option("--pdf", is_flag=True, help="As PDF; needs Pango and a file.")
    @click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
    @kit.config
    @click.pass_context
    @kit.says_no
    def sheet(context: click.Context, out: Path | None, pdf: bool, lang: str, config: Path | None) -> None:
        """Prints the duty sheet: open alarms, who is on duty, every home with its contacts. HTML that prints on A4."""
        from config.duty_sheet import NoPrinter, as_pdf, duty_sheet
        from dispatch.dark.sheets import write_private

        page = duty_sheet(kit.settings(context, config), lang=lang)
        if pdf and out is None:
            raise NoPrinter("say where the PDF goes: --out FILE")
        if out is None:
            click.echo(page)
            return
        write_private(out, as_pdf(page) if pdf else page)
        click.echo(out)
