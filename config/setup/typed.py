"""What installers type into the wizard, read the way people write it: positions, telephones, addresses of gateways."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from config.district_phones import typed_number
from config.settings import Settings, read_settings
from dispatch.errors import Invalid, Misconfigured
from dispatch.web.i18n import N_

SAID: Mapping[str, str] = {
    "name": N_("Write a name of its own in letters, digits, dots and dashes."),
    "baud": N_("This is no speed of a line. Leave it empty for the usual one."),
    "port": N_("This is no address of a gateway. Write it like socket://192.168.1.4:4001."),
    "timezone": N_("There is no such time zone. Write a name like Asia/Shanghai."),
    "ping_url": N_("Write an address that begins with https://, or nothing."),
}
"""A sentence for a field instead of the settings' own words, which name keys of a file that nobody has before them."""

_PLACE = N_("Write latitude and longitude, like 38.0712, 114.4903.")

_HALF = re.compile(
    r"(?P<before>北纬|南纬|东经|西经|[NSEW])?[:：]?\s*(?P<figure>[-+]?\d+(?:\.\d+)?)\s*[°度]?\s*(?P<after>[NSEW])?"
)
_EAST_WEST, _SOUTH_OR_WEST = frozenset({"东经", "西经", "E", "W"}), frozenset({"南纬", "西经", "S", "W"})
_BETWEEN = re.compile(r"[,，;；、/\s]*")

_BARE = re.compile(r"[\w.-]*[A-Za-z\d]:\d{1,5}")


@contextmanager
def own_words() -> Iterator[None]:
    """
    What a schema refuses within is said in a sentence of `SAID` where the field has one, else in the schema's words.

    Raises:
        Invalid: instead of `Misconfigured`.
    """
    try:
        yield
    except Misconfigured as wrong:
        name = wrong.place.rpartition(".")[2]
        what = SAID.get(name, wrong.detail)
        raise Invalid(what, {name: [what]}) from None


def checked(changes: Mapping[str, Any]) -> Settings:
    """Changes as the settings would read them. Raises: Invalid, when a value will not do."""
    with own_words():
        return read_settings(changes, environ={})


def phone(text: str, field: str) -> str:
    """A number in E.164. Raises: Invalid, which names the one that is none."""
    number = typed_number(text.strip())
    if number is None:
        raise Invalid("This is no telephone number.", {field: [text.strip()[:40]]})
    return number


def phones(text: str, field: str) -> list[str]:
    """Several numbers between commas of any alphabet, semicolons or lines; between blanks where each is whole."""
    found: list[str] = []
    for part in re.split(r"[,，、;；\n]", text):
        if not part.strip():
            continue
        several = [part] if typed_number(part.strip()) else part.split()
        found += [phone(each, field) for each in several]
    return list(dict.fromkeys(found))


def port(text: str) -> str:
    """The address of a gateway; a bare HOST:PORT, as it stands on the box, is a socket."""
    said = text.strip()
    return f"socket://{said}" if _BARE.fullmatch(said) else said


def coordinates(text: str) -> tuple[float, float]:
    """
    Latitude and longitude in degrees as maps show them.

    Chinese maps copy the longitude first, others the latitude; what is beyond 90 can only be a longitude, and letters
    (N, E, 北纬, 东经) say which is which.

    Raises:
        Invalid: these are not two numbers, or no place on earth.
    """
    halves = list(_HALF.finditer(text.upper()))
    left = _BETWEEN.sub("", _HALF.sub("", text.upper()))
    if len(halves) != 2 or left:
        raise Invalid(_PLACE, {"place": [_PLACE]})
    first, second = (_degrees(each) for each in halves)
    marked = _mark(halves[0]) in _EAST_WEST
    if marked or (not _mark(halves[0]) and abs(first) > 90):
        first, second = second, first
    if not (-90 <= first <= 90 and -180 <= second <= 180):
        raise Invalid(_PLACE, {"place": [_PLACE]})
    return first, second


def _mark(half: re.Match[str]) -> str:
    return half["before"] or half["after"] or ""


def _degrees(half: re.Match[str]) -> float:
    value = float(half["figure"])
    return -value if _mark(half) in _SOUTH_OR_WEST else value
