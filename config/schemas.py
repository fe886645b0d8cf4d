"""
What the schemas of written files have in common: a table becomes a frozen value, an unknown key is refused, and every
field carries what to write instead of a wrong value.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, post_load

from config.files import explain
from dispatch.errors import Misconfigured


class Table(Schema):
    """A table of the file that becomes the value named in `value`."""

    value: ClassVar[type[Any]]

    class Meta:
        unknown = RAISE

    @post_load
    def _made(self, loaded: dict[str, Any], **_: Any) -> Any:
        return self.value(**{key: frozen(value) for key, value in loaded.items()})


def frozen(value: Any) -> Any:
    """Lists as tuples, a table of free names as a read-only mapping, everything else as it is."""
    if isinstance(value, dict):
        return MappingProxyType(value)
    return tuple(frozen(each) for each in value) if isinstance(value, list) else value


def say(remedy: str, *, secret: bool = False) -> dict[str, Any]:
    """A field's metadata: what to write, and whether it is a secret that must not stand in the file."""
    return {"say": remedy, "secret": secret}


def refusal(schema: Schema, wrong: ValidationError) -> Misconfigured:
    """What a schema found wrong, as one refusal with place and remedy."""
    return explain(wrong.messages, remedies=_remedies(schema), known=_known(schema))


def by_key(schema: Schema) -> dict[str, fields.Field[Any]]:
    """The fields of a table by the key they have in the file."""
    return {wanted.data_key or name: wanted for name, wanted in schema.fields.items()}


def table_under(wanted: Any) -> Schema | None:
    """The table that a key holds, alone or in rows; None for a value."""
    inner = wanted.inner if isinstance(wanted, fields.List) else wanted
    return inner.schema if isinstance(inner, fields.Nested) else None


def is_secret(wanted: fields.Field[Any]) -> bool:
    """Whether a field's value must not stand in the file."""
    return bool(wanted.metadata.get("secret"))


def full_keys(schema: Schema) -> list[str]:
    """The full name of every key that may be written, rows as `*`; a secret as the `…_file` that may hold it."""
    return [f"{key}_file" if is_secret(wanted) else key for key, wanted in _walk(schema) if not table_under(wanted)]


def _walk(schema: Schema, at: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    for key, wanted in by_key(schema).items():
        yield f"{at}{key}", wanted
        inner = table_under(wanted)
        if inner is not None:
            yield from _walk(inner, f"{at}{key}.*." if isinstance(wanted, fields.List) else f"{at}{key}.")


def _remedies(schema: Schema) -> Mapping[str, str]:
    return {key: wanted.metadata["say"] for key, wanted in _walk(schema) if "say" in wanted.metadata}


def _known(schema: Schema) -> Mapping[str, list[str]]:
    """The keys that each table may have."""
    known: dict[str, list[str]] = {}
    for key in full_keys(schema):
        parts = key.split(".")
        for depth, part in enumerate(parts):
            known.setdefault(".".join(parts[:depth]), []).append(part)
    return known
