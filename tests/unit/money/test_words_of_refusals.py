"""What money and meals say no with is there in Chinese: the pages show a refusal in the reader's language."""

import ast

from dispatch.web.i18n import read_texts
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
