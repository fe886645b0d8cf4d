"""
Who has an account, and what for: invited, appointed, put out, let in again.

    invite ──► one-time code, 24 h ──► the person chooses a password (activate) ──► first sign-in

Nobody else ever knows a password: an administrator hands out a code that is good once. Whatever takes a right away ends
the sessions that had it. The last administrator stays one.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from dispatch.accounts.codes import new_code
from dispatch.accounts.passwords import refuse_weak
from dispatch.accounts.sign_in import SignIn, WrongPassword, end_all, found_by, hash_of, normal, refuse_odd
from dispatch.errors import Conflict, Invalid
from dispatch.ids import OperatorId, StationId
from dispatch.rules import people
from dispatch.rules.people import SERVICE, Person, Station
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.store.account_codes import AccountCodes, Kind
from dispatch.store.accounts import Accounts, Operator, Reading, Session
from dispatch.store.people import People
from dispatch.store.transactions import Tx

INVITED_FOR = timedelta(hours=24)
NAME_MAX = 120


class Staff:
    """Changes accounts. Every change is in the record with who made it."""

    def __init__(self, sign_in: SignIn) -> None:
        self._door = sign_in

    # ------------------------------------------------------------------------------------------- by administrators

    def invite(
        self, login: str, name: str, *, roles: frozenset[Role], area: Area = DISTRICT, phone: str | None = None,
        lang: str = "zh", by: Person = SERVICE,
    ) -> tuple[Operator, str]:  # fmt: skip
        """
        A new account that nobody can sign in to yet, and the code to begin with, shown this once and good for 24 hours.

        Raises:
            Invalid: the login, the name, the language or the roles will not do. Conflict: somebody has this login.
        """
        login, name = normal(login), name.strip()[:NAME_MAX]
        refuse_odd(login, lang)
        _refuse_empty(name, roles)
        # A hash of nothing that anybody could type: the account opens by the code alone.
        hash_, code = self._door.passwords.hash(secrets.token_urlsafe(32)), new_code()

        def work(tx: Tx) -> Operator:
            accounts = Accounts(tx.connection)
            if accounts.by_login(login):
                raise Conflict("Somebody has this login already.")
            operator = Operator(
                id=OperatorId(tx.new_id()), login=login, name=name, phone=phone, lang=lang, disabled=False,
                created_at=tx.now, roles=roles, area=area,
            )  # fmt: skip
            accounts.add_operator(operator, hash_)
            _hand_out(tx, operator.id, code)
            tx.log(Line(kind="operator_added", by=by, facts={"operator_id": operator.id, **_told(roles, area)}))
            return operator

        return self._door.transactions.run(work), code

    def appoint(self, id_: OperatorId, *, roles: frozenset[Role], area: Area, by: Person) -> None:
        """
        Other roles or stations from now on; whoever has them signs in anew.

        Raises:
            Conflict: nobody would be left to administer. Invalid: no role. NotFound: no such account.
        """
        _refuse_empty("-", roles)

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            before = accounts.operator(id_)
            if (before.roles, before.area) == (roles, area):
                return
            accounts.appoint(id_, roles, area)
            _refuse_leaderless(accounts)
            tx.log(Line(kind="operator_appointed", by=by, facts={"operator_id": id_, **_told(roles, area)}))
            end_all(tx, id_, by)

        self._door.transactions.run(work)

    def reset(self, id_: OperatorId, *, factor: bool = False, by: Person) -> str:
        """
        A code with which this person chooses a new password; the old one and all sessions are over. `factor`: the
        second factor as well, for a telephone that is lost.

        Raises:
            NotFound: no such account.
        """
        hash_, code = self._door.passwords.hash(secrets.token_urlsafe(32)), new_code()

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            accounts.operator(id_)
            accounts.change_operator(id_, password_hash=hash_)
            _hand_out(tx, id_, code)
            tx.log(Line(kind="operator_reset", by=by, facts={"operator_id": id_, "factor": factor}))
            if factor:
                _drop_factor(tx, id_)
            end_all(tx, id_, by)

        self._door.transactions.run(work)
        return code

    def drop_factor(self, id_: OperatorId, *, by: Person) -> None:
        """
        The second factor is gone; where one is required it is set up anew at the next sign-in.

        Raises:
            NotFound: no such account.
        """

        def work(tx: Tx) -> None:
            Accounts(tx.connection).operator(id_)
            _drop_factor(tx, id_)
            tx.log(Line(kind="second_factor_dropped", by=by, facts={"operator_id": id_}))
            end_all(tx, id_, by)

        self._door.transactions.run(work)

    def disable(self, id_: OperatorId, *, by: Person) -> None:
        """
        Out at once, and not in again until enabled.

        Raises:
            Conflict: nobody would be left to administer. NotFound: no such account.
        """

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            accounts.operator(id_)
            accounts.change_operator(id_, disabled=True)
            _refuse_leaderless(accounts)
            tx.log(Line(kind="operator_disabled", by=by, facts={"operator_id": id_}))
            end_all(tx, id_, by)

        self._door.transactions.run(work)

    def enable(self, id_: OperatorId, *, by: Person) -> None:
        """
        May come in again, with the password of before.

        Raises:
            NotFound: no such account.
        """

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            accounts.operator(id_)
            accounts.change_operator(id_, disabled=False)
            tx.log(Line(kind="operator_enabled", by=by, facts={"operator_id": id_}))

        self._door.transactions.run(work)

    # ------------------------------------------------------------------------------------------- by oneself

    def activate(self, login: str, code: str, password: str, *, ip: str) -> None:
        """
        Chooses a password with a code that an administrator handed out; the code is used up.

        Raises:
            WrongPassword: login and code do not belong together, or the code is over. TooSoon: too many wrong ones.
            Invalid: the password will not do; the code is still good.
        """
        login, typed = normal(login), login
        self._door.count_attempt(f"{login}#activate", ip)
        with self._door.reading.connect() as connection:
            found = found_by(Accounts(connection), typed)
        operator = found[0] if found else None
        refuse_weak(password, login, operator.name if operator else "")
        hash_ = self._door.passwords.hash(password)

        def work(tx: Tx) -> bool:
            accounts, shelf = Accounts(tx.connection), AccountCodes(tx.connection)
            if operator is None or operator.disabled:
                return False
            if not shelf.use(Kind.ACTIVATION, code, tx.now, of=operator.id):
                return False
            accounts.change_operator(operator.id, password_hash=hash_)
            accounts.forgive(login=f"{login}#activate", ip=ip)
            tx.log(Line(kind="password_chosen", by=people.operator(operator.id)))
            return True

        if not self._door.transactions.run(work):
            raise WrongPassword("The login or the code is wrong, or the code is over.")

    def change_password(self, operator: Operator, *, old: str, new: str, token: str, ip: str) -> None:
        """
        A new password for whoever knows the old one; all other sessions of theirs end.

        Raises:
            WrongPassword: the old one does not fit. Invalid: the new one will not do. TooSoon: too many wrong ones.
        """
        self._door.count_attempt(f"{operator.login}#proof", ip)
        with self._door.reading.connect() as connection:
            found = Accounts(connection).by_login(operator.login)
        if found is None or not self._door.passwords.fits(old, found[1]):
            raise WrongPassword("The old password is wrong.")
        refuse_weak(new, operator.login, operator.name)
        hash_ = self._door.passwords.hash(new)

        def work(tx: Tx) -> None:
            accounts = Accounts(tx.connection)
            accounts.change_operator(operator.id, password_hash=hash_)
            accounts.forgive(login=f"{operator.login}#proof", ip=ip)
            accounts.end_sessions(operator.id, tx.now, but=hash_of(token))
            tx.log(Line(kind="password_chosen", by=people.operator(operator.id)))

        self._door.transactions.run(work)

    def sessions(self, operator: Operator) -> list[Session]:
        """Where this account is signed in, the one used last first."""
        now = self._door.clock.now()
        with self._door.reading.connect() as connection:
            found = Accounts(connection).open_sessions(operator.id)
        return [each for each in found if now < each.expires_at]

    def end_session(self, id_: OperatorId, handle: str, *, by: Person) -> int:
        """Ends the session with this handle, or all of the account for an empty one; returns how many there were."""

        def work(tx: Tx) -> int:
            ended = Accounts(tx.connection).end_sessions(id_, tx.now, handle=handle)
            tx.log(Line(kind="sessions_ended", by=by, facts={"operator_id": id_, "sessions": ended}))
            return ended

        return self._door.transactions.run(work)

    def operator(self, id_: OperatorId) -> Operator:
        """
        One account.

        Raises:
            NotFound: there is none with this id.
        """
        with self._door.reading.connect() as connection:
            return Accounts(connection).operator(id_)

    def everybody(self) -> Sequence[Operator]:
        """All accounts, by login."""
        return self._door.operators()


def stations_of(reading: Reading) -> list[Station]:
    """All stations, by code."""
    with reading.connect() as connection:
        return People(connection).stations()


def area_of(wanted: Sequence[str], reading: Reading) -> Area:
    """
    The area of these stations, by id or code; none is the whole district.

    Raises:
        Invalid: there is no such station.
    """
    known = {key: each.id for each in stations_of(reading) for key in (each.id, each.code)}
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise Invalid("There is no such station.", {"stations": ["There is no such station."]})
    return Area(frozenset(StationId(known[each]) for each in wanted)) if wanted else DISTRICT


def _refuse_empty(name: str, roles: frozenset[Role]) -> None:
    if not name:
        raise Invalid("A person has a name.", {"name": ["A person has a name."]})
    if not roles:
        raise Invalid("Please choose at least one role.", {"roles": ["Please choose at least one role."]})


def _refuse_leaderless(accounts: Accounts) -> None:
    """Asked within the unit, after the change: what leaves nobody takes itself back."""
    left = [each for each in accounts.operators() if not each.disabled and Role.ADMINISTRATOR in each.roles]
    if not any(each.area.is_district for each in left):
        raise Conflict("This is the last administrator: make somebody else one first.")


def _hand_out(tx: Tx, id_: OperatorId, code: str) -> None:
    """The newest code is the only one."""
    shelf = AccountCodes(tx.connection)
    shelf.forget(Kind.ACTIVATION, of=id_)
    shelf.add(Kind.ACTIVATION, code, tx.now, of=id_, until=tx.now + INVITED_FOR)


def _drop_factor(tx: Tx, id_: OperatorId) -> None:
    Accounts(tx.connection).change_operator(id_, factor=None, factor_at=None)
    AccountCodes(tx.connection).forget(Kind.RECOVERY, of=id_)


def _told(roles: frozenset[Role], area: Area) -> dict[str, str]:
    return {"roles": " ".join(sorted(roles)), "stations": " ".join(sorted(area.stations or ()))}
