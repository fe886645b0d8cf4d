"""
The draw for checks on site: one in a hundred of each canteen and kind, of visits as many as the rules of vouchers ask
for where that is more, and one at least; anybody can draw it again.

    seed = SHA-256(month, hash of the closed month)      order = SHA-256(seed, kind, id)      the first ones are drawn
"""

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from schedules.money.rules.policy import Policy

SHARE = Fraction(1, 100)
"""So much is drawn at least: 现场核查率 ≥ 1 % (CARE-RULES 5.2, S38)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What can be drawn: a meal, a delivery or a visit, where it was, and of whom."""

    kind: str
    id: str
    place: str
    resident: str
    on: date


def seed_of(month: str, ledger_hash: str) -> str:
    """The seed of a month ("2026-03"): known to nobody before the month is closed, and to everybody after."""
    return hashlib.sha256(f"{month}\n{ledger_hash}\n".encode()).hexdigest()


def rank(seed: str, lot: Lot) -> str:
    """Where a lot stands: the lowest are drawn."""
    return hashlib.sha256(f"{seed}\n{lot.kind}\n{lot.id}\n".encode()).hexdigest()


def visit_share(policies: Iterable[Policy], first: date, last: date) -> Fraction:
    """What is drawn of visits of these days: the most that a voucher's rule in force asks for (`onsite_check_min`)."""
    asked = [
        each.voucher.onsite_check_min for each in policies
        if each.voucher is not None and each.voucher.onsite_check_min is not None
        and (each.effective_from or first) <= last and (each.effective_to or last) >= first
    ]  # fmt: skip
    return max([SHARE, *asked])


def draw(seed: str, lots: Iterable[Lot], again: Iterable[Lot], visits: Fraction = SHARE) -> list[Lot]:
    """
    The lots that are drawn, by place and kind and in the order of their rank; of visits the share `visits`.

    `again` gives the same lots once more: they are counted first, so that no more are held than will be drawn.
    """
    wanted: dict[tuple[str, str], int] = {}
    for each in lots:
        wanted[each.place, each.kind] = wanted.get((each.place, each.kind), 0) + 1
    heaps: dict[tuple[str, str], list[tuple[int, str, Lot]]] = {key: [] for key in wanted}
    for each in again:
        heap = heaps[each.place, each.kind]
        share = visits if each.kind == "visit" else SHARE
        most = -(-wanted[each.place, each.kind] * share.numerator // share.denominator)
        item = (-int(rank(seed, each), 16), each.id, each)
        if len(heap) < most:
            heapq.heappush(heap, item)
        elif item > heap[0]:
            heapq.heapreplace(heap, item)
    return [lot for key in sorted(heaps) for _, _, lot in sorted(heaps[key], key=lambda one: (-one[0], one[1]))]
