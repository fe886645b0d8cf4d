"""What a test needs of the machine, said so that leaving out is never silent."""

import os
from collections.abc import Callable

import pytest

TEST_ALL = "ANLING_TEST_ALL"


def must_run_all() -> bool:
    """Whether leaving out a test counts as failing: so on the project's own machines."""
    return os.environ.get(TEST_ALL, "") not in {"", "0"}


def need(condition: object, reason: str) -> None:
    """
    Leave the test out unless the condition holds; fail instead with ANLING_TEST_ALL=1.

    `reason` says what is missing and how to get it: "chromium not found: apt install chromium".
    """
    if condition:
        return
    leave_out: Callable[[str], object] = pytest.fail if must_run_all() else pytest.skip
    leave_out(reason)
