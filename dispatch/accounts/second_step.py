"""
The second step of signing in: the code of an authenticator, a recovery code, or the sealed one.

    half session ──code──► whole session, new token            enrol ──first code──► ten recovery codes, whole session
              └──sealed──► the watch's rights only; the duty numbers are told

A half session opens nothing. Five wrong codes end it, and then the password has to be given again.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from dispatch.accounts.codes import address_of, digits_of, new_code, new_secret, step_of
from dispatch.accounts.sign_in import CODE, ENROL, WATCH, Grant, SignIn, SignInNeeded, hash_of, new_token
from dispatch.errors import NotAllowed
from dispatch.rules import people
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.account_codes import AccountCodes, Kind
from dispatch.store.accounts import Accounts, Operator, Session
from dispatch.store.transactions import Tx

TRIES_MAX = 5
RECOVERY_CODES = 10

RECENT = timedelta(minutes=10)
"""Whoever showed who they are so lately need not do it again."""

log = structlog.get_logger()


class WrongCode(NotAllowed):
    """This code does not fit, or was used before."""


class ProofNeeded(NotAllowed):
    """Before this, whoever is signed in shows once more who they are."""


class SecondStep:
    """Second factors and what is done in their place."""

    def __init__(self, sign_in: SignIn) -> None:
        self._door = sign_in

    # ------------------------------------------------------------------------------------------- coming in

    def half(self, token: str) -> tuple[Session, Operator]:
        """
        The half session of a token.

        Raises:
            SignInNeeded: there is none, or it is over.
        """
        found = self._door.session_of(token)
        if found is None or not found[0].step:
            raise SignInNeeded("Please sign in.")
        return found

    def enter(self, token: str, typed: str) -> Grant:
        """
        A whole session for the code of the authenticator, or a recovery code.

        Raises:
            WrongCode: neither. TooSoon: too many wrong ones a moment ago. SignInNeeded: the half session is over.
        """
        session, operator = self._try(token, CODE)

        def work(tx: Tx) -> Grant | None:
            if not self._fits(tx, operator, typed):
                return None
            return self._whole(tx, session, operator)

        return self._settle(session, operator, self._door.transactions.run(work))

    def enrol(self, token: str) -> tuple[str, str]:
        """
        The secret of a second factor to be set up and its `otpauth://` address; the same until it is confirmed.

        Raises:
            SignInNeeded: the half session is over, or it is for something else.
        """
        session, operator = self._enrolling(token)
        secret = self._door.vault.open(session.pending) if session.pending else None
        if secret is None:
            secret = new_secret()
            closed = self._door.vault.close(secret)
            self._door.transactions.run(
                lambda tx: Accounts(tx.connection).change_session(session.token_hash, pending=closed)
            )
        return secret, address_of(secret, operator.login)

    def confirm(self, token: str, typed: str) -> tuple[Grant, list[str]]:
        """
        A whole session and ten recovery codes, shown this once, for the first code of the new authenticator.

        Raises:
            WrongCode, TooSoon, SignInNeeded: as for `enter`.
        """
        session, operator = self._enrolling(token)
        self._door.count_attempt(f"{operator.login}#code", session.ip)
        secret = self._door.vault.open(session.pending) if session.pending else None
        codes = [new_code() for _ in range(RECOVERY_CODES)]

        def work(tx: Tx) -> Grant | None:
            step = step_of(secret, digits_of(typed), tx.now) if secret else None
            if step is None or secret is None:
                return None
            self._keep_factor(tx, operator, secret, step, codes)
            return self._whole(tx, session, operator)

        return self._settle(session, operator, self._door.transactions.run(work)), codes

    def unseal(self, token: str, typed: str) -> Grant:
        """
        A session with the watch's rights for a sealed code; the duty numbers are told at once.

        Raises:
            WrongCode: it is none, or was used. NotAllowed: this account may not be on watch.
        """
        session, operator = self._try(token, CODE, ENROL)
        if not operator.roles & WATCH:
            raise NotAllowed("Your account may not do this.")

        def work(tx: Tx) -> Grant | None:
            if not AccountCodes(tx.connection).use(Kind.SEALED, typed, tx.now, of=None):
                return None
            tx.log(Line(kind="seal_broken", by=people.operator(operator.id), note=session.ip))
            return self._whole(tx, session, operator, sealed=True)

        grant = self._settle(session, operator, self._door.transactions.run(work))
        log.warning("seal_broken", operator_id=operator.id)
        self._door.page("seal_broken", operator.name)
        return grant

    # ------------------------------------------------------------------------------------------- once more

    def proved(self, token: str) -> bool:
        """Whether the holder of this session showed who they are within the last ten minutes."""
        found = self._door.session_of(token)
        proved_at = found[0].proved_at if found else None
        return proved_at is not None and timedelta(0) <= self._door.clock.now() - proved_at < RECENT

    def prove(self, token: str, *, password: str, code: str) -> Grant:
        """
        A new token for the same session once its holder has given the password or a code of the authenticator.

        Raises:
            WrongCode: neither fits. TooSoon: too many wrong ones a moment ago. SignInNeeded: the session is over.
        """
        found = self._door.session_of(token)
        if found is None or found[0].step:
            raise SignInNeeded("Please sign in.")
        session, operator = found
        self._door.count_attempt(f"{operator.login}#proof", session.ip)
        right = bool(password) and self._knows(operator, password)
        fresh = new_token()

        def work(tx: Tx) -> bool:
            if not (right or (code and self._fits(tx, operator, code))):
                return False
            accounts = Accounts(tx.connection)
            accounts.forgive(login=f"{operator.login}#proof", ip=session.ip)
            return accounts.change_session(session.token_hash, token_hash=hash_of(fresh), proved_at=tx.now)

        if not self._door.transactions.run(work):
            log.warning("proof_failed", operator_id=operator.id)
            raise WrongCode("This does not fit.")
        return Grant(token=fresh, operator=operator)

    # ------------------------------------------------------------------------------------------- codes

    def seal(self, *, by: Person = SERVICE) -> str:
        """A new sealed code for the envelope at the duty desk, shown this once."""
        code = new_code()

        def work(tx: Tx) -> None:
            AccountCodes(tx.connection).add(Kind.SEALED, code, tx.now, of=None)
            tx.log(Line(kind="seal_made", by=by))

        self._door.transactions.run(work)
        return code

    def recovery_codes(self, operator: Operator) -> list[str]:
        """Ten new recovery codes, shown this once; those before are good for nothing."""
        codes = [new_code() for _ in range(RECOVERY_CODES)]
        self._door.transactions.run(lambda tx: _renew(tx, operator, codes))
        return codes

    def left(self, operator: Operator) -> tuple[int, int]:
        """How many recovery codes this operator has, and how many sealed ones there are."""
        with self._door.reading.connect() as connection:
            shelf = AccountCodes(connection)
            return shelf.left(Kind.RECOVERY, of=operator.id), shelf.left(Kind.SEALED, of=None)

    # ------------------------------------------------------------------------------------------- inside

    def _enrolling(self, token: str) -> tuple[Session, Operator]:
        """Whoever must set a factor up before they come in, or is in and wants one."""
        found = self._door.session_of(token)
        if found is None or found[0].step == CODE or found[0].sealed:
            raise SignInNeeded("Please sign in.")
        return found

    def _try(self, token: str, *steps: str) -> tuple[Session, Operator]:
        """A half session that may try once more; the try is counted before it is looked at."""
        session, operator = self.half(token)
        if session.step not in steps:
            raise SignInNeeded("Please sign in.")
        self._door.count_attempt(f"{operator.login}#code", session.ip)
        return session, operator

    def _settle(self, session: Session, operator: Operator, grant: Grant | None) -> Grant:
        if grant is not None:
            return grant
        self._door.transactions.run(lambda tx: _missed(tx, session))
        log.warning("code_refused", operator_id=operator.id, ip=session.ip)
        raise WrongCode("This code does not fit.")

    def _fits(self, tx: Tx, operator: Operator, typed: str) -> bool:
        """Whether this is a code of the operator's that was never used; then it is used up."""
        accounts, digits = Accounts(tx.connection), digits_of(typed)
        if not digits:
            return AccountCodes(tx.connection).use(Kind.RECOVERY, typed, tx.now, of=operator.id)
        kept = accounts.secret_of(operator.id)
        secret = self._door.vault.open(kept[0]) if kept else None
        step = step_of(secret, digits, tx.now) if secret else None
        return step is not None and accounts.use_counter(operator.id, step)

    def _whole(self, tx: Tx, half: Session, operator: Operator, *, sealed: bool = False) -> Grant | None:
        """Ends the half and opens the whole; None where another request was faster with the same half."""
        accounts, token = Accounts(tx.connection), new_token()
        if not accounts.end_session(half.token_hash, tx.now):
            return None
        accounts.forgive(login=f"{operator.login}#code", ip=half.ip)
        self._door.begin(tx, token, operator, ip=half.ip, device=half.device, sealed=sealed)
        return Grant(token=token, operator=operator)

    def _keep_factor(self, tx: Tx, operator: Operator, secret: str, step: int, codes: Sequence[str]) -> None:
        closed = self._door.vault.close(secret)
        accounts = Accounts(tx.connection)
        accounts.change_operator(operator.id, factor=closed, factor_counter=step, factor_at=tx.now)
        tx.log(Line(kind="second_factor_set", by=people.operator(operator.id)))
        _renew(tx, operator, codes)

    def _knows(self, operator: Operator, password: str) -> bool:
        with self._door.reading.connect() as connection:
            found = Accounts(connection).by_login(operator.login)
        return found is not None and self._door.passwords.fits(password, found[1])


def _missed(tx: Tx, session: Session) -> None:
    """Counts a wrong code; the fifth ends the half session."""
    accounts = Accounts(tx.connection)
    found = accounts.session(session.token_hash)
    tries = (found[0].tries if found else 0) + 1
    accounts.change_session(session.token_hash, tries=tries)
    if tries >= TRIES_MAX and accounts.end_session(session.token_hash, tx.now):
        tx.log(Line(kind="codes_refused", by=people.operator(session.operator_id), note=session.ip))


def _renew(tx: Tx, operator: Operator, codes: Sequence[str]) -> None:
    shelf = AccountCodes(tx.connection)
    shelf.forget(Kind.RECOVERY, of=operator.id)
    for code in codes:
        shelf.add(Kind.RECOVERY, code, tx.now, of=operator.id)
    tx.log(Line(kind="recovery_codes_made", by=people.operator(operator.id)))
