"""
Meals from the kitchen to the person, counted at each hand-over.

    ordered ──► sent by the kitchen ──► received at the point ──► handed out to people
                       │                        │                        │
                       └── each count is that of the one before, or says why it is not
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dispatch.errors import Conflict, Invalid
from dispatch.ids import ResidentId
from schedules.meals.rules.serving import MealType


class Stage(StrEnum):
    """Where meals change hands."""

    SENT = "sent"
    RECEIVED = "received"
    HANDED_OUT = "handed_out"


class OrderState(StrEnum):
    """What became of a meal that was ordered."""

    ORDERED = "ordered"
    CANCELLED = "cancelled"
    HANDED_OUT = "handed_out"
    MISSED = "missed"
    """Nobody came for it, or nobody opened."""


class Proof(StrEnum):
    """What shows that a meal was brought: the diner's code, a photo (its SHA-256), or the name of who took it."""

    CODE = "code"
    PHOTO = "photo"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A meal somebody wants on a day. `code` is what the diner tells whoever brings it."""

    id: str
    resident_id: ResidentId
    point_id: str
    on: date
    meal_type: MealType
    delivery: bool
    state: OrderState
    code: str
    ordered_by: str
    ordered_at: datetime
    proof: Proof | None = None
    shown: str = ""
    settled_by: str | None = None
    settled_at: datetime | None = None
    taken_at: datetime | None = None
    """When the picture that proves it was taken, by its own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many at a hand-over; `why` says where the difference to the one before went."""

    stage: Stage
    count: int
    why: str = ""
    by: str = ""


def check(count: Count, expected: int) -> None:
    """
    Lets a count pass that matches, or says why it does not.

    Raises:
        Invalid: it differs without a reason, or is no count.
    """
    if not 0 <= count.count <= 100_000:
        raise Invalid("A count is a whole number from 0 to 100000.")
    if count.count != expected and not count.why.strip():
        raise Invalid("What was counted is not what was expected: say where the difference is.")


def expected_at(stage: Stage, ordered: int, counts: Mapping[Stage, Count]) -> int:
    """What the next hands should find: the last count before this one, or what was ordered."""
    stages = list(Stage)
    for before in reversed(stages[: stages.index(stage)]):
        if before in counts:
            return counts[before].count
    return ordered


def check_proof(order: Order, proof: Proof | None, shown: str) -> None:
    """
    A meal that is brought needs a proof; one that is fetched does not.

    Raises:
        Invalid: there is none, or it is not that of this meal.
        Conflict: the meal was settled before.
    """
    if order.state is not OrderState.ORDERED:
        raise Conflict("This meal was settled already.")
    if proof is None:
        if order.delivery:
            raise Invalid("A meal that is brought needs a proof: the diner's code, a photo or a name.")
        return
    if proof is Proof.CODE and shown.strip() != order.code:
        raise Invalid("This is not the diner's code.")
    if proof is Proof.PHOTO and not _is_sha256(shown):
        raise Invalid("A photo is named by its SHA-256: 64 hexadecimal digits.")
    if not shown.strip():
        raise Invalid("Say who took it.")


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and all(each in "0123456789abcdef" for each in text)
