"""The siren needs nothing but Python itself: no library can be missing, and none of the service's mistakes be in it."""

import sys

from tests.architecture.tree import ROOT, imports

START = "dispatch/horn/__main__.py"


def reached(start):
    """Every file of ours that this one needs, and every module that is not ours."""
    found, foreign, left = set(), set(), [start]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        for module in imports(ROOT / name):
            path = module.replace(".", "/")
            known = [each for each in (f"{path}.py", f"{path}/__init__.py", f"{path.rpartition('/')[0]}.py") if (ROOT / each).is_file()]  # noqa: E501  # fmt: skip
            left += known[:1]
            if not known:
                foreign.add(module.split(".")[0])
    return found, foreign


def test_the_siren_imports_python_alone_by_any_detour():
    found, foreign = reached(START)
    assert "dispatch/messages/modem/pdu.py" in found
    assert foreign - set(sys.stdlib_module_names) == set()


def test_the_search_would_find_a_library():
    _, foreign = reached("dispatch/watch/loop.py")
    assert {"structlog", "sqlalchemy"} <= foreign
