"""The commands about the database: bringing it up to date, backups, putting one back, looking it over."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from config.main_roads import Kit

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def add_db(cli: click.Group, kit: Kit) -> None:
    """Adds the group `db`."""

    @cli.group()
    def db() -> None:
        """The database."""

    _add_upgrade(db, kit)
    _add_backup(db, kit)
    _add_restore(db, kit)
    _add_check(db, kit)
    _add_key(db, kit)


def _add_upgrade(db: click.Group, kit: Kit) -> None:
    @db.command("upgrade")
    @click.option("--backup/--no-backup", default=True, show_default=True, help="A verified backup first.")
    @kit.config
    @click.pass_context
    @kit.says_no
    def upgrade(context: click.Context, backup: bool, config: Path | None) -> None:
        """Brings the tables up to date, after a verified backup."""
        from config.backup.upgrading import upgraded

        click.echo(upgraded(kit.settings(context, config), _config_of(context, config), backup=backup))


def _add_backup(db: click.Group, kit: Kit) -> None:
    @db.command("backup")
    @click.argument("folder", required=False, type=_FOLDER)
    @click.option("--list", "listed", is_flag=True, help="Only say which backups there are.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def backup(context: click.Context, folder: Path | None, listed: bool, as_json: bool, config: Path | None) -> None:
        """
        Copies the database while the service runs, and tries the copy by restoring it.

        Into FOLDER, or into the folder of the settings, where old ones are thinned by rule.
        """
        from config.backup.making import back_up, backups, folder_of
        from dispatch.clock import SystemClock

        settings = kit.settings(context, config)
        if listed:
            found = backups(folder or folder_of(settings))
            _show([_told(path, manifest) for path, manifest in found], as_json=as_json)
            sys.exit(0 if found else 1)
        made = back_up(settings, SystemClock(), into=folder, config=_config_of(context, config))
        answer = {
            **_told(made.folder, made.manifest), "left_out": list(made.manifest.left_out),
            "thinned": list(made.thinned), "not_copied": list(made.not_copied),
        }  # fmt: skip
        kit.tell(answer, as_json=as_json)
        for each in made.not_copied:
            click.echo(f"anling: not copied to {each}", err=True)
        sys.exit(1 if made.not_copied else 0)


def _add_restore(db: click.Group, kit: Kit) -> None:
    @db.command("restore")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--key", type=_FILE, help="A file with the private key of a sealed backup.")
    @click.option("--keys", is_flag=True, help="Take the backup's keys of links and cookies too.")
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def restore(
        context: click.Context, folder: Path, key: Path | None, keys: bool, as_json: bool, config: Path | None
    ) -> None:
        """
        Puts a verified backup in the place of the database. The service must be stopped.

        An SQLite database that is there is kept beside it. One on PostgreSQL is never written over: create an empty
        one, name it in database_url, and restore into that.
        """
        from config.backup.restoring import restore as put_back
        from config.commands import read_text
        from dispatch.clock import SystemClock

        private = read_text(key).strip() if key else ""
        done = put_back(kit.settings(context, config), folder, SystemClock(), key=private, take_keys=keys)
        found = done.restoration
        answer: dict[str, Any] = {
            "restored": str(folder), "made_at": done.manifest.made_at.isoformat(), "entries": done.manifest.entries,
            "open_alarms": found.open_alarms, "messages_withdrawn": found.withdrawn,
            "before": str(done.before) if done.before else None, "keys": dict(done.keys),
            "alarms_since": [dict(each) for each in found.lost],
        }  # fmt: skip
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
            return
        kit.tell({name: value for name, value in answer.items() if name != "alarms_since"}, as_json=False)
        for each in found.lost:
            click.echo(f"ask what became of: {each['number']}  {each['raised_at']}  {each['cause']}  {each['address']}")
        click.echo("Start the service, open the board and say of every open alarm what became of it: two minutes from")
        click.echo("then on they go on by themselves. Then press “Looked through” on /alive.")


def _add_check(db: click.Group, kit: Kit) -> None:
    @db.command("check")
    @click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
    @kit.json
    @kit.config
    @click.pass_context
    @kit.says_no
    def check(context: click.Context, path: Path | None, as_json: bool, config: Path | None) -> None:
        """Checks integrity and the chain of the record; of a backup, also that nothing was altered."""
        from config.backup.checking import faults
        from config.backup.manifest import altered, read_manifest
        from dispatch.store.database import sqlite_file

        if path is not None and path.is_dir():
            wrong = altered(path, read_manifest(path))
            found = [{"what": wrong, "cure": "take another backup, or its copy on the other disk"}] if wrong else []
        else:
            file = path or sqlite_file(kit.settings(context, config).database_url)
            if file is None:
                raise click.UsageError("PostgreSQL checks itself; name a backup or an SQLite file")
            found = [{"what": each.what, "cure": each.cure} for each in faults(file)]
        if as_json:
            click.echo(json.dumps({"sound": not found, "faults": found}, ensure_ascii=False))
        else:
            click.echo("\n".join(f"{each['what']}\n    → {each['cure']}" for each in found) or "sound")
        sys.exit(1 if found else 0)


def _add_key(db: click.Group, kit: Kit) -> None:
    @db.command("key")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @kit.says_no
    def key(file: Path) -> None:
        """Draws a pair of keys for sealed backups; the private one goes to FILE, which belongs far away from here."""
        from config.backup.seal import draw_key
        from dispatch.errors import Conflict

        if file.exists():
            raise Conflict(f"{file} is there already; a key that is written over opens nothing any more")
        private, public = draw_key()
        file.touch(mode=0o600)
        file.write_text(private + "\n", encoding="ascii")
        click.echo(f'[backup]\nrecipient = "{public}"')
        click.echo(f"Put {file} on a stick or on paper, away from this machine, and take it off this one.", err=True)


def _config_of(context: click.Context, config: Path | None) -> Path | None:
    from config.settings import settings_file

    return settings_file(config or context.find_root().obj)


def _told(folder: Path, manifest: Any) -> dict[str, Any]:
    return {
        "backup": str(folder), "made_at": manifest.made_at.isoformat(), "verified_at": manifest.verified_at.isoformat(),
        "bytes": manifest.size(), "entries": manifest.entries, "head": manifest.head, "revision": manifest.revision,
        "program": manifest.program, "sealed": bool(manifest.recipient), "broken": list(manifest.broken),
    }  # fmt: skip


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        sealed = "sealed" if row["sealed"] else "open"
        click.echo(f"{row['backup']}  {row['bytes']} bytes  {row['entries']} entries  {sealed}")
