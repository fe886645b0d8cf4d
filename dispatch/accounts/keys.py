"""
Keys of machines: gateways, tills, other programs. `al_<prefix>.<secret>` is shown once, when it is made.

The prefix names the key in lists and in the record; of the secret only SHA-256 is kept, which is enough for 256 random
bits and fast enough for every request of a gateway.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from dispatch.accounts.remembered import Remembered
from dispatch.clock import Clock
from dispatch.errors import Busy, Invalid, NotAllowed, NotFound
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Accounts, Key, Reading
from dispatch.store.transactions import Transactions, Tx

USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is written this often, not at every request."""

_KEY = re.compile(r"al_(?P<prefix>[0-9a-f]{12})\.(?P<secret>[A-Za-z0-9_-]{43})")
_SCOPE = re.compile(r"[a-z][a-z_]*(?::[a-z_]+)?(?: [a-z][a-z_]*(?::[a-z_]+)?)*")

_TAKEN = "gateways of keys"
"""Under which name it is remembered whose gateways are taken; no key has such a prefix."""

GATEWAYS_MAX = 400
"""Characters of all names together; an edge has one."""

log = structlog.get_logger()


class UnknownKey(NotAllowed):
    """No key, not a key, or one that was revoked."""


class Keys:
    """Makes, checks and revokes the keys of machines."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, *, remembers: bool = False
    ) -> None:  # fmt: skip
        """`remembers`: keys are changed by this object only, so what was read once is known."""
        self._remembered = Remembered(remembers=remembers)
        self._transactions = transactions
        self._reading = reading
        self._clock = clock

    def new_key(self, name: str, scope: str, *, gateways: Sequence[str] = (), by: Person = SERVICE) -> str:
        """
        A new key for the machine called `name`; `scope` is one or more words between spaces (`signals`, `record:read`).
        `gateways` are the only ones it may speak for, and from now on only such a key speaks for them.

        Raises:
            Invalid: the name is empty, the scope is not such words, or a gateway's name is none.
        """
        _refuse_odd(name, scope)
        _refuse_odd_gateways(gateways)
        secret = secrets.token_urlsafe(32)
        prefix = secrets.token_hex(6)

        def work(tx: Tx) -> None:
            key = Key(
                id=tx.new_id(), prefix=prefix, secret_hash=_hash(secret), name=name, scope=scope, created_at=tx.now,
                gateways=" ".join(gateways),
            )  # fmt: skip
            Accounts(tx.connection).add_key(key)
            tx.log(Line(kind="key_made", by=by, facts={"key": prefix, "scope": scope, "gateways": " ".join(gateways)}))

        self._change(work)
        return f"al_{prefix}.{secret}"

    def check(self, key: str, scope: str) -> Key:
        """
        The key on file behind what a machine presented.

        Raises:
            UnknownKey: it is none of ours, or was revoked.
            NotAllowed: it is good, but not for this.
        """
        found = self._find(key)
        if not found.allows(scope):
            raise NotAllowed("This key is not for that.")
        if self._is_to_be_marked(found):
            self._mark_used(found)
        return found

    def look(self, key: str, scope: str) -> Key | None:
        """As `check`, in silence: None for what it would refuse, and where it is time to mark that a key is used."""
        found = self._match(key)
        return found if found is not None and found.allows(scope) and not self._is_to_be_marked(found) else None

    def speaks_for(self, key: Key, gateway: str) -> bool:
        """Whether this key may say what that gateway heard: it was made for it, or neither was made for anything."""
        if key.gateways:
            return gateway in key.gateways.split()
        return gateway not in self._remembered.get(_TAKEN, self._taken)

    def revoke(self, prefix: str, *, by: Person = SERVICE) -> None:
        """
        The key is good for nothing from now on.

        Raises:
            NotFound: there is no such key, or it was revoked before.
        """

        def work(tx: Tx) -> None:
            if not Accounts(tx.connection).revoke_key(prefix, tx.now):
                raise NotFound(f"no key {prefix}")
            tx.log(Line(kind="key_revoked", by=by, facts={"key": prefix}))

        self._change(work)

    def keys(self) -> list[Key]:
        """All keys, revoked ones too, oldest first."""
        with self._reading.connect() as connection:
            return Accounts(connection).keys()

    def _find(self, presented: str) -> Key:
        parts = _KEY.fullmatch(presented)
        if parts is None:
            raise UnknownKey("A key is needed, as Authorization: Bearer al_….")
        key = self._match(presented)
        if key is None:
            log.warning("key_refused", key=parts["prefix"])
            raise UnknownKey("This key is not known here.")
        return key

    def _match(self, presented: str) -> Key | None:
        """The key on file that is good and has this secret."""
        parts = _KEY.fullmatch(presented)
        key = self._remembered.get(parts["prefix"], lambda: self._read(parts["prefix"])) if parts else None
        if parts is None or key is None or key.revoked_at:
            return None
        return key if hmac.compare_digest(key.secret_hash, _hash(parts["secret"])) else None

    def _is_to_be_marked(self, key: Key) -> bool:
        return key.last_used_at is None or abs(self._clock.now() - key.last_used_at) >= USED_EVERY

    def _read(self, prefix: str) -> Key | None:
        with self._reading.connect() as connection:
            return Accounts(connection).key(prefix)

    def _taken(self) -> frozenset[str]:
        with self._reading.connect() as connection:
            return Accounts(connection).taken_gateways()

    def _change(self, work: Callable[[Tx], None]) -> None:
        """A change of keys: when it returns, nobody gets in by what was known before."""
        with self._remembered.changing():
            self._transactions.run(work)

    def _mark_used(self, key: Key) -> None:
        try:
            self._transactions.run(lambda tx: Accounts(tx.connection).used_key(key.prefix, tx.now))
            self._remembered.forget()
        except Busy:
            # The next use marks it; a gateway with a press in its hands must not be turned away for this.
            log.warning("key_use_not_marked", key=key.prefix)


def _refuse_odd(name: str, scope: str) -> None:
    if not name.strip():
        raise Invalid("A key has a name.", {"name": ["A key has a name."]})
    if not _SCOPE.fullmatch(scope):
        raise Invalid("A scope is one or more words.", {"scope": ["A scope is one or more words."]})


def _refuse_odd_gateways(names: Sequence[str]) -> None:
    whole = " ".join(names)
    if len(whole) > GATEWAYS_MAX or any(not name or name.split() != [name] for name in names):
        raise Invalid("A gateway has a name without spaces.", {"gateways": ["A gateway has a name without spaces."]})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
