"""`anling coverage`: which homes nobody on duty could reach in time, now, at an instant or for days ahead."""

import sys
from pathlib import Path

import click

from config.main_roads import Kit
from dispatch.errors import Misconfigured


def add_coverage(cli: click.Group, kit: Kit) -> None:
    """Adds the command."""

    @cli.command()
    @click.option("--at", "moment", help='An instant, like "2026-12-24T02:30", in the time of the district; "now".')
    @click.option("--ahead", type=click.IntRange(1, 60), help="So many days from now; without either, as the settings.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def coverage(
        context: click.Context, moment: str | None, ahead: int | None, as_json: bool, config: Path | None
    ) -> None:
        """Which homes no carer on duty can reach in 15 minutes (30 in the country). Exit 1: some; 2: it cannot tell."""
        from config.coverage import show_ahead, show_at

        settings = kit.settings(context, config)
        if moment is not None and ahead is not None:
            raise click.UsageError("either --at or --ahead")
        try:
            if moment is not None:
                sys.exit(show_at(settings, moment, as_json=as_json))
            sys.exit(show_ahead(settings, ahead or settings.coverage.ahead_days or 14, as_json=as_json))
        except Misconfigured as wrong:
            # Not 1: whoever asks by program must not take "cannot look" for "homes are alone".
            click.echo(f"anling: {wrong.detail}", err=True)
            sys.exit(2)
