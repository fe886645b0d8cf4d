"""
Who may come in, on file: operators, their sessions, the keys of machines, and the sign-ins that failed.

No secret is kept: a password as argon2's hash, a session's token and a key's secret as SHA-256, which is enough for 256
random bits. The values live here rather than in `rules/`, because no rule ever looks at an account; what a role may do
is a rule (`rules/rights.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    false,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import OperatorId, StationId
from dispatch.rules.rights import DISTRICT, Area, Right, Role, rights_of
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import Prepared

Reading: TypeAlias = Engine
"""The engine that only reads, by a name that other rooms may say without knowing the database's library."""

LOGIN_MAX = 64

operators = Table(
    "operators", metadata,
    Column("id", String(40), primary_key=True),
    Column("login", String(LOGIN_MAX), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("phone", String(20)),
    Column("lang", String(8), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("roles", String(80), nullable=False, server_default=" ".join(Role)),
    Column("stations", String(2000), nullable=False, server_default=""),
    Column("factor", String(300)),
    Column("factor_counter", BigInteger, nullable=False, server_default="0"),
    Column("factor_at", Instant),
)  # fmt: skip
"""
`stations`: the ids of those they work for, between spaces; empty for the whole district. `factor`: the secret of the
second factor, enciphered; `factor_counter`: the last of its 30-second steps whose code was used.
"""

sessions = Table(
    "sessions", metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("operator_id", String(40), ForeignKey("operators.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("handle", String(32), nullable=False, server_default=""),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("device", String(200), nullable=False, server_default=""),
    Column("step", String(8), nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("pending", String(300)),
    Column("proved_at", Instant),
    Column("sealed", Boolean, nullable=False, server_default=false()),
)  # fmt: skip

keys = Table(
    "keys", metadata,
    Column("id", String(40), primary_key=True),
    Column("prefix", String(16), nullable=False, unique=True),
    Column("secret_hash", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Column("gateways", String(400), nullable=False, server_default=""),
)  # fmt: skip
"""`gateways`: the names of those it may speak for, between spaces; empty for any that no other key is made for."""

sign_in_failures = Table(
    "sign_in_failures", metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(LOGIN_MAX), nullable=False),
    Column("ip", String(45), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_sign_in_failures_login_ip", "login", "ip", "at"),
    Index("ix_sign_in_failures_at", "at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """
    A person with an account. `phone` is E.164 or None, `lang` zh or en; `area` is what they work for; `factor_at` is
    since when they have a second factor, None without one.
    """

    id: OperatorId
    login: str
    name: str
    phone: str | None
    lang: str
    disabled: bool
    created_at: datetime
    roles: frozenset[Role]
    area: Area = DISTRICT
    factor_at: datetime | None = None

    def may(self, right: Right) -> bool:
        return right in rights_of(self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    One sign-in. It is over at `expires_at` whatever happens, and earlier when it was ended or left idle.

    `step` is what is still missing: `code` or `enrol`, empty once it is whole. `handle` names it in lists; `pending` is
    a second factor being set up; `proved_at` is when its holder last showed who they are; `sealed`: let in by a sealed
    code, for the watch alone.
    """

    token_hash: str
    operator_id: OperatorId
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    handle: str = ""
    ip: str = ""
    device: str = ""
    step: str = ""
    tries: int = 0
    pending: str | None = None
    proved_at: datetime | None = None
    sealed: bool = False

    def __post_init__(self) -> None:
        assert self.created_at <= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """
    A machine's key. `prefix` names it in public; `scope` is one or more words between spaces, `gateways` the names of
    the gateways it was made for.
    """

    id: str
    prefix: str
    secret_hash: str
    name: str
    scope: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    gateways: str = ""

    def allows(self, scope: str) -> bool:
        return scope in self.scope.split()


_TAKEN = Prepared(select(keys.c.gateways).where(keys.c.revoked_at.is_(None), keys.c.gateways != ""))
_OPERATORS = Prepared(select(operators).order_by(operators.c.login))
_OPERATOR = Prepared(select(operators).where(operators.c.id == bindparam("id")))
_SESSION = Prepared(select(sessions).where(sessions.c.token_hash == bindparam("token_hash")))
"""Asked for each request, and for each piece that each open board is told."""

_KEY = Prepared(select(keys).where(keys.c.prefix == bindparam("prefix")))


class Accounts:
    """The shelf of everybody, and every machine, that has to show who it is."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------------------------------- operators

    def operators(self) -> list[Operator]:
        return [_operator(row) for row in _OPERATORS.on(self._connection)]

    def by_phone(self, phone: str) -> Operator | None:
        """The operator with this number who may sign in; None where it is nobody's, or of several."""
        query = select(operators).where(operators.c.phone == phone, operators.c.disabled.is_(False)).limit(2)
        found = [_operator(row) for row in self._connection.execute(query)]
        return found[0] if len(found) == 1 else None

    def operator(self, id_: OperatorId) -> Operator:
        """
        One operator.

        Raises:
            NotFound: there is no such operator.
        """
        row = _OPERATOR.on(self._connection, id=id_).first()
        if row is None:
            raise NotFound(f"no operator {id_}")
        return _operator(row)

    def by_login(self, login: str) -> tuple[Operator, str] | None:
        """The operator with this login and the hash of the password, None where there is none."""
        row = self._connection.execute(select(operators).where(operators.c.login == login)).first()
        return None if row is None else (_operator(row), row.password_hash)

    def add_operator(self, operator: Operator, password_hash: str) -> None:
        row = {column: getattr(operator, column) for column in Operator.__slots__ if column not in {"roles", "area"}}
        words = {"roles": _roles(operator.roles), "stations": _stations(operator.area)}
        self._connection.execute(insert(operators), {**row, **words, "password_hash": password_hash})

    def change_operator(self, id_: OperatorId, **changes: Any) -> None:
        """Sets columns of an operator: `lang`, `disabled`, `password_hash`, `factor`, `factor_at`, `name`, `phone`."""
        self._connection.execute(update(operators).where(operators.c.id == id_).values(**changes))

    # ------------------------------------------------------------------------------------------- sessions

    def open_session(self, session: Session) -> None:
        row = {column: getattr(session, column) for column in Session.__slots__}
        self._connection.execute(insert(sessions), row)

    def session(self, token_hash: str) -> tuple[Session, Operator] | None:
        """A session with its operator, whether or not it still holds; None for a token nobody was given."""
        row = _SESSION.on(self._connection, token_hash=token_hash).first()
        if row is None:
            return None
        session = Session(**row._asdict())
        return session, self.operator(session.operator_id)

    def sessions(self, hashes: Collection[str]) -> list[tuple[Session, Operator]]:
        """Those of these sessions that were ever given, as `session` tells each."""
        found = self._connection.execute(select(sessions).where(sessions.c.token_hash.in_(sorted(hashes))))
        known = [Session(**row._asdict()) for row in found]
        holders = {each.id: each for each in self.operators()} if known else {}
        return [(each, holders[each.operator_id]) for each in known]

    def appoint(self, id_: OperatorId, roles: frozenset[Role], area: Area) -> None:
        """What this operator may do from now on, and for which stations."""
        self.change_operator(id_, roles=_roles(roles), stations=_stations(area))

    def secret_of(self, id_: OperatorId) -> tuple[str, int] | None:
        """The enciphered secret of a second factor and the last step used; None without one."""
        query = select(operators.c.factor, operators.c.factor_counter).where(operators.c.id == id_)
        row = self._connection.execute(query).first()
        return None if row is None or row.factor is None else (row.factor, row.factor_counter)

    def use_counter(self, id_: OperatorId, counter: int) -> bool:
        """Uses up this step and all before it; False when it was used already: a code works once (ASVS 6.5.1)."""
        later = (operators.c.id == id_) & (operators.c.factor_counter < counter)
        return bool(self._connection.execute(update(operators).where(later).values(factor_counter=counter)).rowcount)

    def open_sessions(self, id_: OperatorId) -> list[Session]:
        """The sessions of an operator that nobody ended, the one used last first."""
        query = select(sessions).where(sessions.c.operator_id == id_, sessions.c.ended_at.is_(None))
        return [Session(**row._mapping) for row in self._connection.execute(query.order_by(sessions.c.seen_at.desc()))]

    def change_session(self, token_hash: str, /, **changes: Any) -> bool:
        """Sets columns of a session nobody ended: `token_hash`, `tries`, `pending`, `proved_at`."""
        this = (sessions.c.token_hash == token_hash) & sessions.c.ended_at.is_(None)
        return bool(self._connection.execute(update(sessions).where(this).values(**changes)).rowcount)

    def saw_session(self, token_hash: str, at: datetime) -> None:
        self._connection.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(seen_at=at))

    def end_session(self, token_hash: str, at: datetime) -> bool:
        """Ends a session; False when it was over already or never was."""
        still_open = (sessions.c.token_hash == token_hash) & sessions.c.ended_at.is_(None)
        return bool(self._connection.execute(update(sessions).where(still_open).values(ended_at=at)).rowcount)

    def end_sessions(self, id_: OperatorId, at: datetime, *, but: str = "", handle: str = "") -> int:
        """
        Ends every session of an operator, or the one with this handle, but for the one with the token hash `but`;
        returns how many there were.
        """
        still_open = (sessions.c.operator_id == id_) & sessions.c.ended_at.is_(None) & (sessions.c.token_hash != but)
        still_open = still_open & (sessions.c.handle == handle) if handle else still_open
        ended: int = self._connection.execute(update(sessions).where(still_open).values(ended_at=at)).rowcount
        return ended

    def forget_sessions(self, before: datetime) -> None:
        """Rows of sessions that expired before then are of no use any more; the record has the sign-ins."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at < before))

    # ------------------------------------------------------------------------------------------- keys

    def keys(self) -> list[Key]:
        return [_key(row) for row in self._connection.execute(select(keys).order_by(keys.c.created_at))]

    def key(self, prefix: str) -> Key | None:
        row = _KEY.on(self._connection, prefix=prefix).first()
        return None if row is None else _key(row)

    def add_key(self, key: Key) -> None:
        self._connection.execute(insert(keys), {column: getattr(key, column) for column in Key.__slots__})

    def taken_gateways(self) -> frozenset[str]:
        """The gateways that keys in use were made for: nobody else speaks for these."""
        return frozenset(name for row in _TAKEN.on(self._connection) for name in row.gateways.split())

    def used_key(self, prefix: str, at: datetime) -> None:
        self._connection.execute(update(keys).where(keys.c.prefix == prefix).values(last_used_at=at))

    def revoke_key(self, prefix: str, at: datetime) -> bool:
        """Revokes a key; False when it was revoked already or never was."""
        good = (keys.c.prefix == prefix) & keys.c.revoked_at.is_(None)
        return bool(self._connection.execute(update(keys).where(good).values(revoked_at=at)).rowcount)

    # ------------------------------------------------------------------------------------------- failures

    def failures(self, *, login: str, ip: str, since: datetime) -> list[datetime]:
        """When sign-ins with this login from this address failed, oldest first."""
        query = select(sign_in_failures.c.at).where(
            sign_in_failures.c.login == login, sign_in_failures.c.ip == ip, sign_in_failures.c.at >= since
        )
        return list(self._connection.execute(query.order_by(sign_in_failures.c.at)).scalars())

    def add_failure(self, *, login: str, ip: str, at: datetime) -> None:
        self._connection.execute(insert(sign_in_failures), {"login": login, "ip": ip, "at": at})

    def forgive(self, *, login: str, ip: str) -> None:
        """A sign-in that worked wipes the failures of this login from this address."""
        mine = (sign_in_failures.c.login == login) & (sign_in_failures.c.ip == ip)
        self._connection.execute(delete(sign_in_failures).where(mine))

    def forget_failures(self, before: datetime) -> None:
        self._connection.execute(delete(sign_in_failures).where(sign_in_failures.c.at < before))


def _operator(row: Any) -> Operator:
    fields = row._asdict()
    for name in ("password_hash", "factor", "factor_counter"):
        del fields[name]
    roles = frozenset(map(Role, fields.pop("roles").split()))
    stations = frozenset(map(StationId, fields.pop("stations").split()))
    return Operator(**fields, roles=roles, area=Area(stations or None))


def _roles(roles: frozenset[Role]) -> str:
    return " ".join(sorted(roles))


def _stations(area: Area) -> str:
    # An empty text is the whole district: nobody may become that by having no station.
    assert area.stations is None or area.stations, "an area of no station cannot be kept"
    return " ".join(sorted(area.stations or ()))


def _key(row: Any) -> Key:
    return Key(**row._asdict())
