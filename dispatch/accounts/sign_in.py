"""
Signing in, for people: a login and a password are exchanged for a token, and the token for an operator.

    attempt ──► back-off? ──► argon2 (outside any transaction) ──► new session row ──► token, once, to the caller

An attempt counts as failed from the moment it is made and is forgiven when the password fits; so a hundred attempts at
once are a hundred failures, not one. The back-off belongs to one login from one address and never exceeds half a
minute: a stranger who guesses can neither hurry nor keep the console of the watch locked.
"""

import hashlib
import math
import secrets
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from argon2 import PasswordHasher

from dispatch.accounts.codes import Vault
from dispatch.accounts.passwords import Passwords, refuse_weak
from dispatch.accounts.policy import RELAXED, AccountPolicy, SessionLimits
from dispatch.clock import Clock
from dispatch.errors import Busy, Conflict, Invalid, NotAllowed
from dispatch.ids import OperatorId
from dispatch.rules import people
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.store.accounts import LOGIN_MAX, Accounts, Operator, Reading, Session
from dispatch.store.transactions import Transactions, Tx

FREE_FAILURES = 3
"""So many slips of the finger cost no wait."""

WAIT_MAX_S = 30
"""The longest back-off: long enough against guessing (120 tries an hour), short enough for a watch that must get in."""

FAILURES_COUNT_FOR = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)

WATCH = frozenset({Role.OPERATOR})
"""What a session is good for that a sealed code opened."""

SEEN_EVERY = timedelta(minutes=1)
"""A session is marked as used this often, not at every request: a board asks several times a second."""

LANGS = ("zh", "en")

log = structlog.get_logger()


class SignInNeeded(NotAllowed):
    """Nobody is signed in, or no longer."""


class WrongPassword(NotAllowed):
    """Login and password do not belong together; which of the two is wrong is not said."""


class TooSoon(Busy):
    """After several failures the next try has to wait `wait_s` seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many failed attempts; try again in {wait_s} seconds.")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    A sign-in that worked. `token` has 256 random bits and is known to nobody but its holder; `step` is what is still
    missing before it opens anything: `code`, `enrol`, or nothing.
    """

    token: str
    operator: Operator
    step: str = ""


CODE, ENROL = "code", "enrol"

HALF_LASTS = timedelta(minutes=15)
"""So long somebody has for the second step."""

DEVICE_MAX = 200


