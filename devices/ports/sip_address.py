"""
What stands in a `sip-listen://` address: where to listen, where answers go, by which certificate and for whom.

    sip-listen://0.0.0.0:5060                                           UDP and TCP, anybody
    sip-listen://0.0.0.0:5060?answer=message                            answers in a MESSAGE of their own
    sip-listen://units@0.0.0.0:5060                                     who knows the password of this user
    sip-listen://0.0.0.0:5060?users=/etc/anling/sip-users               who knows one of these, `user:password` a line
    sip-listen://0.0.0.0:5061?tls=/etc/anling/sip.pem                   TLS alone; certificate and key in one file,
    sip-listen://0.0.0.0:5061?tls=/etc/anling/cert.pem&tls_key=/…/key   or in two
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from devices.ports.sip_message import DEFAULT_PORT

DEFAULT_TLS_PORT = 5061

ANSWERS = ("response", "message")
"""Where the decoder's answer goes."""

ALGORITHMS: Mapping[str, str] = MappingProxyType({"md5": "MD5", "sha-256": "SHA-256"})
"""
How a password may be proved. A sender takes the first that it knows (RFC 8760), but older ones (sipp 3.6 is such a one)
look at the first alone and give up when it is not MD5; and a unit that gives up is not heard. `auth=sha-256` says
otherwise where all units can.
"""

USERS_MAX = 100_000

_WANTED = (
    "sip-listen://HOST:PORT, like sip-listen://0.0.0.0:5060, maybe with USER@ before it and behind it ?answer=message, "
    "users=FILE, auth=md5, tls=FILE and tls_key=FILE"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAddress:
    """
    `user` and `password`, or the file `users`, are who may report, empty for anybody; `algorithms` how they prove it.
    `certificate` and `key` are files, and empty without TLS.
    """

    host: str
    port: int
    answers_in: str = ANSWERS[0]
    user: str = ""
    password: str = field(default="", repr=False)
    users: str = ""
    algorithms: tuple[str, ...] = tuple(ALGORITHMS.values())
    certificate: str = ""
    key: str = ""


def sip_address(address: str) -> SipAddress:
    """
    The parts of an address.

    Raises:
        ValueError: it has another form; says which one is wanted, and never the password.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ValueError(f"this is not {_WANTED}") from None
    said = _said(parts, port, options)
    if said is None:
        raise ValueError(f"{parts.scheme}://{parts.hostname} … is not {_WANTED}")
    return said


def _said(parts: SplitResult, port: int | None, options: dict[str, str]) -> SipAddress | None:
    answers_in, certificate = options.pop("answer", ANSWERS[0]), options.pop("tls", "")
    key, users = options.pop("tls_key", certificate), options.pop("users", "")
    algorithms = tuple(
        ALGORITHMS.get(each, "") for each in options.pop("auth", ",".join(ALGORITHMS)).lower().split(",")
    )
    wrong = options or parts.path.strip("/") or parts.fragment or answers_in not in ANSWERS or not all(algorithms)
    if wrong or parts.scheme.lower() != "sip-listen" or not parts.hostname or (key and not certificate):
        return None
    return SipAddress(
        host=parts.hostname,
        port=port if port is not None else DEFAULT_TLS_PORT if certificate else DEFAULT_PORT,
        answers_in=answers_in,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        users=users,
        algorithms=algorithms,
        certificate=certificate,
        key=key,
    )


def passwords(said: SipAddress) -> Mapping[str, str]:
    """
    The password of each user who may report; empty when anybody may.

    Raises:
        ValueError: the file cannot be read or one of its lines is none, or a user has no password; says which.
    """
    known = {said.user: said.password} if said.user else {}
    if said.users:
        known |= _listed(Path(said.users))
    for user, password in known.items():
        if not password:
            raise ValueError(f"the user {user!r} has no password: give the gateway a password_file")
    return MappingProxyType(known)


def _listed(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ValueError(f"the users in {path} cannot be read: {error}") from None
    known: dict[str, str] = {}
    for number, line in enumerate(lines[:USERS_MAX], 1):
        user, colon, password = line.strip().partition(":")
        if user.startswith("#") or not line.strip():
            continue
        if not colon or not user:
            raise ValueError(f"line {number} of {path} is not USER:PASSWORD")
        known[user] = password
    if not known:
        raise ValueError(f"{path} names nobody, so nobody could report")
    return known
