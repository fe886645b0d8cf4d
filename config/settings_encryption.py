"""
What would be heard or sent in the clear, or by ciphers and hashes that OWASP ASVS 5.0 does not approve (appendix C).

Many devices can do nothing else, so it is let through unless `encryption.required` is said; then such settings are
refused with their key. What stays within the machine, and lines that are no network (serial, radio, a program of its
own), is nobody else's to hear.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from marshmallow import ValidationError

from config.options import GatewaySettings, Settings
from devices.ports.sip_address import sip_address

Place = tuple[str | int, ...]
"""A key, as its parts: ("gateways", 0, "port")."""

OWN_LINES = frozenset({"", "exec", "stdin", "loop", "http"})
"""Schemes of gateways that open no connection to a network of their own; `http:` comes by the pages' proxy."""

CLEAR = "This goes through a network in the clear."
CBC = "DC-09 encrypts by AES-CBC without a proof that nobody changed it."
MD5 = "A password may be proved by MD5 there: add auth=sha-256."


def weak(settings: Settings) -> Sequence[tuple[Place, str]]:
    """Every key that says so, with a sentence of why."""
    return [*_gateways(settings.gateways), *((place, CLEAR) for place in _in_the_clear(settings))]


def refuse_weak(settings: Settings) -> None:
    """
    Raises:
        ValidationError: encryption is required and something is without, at its key.
    """
    found = weak(settings) if settings.encryption.required else []
    if found:
        place, why = found[0]
        told: Any = [f"{why} It is refused because of encryption.required."]
        for part in reversed(place):
            told = {part: told}
        raise ValidationError(told)


def _gateways(gateways: Sequence[GatewaySettings]) -> Iterator[tuple[Place, str]]:
    for index, each in enumerate(gateways):
        parts = urlsplit(each.port)
        if each.key:
            yield ("gateways", index, "protocol"), CBC
        if parts.scheme == "sip-listen":
            said = sip_address(each.port)
            if (said.user or said.users) and "MD5" in said.algorithms:
                yield ("gateways", index, "port"), MD5
            tls = bool(said.certificate)
        else:
            tls = parts.scheme == "mqtts" or parts.scheme in OWN_LINES
        if not tls and not _is_here(parts.hostname):
            yield ("gateways", index, "port"), CLEAR


def _in_the_clear(settings: Settings) -> Iterator[Place]:
    web = settings.web
    if not _is_here(web.host):
        yield "web", "listen"
    addresses: list[tuple[Place, str]] = [
        (("web", "public_url"), web.public_url), (("alive", "ping_url"), settings.alive.ping_url),
        (("travel", "url"), settings.travel.url if settings.travel.router else ""),
    ]  # fmt: skip
    for name in settings.messages.order:
        said = getattr(settings.providers, name)
        keys = [key for key in ("base_url", "url", "poll_url", "keys_url", "queue_url") if hasattr(said, key)]
        addresses += [(("providers", name, key), getattr(said, key)) for key in keys]
    for place, address in addresses:
        if address.startswith("http:") and not _is_here(urlsplit(address).hostname):
            yield place
    if settings.webhooks.private_addresses:
        yield "webhooks", "private_addresses"
    scanner = settings.uploads.scanner
    if scanner and not scanner.startswith("/") and not _is_here(scanner.rpartition(":")[0].strip("[]")):
        yield "uploads", "scanner"
    database = urlsplit(settings.database_url)
    far = database.scheme.startswith("postgresql") and database.hostname and not _is_here(database.hostname)
    if far and parse_qs(database.query).get("sslmode") != ["verify-full"]:
        yield ("database_url",)


def _is_here(host: str | None) -> bool:
    """Whether this is the machine itself."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