class SignIn:
    """Operators, their passwords and their sessions."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Reading,
        clock: Clock,
        hasher: PasswordHasher,
        limits: SessionLimits | None = None,
        *,
        policy: AccountPolicy = RELAXED,
        secret: str = "",
        page: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        """
        `limits` are those of the watch where they differ from the policy's; `secret` is the service's own; `page(why,
        what)` tells the duty numbers.
        """
        self.transactions = transactions
        self.reading = reading
        self.clock = clock
        self.passwords = Passwords(hasher)
        self.policy = replace(policy, watch=limits) if limits else policy
        self.vault = Vault(secret)
        self.page = page

    def sign_in(self, *, login: str, password: str, ip: str, device: str = "") -> Grant:
        """
        A new session for whoever knows the password; half of one where a second factor is still to be shown or set up.
        `ip` is the caller's address, `device` what their browser says of itself.

        Raises:
            WrongPassword: they do not belong together, or the operator was disabled.
            TooSoon: too many failures of this login from this address a moment ago.
            Busy: too many are signing in at once.
        """
        self.count_attempt(normal(login), ip)
        with self.reading.connect() as connection:
            found = found_by(Accounts(connection), login)
        operator, hash_ = found or (None, None)
        fits = self.passwords.fits(password, hash_)
        if operator is None or hash_ is None or not fits or operator.disabled:
            log.warning("sign_in_failed", operator_id=operator.id if operator else None, ip=ip)
            raise WrongPassword("The login or the password is wrong.")
        renewed = self.passwords.hash(password) if self.passwords.is_outdated(hash_) else None
        step = CODE if operator.factor_at else ENROL if self.policy.second_factor else ""
        return self._open(operator, ip, renewed, device=device, step=step)

    def count_attempt(self, login: str, ip: str) -> None:
        """
        Counts a try before it is looked at.

        Raises:
            TooSoon: there were too many a moment ago.
        """
        self.transactions.run(lambda tx: _count_attempt(tx, login, ip))

    def check(self, token: str) -> Operator | None:
        """The operator a token stands for; None when it was never given out, or is over, or its operator disabled."""
        found = self.session_of(token)
        return None if found is None or found[0].step else found[1]

    def session_of(self, token: str, *, used: bool = True) -> tuple[Session, Operator] | None:
        """
        The session a token stands for, whole or half, with its operator as far as this session goes: one that a sealed
        code opened is the watch's and no more. None where it is over. `used`: somebody did something with it.
        """
        with self.reading.connect() as connection:
            found = Accounts(connection).session(hash_of(token))
        return None if found is None else self._whole(*found, used=used)

    def listeners(self, tokens: Collection[str]) -> dict[str, Operator]:
        """Whose of these tokens hold, each with its operator as `session_of` tells them: one look for many streams."""
        by_hash = {hash_of(token): token for token in tokens}
        with self.reading.connect() as connection:
            found = Accounts(connection).sessions(by_hash)
        whole = [self._whole(session, operator, used=False) for session, operator in found]
        return {by_hash[each[0].token_hash]: each[1] for each in whole if each is not None and not each[0].step}

    def _whole(self, session: Session, operator: Operator, *, used: bool) -> tuple[Session, Operator] | None:
        now = self.clock.now()
        if not self._holds(session, operator, now):
            return None
        if (used or Role.OPERATOR in operator.roles) and abs(now - session.seen_at) >= SEEN_EVERY:
            self._mark_seen(session)
        return session, replace(operator, roles=operator.roles & WATCH) if session.sealed else operator

    def sign_out(self, token: str) -> None:
        """Ends the session of a token; harmless when it is over already."""

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            found = accounts.session(hash_of(token))
            if found and accounts.end_session(hash_of(token), tx.now):
                tx.log(Line(kind="signed_out", by=people.operator(found[1].id)))

        self.transactions.run(work)

    def end_all(self, operator_id: OperatorId, *, by: Person = SERVICE) -> int:
        """Ends every session of an operator, on every console, and returns how many there were."""
        return self.transactions.run(lambda tx: end_all(tx, operator_id, by))

    def disable(self, operator_id: OperatorId, *, by: Person = SERVICE) -> None:
        """The operator may not come in any more, and is out at once."""

        def work(tx: Tx) -> None:
            Accounts(tx.connection).change_operator(operator_id, disabled=True)
            tx.log(Line(kind="operator_disabled", by=by, facts={"operator_id": operator_id}))
            end_all(tx, operator_id, by)

        self.transactions.run(work)

    def add_operator(
        self,
        login: str,
        name: str,
        password: str,
        *,
        phone: str | None = None,
        lang: str = "zh",
        roles: frozenset[Role] = frozenset(Role),
        area: Area = DISTRICT,
        by: Person = SERVICE,
    ) -> Operator:
        """
        A new operator. The login is kept in lower case, so that nobody fails by the shift key.

        Raises:
            Invalid: the login, the language or the password will not do.
            Conflict: somebody has this login.
        """
        login = normal(login)
        refuse_odd(login, lang)
        refuse_weak(password, login, name)
        hash_ = self.passwords.hash(password)

        def work(tx: Tx) -> Operator:
            accounts = Accounts(tx.connection)
            if accounts.by_login(login):
                raise Conflict("Somebody has this login already.")
            operator = Operator(
                id=OperatorId(tx.new_id()), login=login, name=name, phone=phone, lang=lang,
                disabled=False, created_at=tx.now, roles=roles, area=area,
            )  # fmt: skip
            accounts.add_operator(operator, hash_)
            tx.log(Line(kind="operator_added", by=by, facts={"operator_id": operator.id}))
            return operator

        return self.transactions.run(work)

    def operators(self) -> list[Operator]:
        """Everybody with a login, by login."""
        with self.reading.connect() as connection:
            return Accounts(connection).operators()

    def set_lang(self, operator_id: OperatorId, lang: str) -> None:
        """Keeps the language an operator chose."""
        assert lang in LANGS
        self.transactions.run(lambda tx: Accounts(tx.connection).change_operator(operator_id, lang=lang))

    def close(self) -> None:
        """Stops the threads that hash."""
        self.passwords.close()

    def _open(self, operator: Operator, ip: str, renewed: str | None, *, device: str, step: str) -> Grant:
        token = new_token()

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            accounts.forgive(login=operator.login, ip=ip)
            accounts.forget_sessions(tx.now - FORGOTTEN_AFTER)
            if renewed:
                accounts.change_operator(operator.id, password_hash=renewed)
            self.begin(tx, token, operator, ip=ip, device=device, step=step)

        self.transactions.run(work)
        return Grant(token=token, operator=operator, step=step)

    def begin(
        self, tx: Tx, token: str, operator: Operator, *, ip: str, device: str, step: str = "", sealed: bool = False
    ) -> None:
        """Opens a session within a unit of work."""
        lasts = HALF_LASTS if step else self.policy.limits(operator.roles).absolute
        session = Session(
            token_hash=hash_of(token), operator_id=operator.id, created_at=tx.now, seen_at=tx.now,
            expires_at=tx.now + lasts, handle=tx.new_id(), ip=ip[:45], device=device[:DEVICE_MAX], step=step,
            proved_at=None if step else tx.now, sealed=sealed,
        )  # fmt: skip
        Accounts(tx.connection).open_session(session)
        if not step:
            tx.log(Line(kind="signed_in", by=people.operator(operator.id), note=ip))

    def _holds(self, session: Session, operator: Operator, now: datetime) -> bool:
        return (
            session.ended_at is None
            and now < session.expires_at
            and now < session.seen_at + self.policy.limits(operator.roles).idle
            and not operator.disabled
        )

    def _mark_seen(self, session: Session) -> None:
        try:
            self.transactions.run(lambda tx: Accounts(tx.connection).saw_session(session.token_hash, tx.now))
        except Busy:
            # The next request marks it; a busy database must not send the watch back to the sign-in page.
            log.warning("session_not_marked", operator_id=session.operator_id)


def wait_s(failed_at: list[datetime], now: datetime) -> int:
    """
    Seconds until the next try: none for the first failures, then 1, 2, 4 … up to `WAIT_MAX_S` after the last one.

    The distance is taken without its sign, so that a clock set back an hour does not lock the watch out for an hour.
    """
    if len(failed_at) < FREE_FAILURES:
        return 0
    delay: int = min(WAIT_MAX_S, 2 ** (len(failed_at) - FREE_FAILURES))
    passed = abs((now - failed_at[-1]).total_seconds())
    return max(0, math.ceil(delay - passed))


def _count_attempt(tx: Tx, login: str, ip: str) -> None:
    accounts = Accounts(tx.connection)
    accounts.forget_failures(tx.now - FORGOTTEN_AFTER)
    waiting = wait_s(accounts.failures(login=login, ip=ip, since=tx.now - FAILURES_COUNT_FOR), tx.now)
    if waiting:
        raise TooSoon(waiting)
    accounts.add_failure(login=login, ip=ip, at=tx.now)


def end_all(tx: Tx, operator_id: OperatorId, by: Person) -> int:
    ended: int = Accounts(tx.connection).end_sessions(operator_id, tx.now)
    tx.log(Line(kind="sessions_ended", by=by, facts={"operator_id": operator_id, "sessions": ended}))
    return ended


def refuse_odd(login: str, lang: str) -> None:
    """
    Lets a proper login and a language of ours pass.

    Raises:
        Invalid: one of them will not do.
    """
    if not login or not login.isprintable() or any(each.isspace() for each in login):
        raise Invalid("A login is one word.", {"login": ["A login is one word."]})
    if lang not in LANGS:
        raise Invalid("Languages are zh and en.", {"lang": ["Languages are zh and en."]})


def normal(login: str) -> str:
    """A login as it is kept: nobody fails by the shift key, or by letters that an input method made wide."""
    return unicodedata.normalize("NFKC", login).strip().casefold()[:LOGIN_MAX]


def found_by(accounts: Accounts, typed: str) -> tuple[Operator, str] | None:
    """Who has this login, and the hash of the password; also of an account from when wide letters were kept wide."""
    return accounts.by_login(normal(typed)) or accounts.by_login(typed.strip().casefold()[:LOGIN_MAX])


def new_token() -> str:
    """A session's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
