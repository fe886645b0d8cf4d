"""No float touches money: neither a literal nor `float()` nor true division nor a `round` that could meet one."""

import ast

from tests.architecture.tree import files, name_of, tree_of

MONEY = ("schedules/money", "config/quoting.py", "config/main_money.py")


def money_files():
    return [path for path in files(".py") if name_of(path).startswith(MONEY)]


def floats_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield f"{node.lineno}: {node.value}"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield f"{node.lineno}: float"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"{node.lineno}: /"
        elif isinstance(node, ast.Import | ast.ImportFrom) and "math" in {
            each.name.split(".")[0] for each in node.names
        }:
            yield f"{node.lineno}: math"


def test_no_float_touches_money():
    # A folder is joined to a file's name with `/` as well; those are the only divisions, and they are named here.
    paths = {"config/main_money.py": 1, "config/quoting.py": 2}
    found = {name_of(path): list(floats_in(tree_of(path))) for path in money_files()}
    assert {name: said for name, said in found.items() if len(said) > paths.get(name, 0)} == {}


def test_the_search_sees_what_it_looks_for():
    told = [
        each.split(": ")[1] for each in floats_in(ast.parse("a = 0.5\nb = float(1)\nc = 1 / 2\nc /= 2\nimport math"))
    ]
    assert sorted(told) == ["/", "/", "0.5", "float", "math"]
    assert len(money_files()) > 15
