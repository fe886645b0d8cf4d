"""The commands about personal data: given out, erased, and kept no longer than needed."""

import base64
from pathlib import Path
from typing import Any

import click

from config.main_roads import Kit


def add_privacy(cli: click.Group, kit: Kit) -> None:
    """Adds the commands."""
    by = click.option("--by", required=True, help="The login of whoever does it.")
    reason = click.option("--reason", required=True, help="Why; kept in the record.")

    @cli.group()
    def privacy() -> None:
        """One resident's data given out or erased, requests, and how long what is kept."""

    def _change(context: click.Context, config: Path | None, command: str, **arguments: Any) -> dict[str, Any]:
        from config.commands import change

        return change(kit.settings(context, config), command, **arguments)

    @privacy.command("export")
    @click.argument("resident")
    @by
    @reason
    @click.option(
        "--out", type=click.Path(dir_okay=False, path_type=Path), help="The zip; personal-data.zip without it."
    )
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def export(
        context: click.Context, resident: str, by: str, reason: str, out: Path | None, as_json: bool,
        config: Path | None,
    ) -> None:  # fmt: skip
        """Everything kept about the resident with this code, for programs and people, in one zip (mode 0600)."""
        answer = _change(context, config, "privacy_export", resident=resident, by=by, reason=reason)
        target = out or Path("personal-data.zip")
        target.touch(mode=0o600)
        target.chmod(0o600)
        target.write_bytes(base64.b64decode(answer.pop("zip")))
        kit.tell({**answer, "file": str(target)}, as_json=as_json)

    @privacy.command("ask")
    @click.argument("resident")
    @click.option("--kind", type=click.Choice(["access", "correction", "erasure", "withdrawal"]), required=True)
    @click.option("--asked-by", required=True, help="Who asks, in words.")
    @by
    @reason
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def ask(
        context: click.Context, resident: str, kind: str, asked_by: str, by: str, reason: str, as_json: bool,
        config: Path | None,
    ) -> None:  # fmt: skip
        """Writes down what somebody asked about a resident's data; an erasure then needs a second person."""
        words = {"resident": resident, "kind": kind, "asked_by": asked_by, "reason": reason, "by": by}
        kit.tell(_change(context, config, "privacy_ask", **words), as_json=as_json)

    @privacy.command("approve")
    @click.argument("request")
    @by
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def approve(context: click.Context, request: str, by: str, as_json: bool, config: Path | None) -> None:
        """Agrees to an erasure that somebody else wrote down, and does it."""
        kit.tell(_change(context, config, "privacy_approve", request=request, by=by), as_json=as_json)

    @privacy.command("requests")
    @click.option("--most", default=200, show_default=True, help="So many at most, open ones first.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def requests(context: click.Context, most: int, as_json: bool, config: Path | None) -> None:
        """What was asked, and by when it has to be answered."""
        kit.tell(_change(context, config, "privacy_requests", most=most), as_json=as_json)

    @privacy.command("reapply")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def reapply(context: click.Context, as_json: bool, config: Path | None) -> None:
        """After a backup was restored: erases again whoever was erased since. Exit 1 if somebody could not be."""
        answer = _change(context, config, "privacy_reapply")
        kit.tell(answer, as_json=as_json)
        context.exit(1 if answer["left"] else 0)

    @privacy.command("retention")
    @click.option("--dry-run", is_flag=True, help="Only what would go now.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def retention(context: click.Context, dry_run: bool, as_json: bool, config: Path | None) -> None:
        """Erases what is older than the rules of privacy.retention allow; the service does it each night by itself."""
        answer = _change(context, config, "privacy_retention", dry_run=dry_run)
        kit.tell(answer if as_json else next(iter(answer.values())), as_json=as_json)

    @privacy.command("sweep")
    @kit.config
    @click.pass_context
    @kit.says_no
    def sweep(context: click.Context, config: Path | None) -> None:
        """Writes the SQLite file anew, without what lay in its free pages before; the service must be stopped."""
        from config.commands import Declined
        from config.databases import Ownership
        from dispatch.store.database import vacuum

        settings = kit.settings(context, config)
        owner = Ownership(settings)
        if not owner.take():
            raise Declined("the service is running: stop it first, because nothing can be written meanwhile")
        try:
            vacuum(settings.database_url)
        finally:
            owner.release()
        click.echo("swept")
