"""Files that people write: reading TOML, and saying where one is wrong in words that cure it."""

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from dispatch.errors import Misconfigured

_FILE_BYTES_MAX = 64 * 1024 * 1024
_ALSO_MAX = 5


def parse_toml(path: Path) -> dict[str, Any]:
    """
    What a TOML file says.

    Raises:
        Misconfigured: no such file, not readable, not UTF-8, not TOML, or absurdly large; the place is the file.
    """
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise Misconfigured(str(path), "The file is larger than 64 MB; this cannot be the one that was meant.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as failure:
        raise Misconfigured(str(path), f"{failure.strerror or failure}. Check the path and who may read it.") from None
    except (UnicodeDecodeError, ValueError):
        raise Misconfigured(str(path), "Not UTF-8 text. Save the file as UTF-8.") from None
    return parse_toml_text(text, name=str(path))


def parse_toml_text(text: str, *, name: str) -> dict[str, Any]:
    """
    What TOML text says; `name` is what to call it in a refusal.

    Raises:
        Misconfigured: not TOML.
    """
    try:
        return tomllib.loads(text)
    except ValueError as wrong:  # numbers of thousands of digits are a plain ValueError, not a TOMLDecodeError
        raise Misconfigured(name, f"Not TOML: {wrong}. Text stands in quotes, tables in [brackets].") from None
    except RecursionError:
        raise Misconfigured(name, "Not a file of ours: it is nested too deeply.") from None


def explain(messages: Any, *, remedies: Mapping[str, str], known: Mapping[str, Collection[str]]) -> Misconfigured:
    """
    One refusal out of a schema's messages: the first wrong place with its cure, and the names of the others.

    `remedies` says what to write for a key, `known` which keys a table may have; the places in both have `*` for rows.
    """
    wrong = list(_places(messages, ()))
    place, message = wrong[0]
    also = [_dotted(other) for other, _ in wrong[1:] if other != place]
    detail = _detail(place, message, remedies=remedies, known=known)
    if also:
        more = f" and {len(also) - _ALSO_MAX} more" if len(also) > _ALSO_MAX else ""
        detail += f" Also wrong: {', '.join(also[:_ALSO_MAX])}{more}."
    return Misconfigured(_dotted(place), detail)


def _detail(
    place: tuple[str, ...], message: str, *, remedies: Mapping[str, str], known: Mapping[str, Collection[str]]
) -> str:
    pattern = _pattern(place)
    if message == "Unknown field.":
        table = pattern.rpartition(".")[0]
        near = difflib.get_close_matches(place[-1], list(known.get(table, ())), n=1)
        return f"No such key. {f'Did you mean {near[0]}?' if near else 'Take it out, or correct its spelling.'}"
    if message == "Missing data for required field.":
        message = "Missing."
    remedy = remedies.get(pattern) or remedies.get(pattern.rpartition(".")[0])
    return f"{message} Write {remedy}." if remedy else message


def _places(messages: Any, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every wrong place with its first message; what a schema says of a table as a whole counts for the table."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _places(inner, at if key in {"_schema", "value", "key"} else (*at, str(key)))
    else:
        yield at, str(messages[0] if isinstance(messages, list) and messages else messages)


def _pattern(place: tuple[str, ...]) -> str:
    return ".".join("*" if part.isdigit() else part for part in place)


def _dotted(place: tuple[str, ...]) -> str:
    return ".".join(place) or "the file"
