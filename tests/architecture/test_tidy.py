"""Small things that pile up when nobody looks."""

import ast
import re
from pathlib import Path

from tests.architecture.tree import ROOT, attributes, files, name_of, nodes

BROAD_EXCEPTS = {
    "dispatch/horn/__main__.py": 1,
    "devices/hearing.py": 1,
    "dispatch/answers.py": 1,  # no loop: whoever else expects answers must not cost the answer to an alarm
    "devices/reception.py": 1,  # no loop: who heeds life signs must not cost the press in the same frame
    "dispatch/messages/claiming.py": 1,  # no loop: whatever fails in the words, the carer is told something
    "dispatch/messages/courier.py": 2,  # the loop, and one message that must not stop the others
    "dispatch/messages/providers/bulkhead.py": 1,  # no loop: handed over to whoever waits for the call
    "dispatch/messages/providers/modem.py": 1,  # the loop of the one thread that owns the modem
    "dispatch/web/hooks.py": 1,  # no loop: whoever rings in reaches the desk, whatever is wrong with the keys
    "dispatch/messages/ride.py": 1,  # a letter that cannot be claimed must not cost the decision that it tells of
    "dispatch/store/writer.py": 2,  # whoever leads, and one unit of work that must not stop its neighbours
    "dispatch/messages/reconcile.py": 1,
    "dispatch/privacy/reads.py": 1,  # a thread of its own; the next opening begins another
    "dispatch/web/problems.py": 1,
    "schedules/planning/thinking.py": 1,  # the loop of the role planner
    "schedules/timers.py": 1,
}
"""The loops that log, count and go on, and what hands an error over: how many a file may have. By hand only."""

LONG_FILES: dict[str, int] = {}
"""Files that may be longer than the limit, with the length they may reach."""

LINES_MAX = 400
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "base", "core", "manager", "processor", "data"}
FORBIDDEN_VERBS = ("handle_", "do_", "process_")
THEIR_NAMES = {"do_GET", "do_POST", "process_bind_param", "process_result_value"}
"""What a library calls by a name of its own."""
CODE = ("config", "devices", "dispatch", "schedules", "tests")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/[a-z]+)/")
INDEX_HOSTS = re.compile(r"py" + r"pi\.org|pythonhos" + r"ted|npm" + r"js\.(?:com|org)|mir" + r"rors?\.")
FOREIGN_HOST = re.compile(
    r"(?:https?:)?//(?!127\.0\.0\.1|localhost|www\.w3\.org/)[a-z0-9-]+\.[a-z0-9.-]+", re.IGNORECASE
)


def texts(*folders: str) -> list[Path]:
    found = files(".py", ".toml", ".html", ".css", ".js", ".txt", ".po", folders=folders)
    return [path for path in found if "vendor" not in path.parts]


def test_nothing_sleeps():
    """Waiting is done on an Event that can be stopped; a test that sleeps is slow or wrong, mostly both."""
    assert [name_of(path) for path in files(".py", folders=CODE) if "time.sleep" in attributes(path)] == []


def is_broad(node: ast.AST) -> bool:
    """Whether this swallows everything; to clean up and raise again is no swallowing."""
    if not isinstance(node, ast.ExceptHandler) or isinstance(node.body[-1], ast.Raise):
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds
    )


def test_everything_is_caught_in_the_five_loops_only():
    counts = {name_of(path): sum(map(is_broad, nodes(path))) for path in files(".py")}
    assert {name: count for name, count in counts.items() if count > BROAD_EXCEPTS.get(name, 0)} == {}


def test_what_a_mistake_of_ours_raises_is_listed_once():
    """Whoever lists it by hand forgets a kind, and that kind costs an alarm."""
    told = {"LookupError", "ArithmeticError"}
    lists = [
        name_of(path)
        for path in files(".py", folders=CODE[:-1])
        for node in nodes(path)
        if isinstance(node, ast.Tuple) and told <= {each.id for each in node.elts if isinstance(each, ast.Name)}
    ]
    # What a foreign library raises at a wrong answer is its own matter.
    assert lists == ["dispatch/errors.py", "dispatch/messages/providers/twilio.py"]


def test_no_file_is_longer_than_a_reader_can_hold():
    paths = [path for path in files(".py") if "migrations" not in path.parts]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {name: long for name, long in lengths.items() if long > LONG_FILES.get(name, LINES_MAX)} == {}


def test_nothing_is_left_for_later():
    assert [name_of(path) for path in texts(*CODE) if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_rooms_are_named_for_what_they_hold():
    paths = files(".py", folders=CODE)
    assert [name_of(path) for path in paths if {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} & FORBIDDEN_NAMES] == []  # noqa: E501  # fmt: skip


def test_functions_are_named_for_what_they_do():
    named = (ast.FunctionDef, ast.AsyncFunctionDef)
    strays = [
        f"{name_of(path)}: {node.name}"
        for path in files(".py")
        for node in nodes(path)
        if isinstance(node, named) and node.name.lstrip("_").startswith(FORBIDDEN_VERBS)
    ]
    assert [stray for stray in strays if stray.rpartition(" ")[2] not in THEIR_NAMES] == []


def test_pages_ask_nothing_of_foreign_hosts():
    """A board that waits for somebody else's server is a board that does not ring."""
    pages = [path for path in texts(*CODE[:-1]) if {"templates", "static"} & set(path.parts)]
    found = {name_of(path): FOREIGN_HOST.findall(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: hosts for name, hosts in found.items() if hosts} == {}


def top_files() -> list[Path]:
    return [path for path in ROOT.iterdir() if path.is_file() and path.suffix in {"", ".md", ".toml", ".lock"}
            and not path.name.startswith(".")]  # fmt: skip


def test_no_machine_of_ours_shows():
    """Neither a path of somebody's machine nor the name of a package index belongs to the project."""
    paths = [*texts(*CODE), *top_files(), *files(".md", folders=("docs",)), ROOT / ".ci" / "run"]
    strays = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        strays += [f"{name_of(path)}: {found.group()}" for rule in (MACHINE_PATHS, INDEX_HOSTS) for found in rule.finditer(text)]  # noqa: E501  # fmt: skip
    assert strays == []
