"""The direction of imports, held by import-linter's contracts in pyproject.toml and by one test of our own."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT, files, imports, name_of

JUDGED = ("dispatch.desk", "dispatch.receiving", "dispatch.rules", "dispatch.messages")


def test_the_contracts_of_the_house_are_kept():
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_watch_judges_by_the_tables_and_not_by_the_code_it_watches():
    """A mistake in a rule must not also blind the auditor who is to find it."""
    watch = [path for path in files(".py", folders=("dispatch",)) if name_of(path).startswith("dispatch/watch")]
    strays = {module for path in watch for module in imports(path) if module.startswith(JUDGED)}
    assert strays == set()
