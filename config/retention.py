"""Reads the rules of retention."""

import tomllib
from pathlib import Path

from dispatch.errors import Misconfigured
from dispatch.privacy import inventory
from dispatch.rules.retention import Rule, read_rules


def read_retention(path: Path) -> tuple[Rule, ...]:
    """
    The rules in this file.

    Raises:
        Misconfigured: it cannot be read, or a rule is not in order.
    """
    try:
        return read_rules(tomllib.loads(path.read_text(encoding="utf-8")), inventory())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured(str(path), f"{error}; see config/retention.toml") from None
