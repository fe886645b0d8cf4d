"""
What is kept about people, given out and erased: the inventory of every column, one resident's data, retention; and
what is owed to residents for it: who looked, who saw it whole and why.
"""

import tomllib
from functools import cache
from pathlib import Path

from dispatch.rules.inventory import Inventory, read_inventory

FILE = Path(__file__).with_name("inventory.toml")


@cache
def inventory() -> Inventory:
    """The packaged inventory."""
    return read_inventory(tomllib.loads(FILE.read_text(encoding="utf-8")))
