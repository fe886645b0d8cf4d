"""
The file of barriers: rivers, railways and motorways that ways have to go around.

Positions are [latitude, longitude] in WGS-84.

    [[barriers]]
    name = "滹沱河"
    line = [[38.10, 114.40], [38.11, 114.47], [38.10, 114.60]]
    crossings = [{ at = [38.11, 114.47] }, { at = [38.10, 114.55], means = ["foot", "ebike"] }]
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from config.schemas import Table, refusal, say
from dispatch.errors import Misconfigured
from dispatch.rules.barriers import Barrier, Crossing
from dispatch.rules.place import Position
from dispatch.rules.travel import Means


class _Point(fields.Field[Position]):
    """[latitude, longitude] in degrees."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Position:
        try:
            lat, lng = (float(each) for each in value)
        except (TypeError, ValueError):
            raise ValidationError("Not a position.") from None
        if not (abs(lat) <= 90 and abs(lng) <= 180):
            raise ValidationError("Not a position on the earth.")
        return Position(lat, lng)


_POSITION = say("a latitude and a longitude in degrees, like [38.0712, 114.4903]")


class _CrossingSchema(Table):
    value = Crossing
    at = _Point(required=True, metadata=_POSITION)
    means = fields.List(fields.Enum(Means, by_value=True), metadata=say('who gets over it, like ["foot", "ebike"]'))

    @post_load
    def _made(self, loaded: dict[str, Any], **more: Any) -> Any:
        loaded["means"] = frozenset(loaded.get("means", Means))
        return super()._made(loaded, **more)


class _BarrierSchema(Table):
    value = Barrier
    name = fields.String(required=True, metadata=say("the name of the river or railway"))
    line = fields.List(
        _Point(metadata=_POSITION), required=True, validate=validate.Length(min=2),
        metadata=say("two positions or more, like [[38.10, 114.40], [38.11, 114.47]]"),
    )  # fmt: skip
    crossings = fields.List(fields.Nested(_CrossingSchema))


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    barriers: tuple[Barrier, ...] = ()


class _FileSchema(Table):
    value = _File
    barriers = fields.List(fields.Nested(_BarrierSchema))


def read_barriers(path: Path) -> tuple[Barrier, ...]:
    """
    The barriers of a file.

    Raises:
        Misconfigured: it cannot be read or is wrong; names the place.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured("travel.barriers", f"{path} cannot be read: {error}") from None
    schema = _FileSchema()
    try:
        made = schema.load(written)
    except ValidationError as wrong:
        raise refusal(schema, wrong) from None
    assert isinstance(made, _File)
    return made.barriers
