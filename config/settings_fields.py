"""
The kinds of fields a setting can have, each with its limits and what to write instead of a wrong value, and the table
that they stand in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, pre_load, validate

from config.schemas import Table, by_key, is_secret, say

_SECRET_MAX = 4096
POSITIVE = validate.Range(min=0, min_inclusive=False)
COUNT = validate.Range(min=1, max=4096)


class Section(Table):
    """A table of the settings."""

    @pre_load
    def _secrets_read(self, data: Any, **_: Any) -> Any:
        """A secret may lie in a file of its own, as systemd's credentials do; the environment has the last word."""
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        for key, wanted in by_key(self).items():
            if is_secret(wanted) and f"{key}_file" in read:
                path = read.pop(f"{key}_file")
                read.setdefault(key, _secret(path, f"{key}_file"))
        return read


def _secret(path: Any, key: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")[:_SECRET_MAX].strip()
    except (OSError, ValueError, TypeError):
        what = "The file of the secret cannot be read. Check its path and who may read it."
        raise ValidationError(what, key) from None


class PathField(fields.String):
    """A path, kept as one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return Path(super()._deserialize(value, attr, data, **more))


def text(remedy: str, *checks: Any, secret: bool = False, **more: Any) -> fields.String:
    """Words that pass every check; `secret` says that they must not stand in the file."""
    return fields.String(validate=list(checks), metadata=say(remedy, secret=secret), **more)


def whole(remedy: str, check: Any = COUNT) -> fields.Integer:
    """A whole number, written as one."""
    return fields.Integer(strict=True, validate=check, metadata=say(remedy))


def truth(remedy: str) -> fields.Boolean:
    """True or false, and no number for it."""
    return fields.Boolean(truthy={True}, falsy={False}, metadata=say(remedy))


def seconds(remedy: str, check: Any = POSITIVE) -> fields.Float:
    """A length of time."""
    return fields.Float(validate=check, metadata=say(remedy))


def must(holds: Any, what: str) -> Any:
    """A validator from a predicate, with a sentence of its own."""

    def check(value: Any) -> None:
        if not holds(value):
            raise ValidationError(what)

    return check


def is_url(text: str) -> bool:
    """Whether this is an address of the web, with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
