"""What money and meals say no with is there in Chinese: the pages show a refusal in the reader's language."""

import ast

from dispatch.web.i18n import read_texts
from schedules.money.book import NEVER, TWICE
from schedules.money.rules.contradictions import WITHOUT_MEAL
from tests.architecture.tree import files, name_of, tree_of

CHINESE = read_texts()["zh"]
PLACES = ("schedules/money", "schedules/meals", "config/lists")
REFUSALS = {"Conflict", "Invalid", "_wrong", "_no", "NotInForce", "NoRule", "CannotClose"}
TOLD_ELSEWHERE = (
    "schedules/money/rules/ledger.py", "schedules/money/store/",
    "schedules/money/anomalies/web/api.py",
)  # fmt: skip
"""What only commands (`anling money close`, `anling import`) and programs are told, in English."""


def refusals():
    """Every refusal that is raised: its sentence (None where it is put together) and where."""
    for path in files(".py"):
        name = name_of(path)
        if name.startswith(PLACES):
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                    yield from (
                        (name, node.lineno, each)
                        for each in node.args
                        if isinstance(each, ast.Constant | ast.JoinedStr)
                    )


def test_every_refusal_of_money_has_its_chinese():
    missing = {}
    for name, line, said in refusals():
        text = said.value if isinstance(said, ast.Constant) else None
        if name.startswith(TOLD_ELSEWHERE) or "anling user" in ast.unparse(said):
            continue
        is_key = isinstance(text, str) and " " not in text
        if not is_key and (text is None or text not in CHINESE):
            missing[f"{name}:{line}"] = text or ast.unparse(said)
    assert missing == {}


FILES = ("schedules/money/rules/", "schedules/money/book.py", "schedules/money/anomalies/rules/limits.py")
"""Where a file of a bureau is read and its mistakes are told."""


def sentences_of_files():
    """Every sentence about a mistake in such a file, and every cure."""
    for path in files(".py"):
        if name_of(path).startswith(FILES):
            for node in ast.walk(tree_of(path)):
                yield from _told_by(node)


def _told_by(node):
    if not isinstance(node, ast.Call):
        return
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    kept = {"Said": node.args[:1], "Wrong": node.args, "fault": node.args[2:], "doubt": node.args[2:]}
    for each in kept.get(called, []):
        assert not isinstance(each, ast.JoinedStr), f"{ast.unparse(each)}: fill it in by Said, which can be translated"
        if isinstance(each, ast.Constant):
            yield each.value


def test_every_mistake_in_a_policy_file_and_its_cure_have_their_chinese():
    told = {
        *sentences_of_files(),
        TWICE,
        NEVER,
        "mend the end of the file",
        "mend the line it names",
        "keep one",
        WITHOUT_MEAL,
    }
    assert len(told) > 60
    assert sorted(told - set(CHINESE)) == []
