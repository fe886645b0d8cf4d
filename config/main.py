"""
The command line: `anling COMMAND`.

Exit 0: done, or yes. 1: it says no, in one sentence. 2: wrong use. `--json` wherever a program may read the answer.
"""

import gc
import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from config.broken import broken, sentence_of
from config.main_board import add_board
from config.main_coverage import add_coverage
from config.main_db import add_db
from config.main_lists import add_lists
from config.main_money import add_money
from config.main_privacy import add_privacy
from config.main_roads import Kit, add_roads
from dispatch.errors import Refusal
from dispatch.rules.rights import Role

if TYPE_CHECKING:
    from config.settings import Settings

Command = Callable[..., Any]


def main() -> None:
    """The entry point of `anling`."""
    if not __debug__:
        # Assertions guard invariants (an open alarm always has a due_at); without them the service is another one.
        sys.exit("anling does not run under python -O: its assertions are part of it")
    cli(prog_name="anling")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file (or ANLING_CONFIG).")
@click.version_option(package_name="anling", message="%(version)s")
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """安铃 anling: an old person presses a button; somebody stands in the room."""
    context.obj = config


def says_no(command: Command) -> Command:
    """A refusal is one sentence on standard error and exit 1, never a traceback."""

    @wraps(command)
    def told(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except Refusal as refusal:
            click.echo(f"anling: {refusal.detail}", err=True)
            sys.exit(1)
        except broken() as failure:
            click.echo(f"anling: {sentence_of(failure)}", err=True)
            sys.exit(1)

    return told


def _settings(context: click.Context, config: Path | None = None) -> "Settings":
    from config.settings import load_settings

    _log_beside()
    return load_settings(config or context.find_root().obj)


def _log_beside() -> None:
    """What a command prints is for whoever reads its answer; only what runs as a service has its log there."""
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def _tell(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    for key, value in answer.items():
        click.echo(f"{key:>12}  {value}")


_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
_CONFIG = click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file.")


# ------------------------------------------------------------------------------------------------- running it


@cli.command()
@click.option("--roles", default="web,engine,gateway,planner", show_default=True, help="What this process does.")
@_CONFIG
@click.pass_context
@says_no
def serve(context: click.Context, roles: str, config: Path | None) -> None:
    """Runs the service. SIGTERM stops it cleanly, SIGKILL loses nothing."""
    # What a start makes stays: looking through it again and again while it grows would cost a seventh of the start.
    gc.disable()
    from config.serve import run
    from config.settings import settings_file

    file = settings_file(config or context.find_root().obj)
    sys.exit(run(_settings(context, config), roles, file=file))


@cli.command()
@click.option("--status", is_flag=True, help="How the running one is; exit 1 if something is not well.")
@click.option("--retire", is_flag=True, help="Tell the service that this one is taken down on purpose.")
@_JSON
@_CONFIG
@click.pass_context
@says_no
def gateway(context: click.Context, status: bool, retire: bool, as_json: bool, config: Path | None) -> None:
    """Runs at the edge, next to receivers: hears, keeps on disk, forwards, pages when cut off. See [edge]."""
    from config import edge

    settings = _settings(context, config)
    if status:
        sys.exit(edge.show_status(settings, as_json=as_json))
    sys.exit(edge.retire(settings) if retire else edge.run(settings))


@cli.command()
@click.option("--once", is_flag=True, help="Play one alarm from the radio frame to the closing, and leave.")
@_JSON
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the page; any free one without it.")
@click.option("--refuse", is_flag=True, help="With --once: the message provider refuses everything.")
@click.option("--open/--no-open", "browser", default=True, help="Open a browser where there is one.")
@click.option("--protocol", default="rflink", show_default=True, help="What the pretend gateway speaks: dc09, gt06, …")
@click.option(
    "--road", default="smooth", show_default=True, help="How its line is: split, repeated, noisy, lossy, rough."
)
@says_no
def demo(
    once: bool, as_json: bool, lang: str, port: int, refuse: bool, browser: bool, protocol: str, road: str
) -> None:
    """A fictional district to play with: nothing is sent to anybody."""
    # As in `serve`; what lives on, enables it when it is ready.
    gc.disable()
    _log_beside()
    if once:
        from config.demo_once import play_once

        sys.exit(play_once(as_json=as_json, lang=lang, refuse=refuse))
    from config.demo_run import run_demo
    from devices.dialects import DIALECTS
    from devices.simulator import ROADS

    for name, said, known in (("--protocol", protocol, DIALECTS), ("--road", road, ROADS)):
        if said not in known:
            raise click.BadParameter(f"{said!r} is none of {', '.join(sorted(known))}", param_hint=name)
    sys.exit(run_demo(lang=lang, port=port, browser=browser, protocol=protocol, road=road))


# ------------------------------------------------------------------------------------------------- filling it


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_JSON
@_CONFIG
@click.pass_context
@says_no
def load(context: click.Context, file: Path, as_json: bool, config: Path | None) -> None:
    """Loads a district file. Loading it twice changes nothing."""
    from config.commands import change, read_text

    _tell(change(_settings(context, config), "load", text=read_text(file), name=file.name), as_json=as_json)


@cli.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("login")
@click.option("--name", required=True, help="The person's name.")
@click.option("--password", help="Asked for where it is not given; '-' reads it from standard input.")
@click.option("--phone", help="E.164.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([str(each) for each in Role], case_sensitive=False),
    help="May be given again; none: all.",
)
@click.option("--station", "stations", multiple=True, help="A station's code; may be given again. None: the district.")
@_JSON
@click.pass_context
@says_no
def user_add(
    context: click.Context, login: str, name: str, password: str | None, phone: str | None, lang: str,
    roles: tuple[str, ...], stations: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Adds a person who signs in."""
    from config.commands import change

    if password == "-":  # noqa: S105
        password = sys.stdin.readline().rstrip("\n")
    given = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    answer = change(
        _settings(context), "user_add", login=login, name=name, password=given, phone=phone, lang=lang,
        roles=list(roles), stations=list(stations),
    )  # fmt: skip
    _tell(answer, as_json=as_json)


@user.command("list")
@_JSON
@click.pass_context
@says_no
def user_list(context: click.Context, as_json: bool) -> None:
    """Everybody with an account, and what for."""
    from config.commands import change

    _tell(change(_settings(context), "user_list"), as_json=as_json)


@user.command("reset")
@click.argument("login")
@click.option("--factor", is_flag=True, help="The second factor as well: the telephone is lost.")
@_JSON
@click.pass_context
@says_no
def user_reset(context: click.Context, login: str, factor: bool, as_json: bool) -> None:
    """Ends somebody's password and sessions and shows the code for a new one, good for 24 hours."""
    from config.commands import change

    _tell(change(_settings(context), "user_reset", login=login, factor=factor), as_json=as_json)


@user.command("seal")
@_JSON
@click.pass_context
@says_no
def user_seal(context: click.Context, as_json: bool) -> None:
    """Makes a sealed code for the envelope at the duty desk and shows it once."""
    from config.commands import change

    _tell(change(_settings(context), "user_seal"), as_json=as_json)


@cli.group()
def key() -> None:
    """Keys for machines."""


@key.command("add")
@click.argument("name")
@click.option(
    "--scope",
    default="signals",
    show_default=True,
    help="Words between spaces: signals, read, alarms … The page /keys has all.",
)
@click.option("--gateway", "gateways", multiple=True, help="Speaks for this gateway, and no other key does.")
@_JSON
@click.pass_context
@says_no
def key_add(context: click.Context, name: str, scope: str, gateways: tuple[str, ...], as_json: bool) -> None:
    """Makes a key and shows it once."""
    from config.commands import change

    _tell(change(_settings(context), "key_add", name=name, scope=scope, gateways=list(gateways)), as_json=as_json)


# ------------------------------------------------------------------------------------------------- looking into it


@cli.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--protocol", default="", help="Each line is one captured frame of this protocol, not JSON.")
@click.option("--hex", "hexadecimal", is_flag=True, help="With --protocol: the frames are hexadecimal, not text.")
def decode(file: Any, protocol: str, hexadecimal: bool) -> None:
    """
    Reads JSON lines of frames and prints what the decoders make of them, a line each.

    Exits 1 when a line could not be understood; what a damaged frame says is an answer like any other.
    """
    from devices.decode_lines import NAMES, answers, is_refused

    if protocol and protocol not in NAMES:
        raise click.BadParameter(f"{protocol!r} is none of: {', '.join(NAMES)}", param_hint="--protocol")
    if hexadecimal and not protocol:
        raise click.BadParameter("needs a --protocol; JSON lines name their own encoding", param_hint="--hex")
    refused = False
    for answer in answers(file, protocol=protocol, hexadecimal=hexadecimal):
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
        refused |= is_refused(answer)
    sys.exit(1 if refused else 0)


@cli.group()
def record() -> None:
    """The response log."""


@record.command("verify")
@_JSON
@_CONFIG
@click.pass_context
@says_no
def record_verify(context: click.Context, as_json: bool, config: Path | None) -> None:
    """Walks the hash chain; names the first entry that does not fit and exits 1."""
    from config.records import verify
    from dispatch.store.database import reading_engine

    verdict = verify(reading_engine(_settings(context, config).database_url))
    click.echo(json.dumps(verdict.to_json()) if as_json else verdict.sentence)
    sys.exit(0 if verdict.good else 1)


@record.command("export")
@click.option("--notes/--no-notes", default=False, help="With the words of people.")
@_CONFIG
@click.pass_context
@says_no
def record_export(context: click.Context, notes: bool, config: Path | None) -> None:
    """Prints every entry as a JSON line."""
    from config.records import export
    from dispatch.store.database import reading_engine

    export(reading_engine(_settings(context, config).database_url), sys.stdout, notes=notes)


@cli.command()
@click.option("--once", is_flag=True, help="One pass; exit 1 if a promise is broken.")
@_JSON
@_CONFIG
@click.pass_context
@says_no
def watch(context: click.Context, once: bool, as_json: bool, config: Path | None) -> None:
    """The independent auditor: prints each broken promise with the id of what broke it."""
    from config.watching import run_watch

    sys.exit(run_watch(_settings(context, config), once=once, as_json=as_json))


@cli.command()
@click.option("--days", type=float, default=30.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@_JSON
@says_no
def simulate(days: float, seed: int, as_json: bool) -> None:
    """A simulated district under the real engine, with faults; exit 1 if a promise is broken."""
    from config.simulation import simulate as play

    _log_beside()
    sys.exit(play(days, seed, json=as_json, progress=_progress(as_json)))


def _progress(as_json: bool) -> Callable[[float], None]:
    """A bar on standard error when somebody is looking."""
    if as_json or not sys.stderr.isatty():
        return lambda _done: None
    return lambda done: click.echo(f"\r{done:6.1%}", nl=False, err=True)


@cli.command()
@_JSON
@_CONFIG
@click.pass_context
@says_no
def doctor(context: click.Context, as_json: bool, config: Path | None) -> None:
    """Checks ports, database, providers, clock, disk and versions, and says what to do about each finding."""
    from config.doctor import examine

    sys.exit(examine(_settings(context, config), as_json=as_json))


_KIT = Kit(says_no=says_no, settings=_settings, tell=_tell, json=_JSON, config=_CONFIG)
add_roads(cli, _KIT)
add_db(cli, _KIT)
add_privacy(cli, _KIT)
add_lists(cli, _KIT)
add_board(cli, _KIT)
add_money(cli, _KIT)
add_coverage(cli, _KIT)

if __name__ == "__main__":
    main()
