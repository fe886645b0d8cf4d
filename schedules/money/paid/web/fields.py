"""What one source is given and why, on the wire: the fields that beds and services and serving have in common."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from marshmallow import Schema, fields

from schedules.money.rules.reasons import Outcome, Reason
from schedules.money.wording import explained


class PaidSchema(Schema):
    """What one source is given by which rule, in fen, to whom it is owed, and why, Chinese and English."""

    source = fields.String(required=True)
    kind = fields.String(required=True)
    policy = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    owed_to = fields.String(required=True)
    outcome = fields.String(required=True)
    why = fields.Dict(required=True)


class Given(Protocol):
    """An award, or a due."""

    @property
    def source(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def policy_id(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def owed_to(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def because(self) -> Sequence[Reason]: ...


def told_paid(given: Given) -> Mapping[str, Any]:
    """The values of those fields."""
    return {
        "source": given.source, "kind": given.kind, "policy": given.policy_id, "amount_fen": given.amount_fen,
        "owed_to": given.owed_to, "outcome": given.outcome.value, "why": explained(given.because),
    }  # fmt: skip
