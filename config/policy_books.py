"""
The folder of policy files as the service reads it: a file with a mistake costs the answers of its own rule, and nobody
an alarm.

Nothing here keeps the service from starting. What is wrong is logged with file, place and cure, each meal of such a
rule is kept and priced later, and every month, bill or page that asks for the rule says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import structlog

from config.quoting import IMPLIED
from dispatch.errors import Misconfigured
from schedules.money.book import Book, read_book
from schedules.money.keeping import rules_in
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.policies import Policies
from schedules.money.rules.sheet import Faults
from schedules.money.store.versions import Rule

log = structlog.get_logger()

Contents = tuple[tuple[str, bytes], ...]
"""The names of files and what is in them."""


def policy_book(folder: Path) -> tuple[Book, Mapping[str, Rule]]:
    """
    The book of a folder, and the texts of its rules by their versions.

    Files with mistakes are left out. Without the table of exclusions or of what categories imply, money could be given
    that nobody is entitled to: then no rule is used. The same where the folder cannot be read.
    """
    try:
        book, texts = _as_it_stands(folder)
    except Misconfigured as error:
        log.error("policies_unreadable", folder=str(folder), why=str(error))
        return _none_of(Book(policies=Policies(()), implications=Implications({})), str(error)), {}
    for each in book.faults:
        log.error("policy_file_refused", file=each.file, why=str(each))
    own = {fault.file for faults in book.refused.values() for fault in faults}
    common = [each for each in book.faults if each.file not in own]
    return (_none_of(book, Faults(common)) if common else book), texts


Read = tuple[Book, Mapping[str, Rule]]


def _as_it_stands(folder: Path) -> Read:
    """
    Meals, beds and whoever serves ask for the same folder at each start: it is read once for all who find the same
    bytes in it. Whoever writes there meanwhile has it read again.
    """
    stands = _contents(folder)
    if stands is None:
        return _read.__wrapped__(folder, ())
    read = _read(folder, stands)
    if _contents(folder) != stands:
        _read.cache_clear()
    return read


@lru_cache(maxsize=2)
def _read(folder: Path, _contents: Contents) -> Read:
    return read_book(folder, implied=IMPLIED), rules_in(folder)


def _contents(folder: Path) -> Contents | None:
    """Every file that is read for it, byte by byte; None where one cannot be read, which whoever reads it will say."""
    try:
        return tuple((each.name, each.read_bytes()) for each in (*sorted(folder.glob("*.toml")), IMPLIED))
    except OSError:
        return None


def tell_strange(name: str, kind: str, rules: Sequence[str], book: Book) -> None:
    """Logs what the settings name and the folder does not have: whoever asks for it is told as well."""
    for each in filter(None, rules):
        if not any(one.kind == kind for one in book.policies.versions(each)):
            known = sorted({one.id for one in book.policies if one.kind == kind})
            log.error("policy_missing", setting=f"bedmoney.{name}", rule=each, known=known)


def _none_of(book: Book, why: Faults | str) -> Book:
    return replace(book, policies=Policies((), everything=why))
