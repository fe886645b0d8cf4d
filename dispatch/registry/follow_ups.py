"""What people have to do afterwards: opened by what has happened, owned by somebody, done with a word about it."""

from datetime import datetime
from functools import partial

from dispatch.errors import Conflict, Invalid
from dispatch.ids import HomeId, ResidentId
from dispatch.rules.follow_ups import (
    FALSE_ALARMS_MAX,
    FALSE_ALARMS_WITHIN,
    KEY_CHECK_EVERY,
    TIME,
    Kind,
    asks_for_a_visit,
)
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.files import Files
from dispatch.store.follow_ups import FollowUp, FollowUps, KeyCheck, KeyChecks
from dispatch.store.people import People
from dispatch.store.register_rows import HOMES, RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx

KEY_CHECKS_OPEN = 50
"""So many ways in are to be looked at at a time: a list of every home of a new district is one that nobody reads."""

FOUND = ("good", "changed", "bad")
"""How a way in was found: as on file; otherwise, and put right in the file; it does not open."""


def ask(
    tx: Tx, kind: Kind, *, key: str, by: Person, resident_id: ResidentId | None = None, home_id: HomeId | None = None,
    about: str = "", owner: str = "", due_at: datetime | None = None, note: str | None = None,
) -> bool:  # fmt: skip
    """Opens one within the caller's unit of work; False where the same was opened before."""
    home = People(tx.connection).home(home_id) if home_id else None
    follow_up = FollowUp(
        id=tx.new_id(), kind=kind, key=key, resident_id=resident_id, home_id=home_id,
        station_id=home.station_id if home else None, about=about, owner=owner if owner.startswith("operator:") else "",
        by=by, opened_at=tx.now, due_at=due_at or tx.now + TIME[kind],
    )  # fmt: skip
    is_new = FollowUps(tx.connection).open(follow_up)
    if is_new:
        facts = {"follow_up": follow_up.id, "what": kind.value, "resident": resident_id, "home": home_id}
        tx.log(Line(kind="follow_up_opened", by=by, facts=facts | ({"about": about} if about else {}), note=note))
    return is_new


class FollowingUp:
    """Opens what is due by itself, and does what people say of it."""

    def __init__(self, transactions: Transactions, reading: Reading) -> None:
        self._transactions = transactions
        self._reading = reading

    # ------------------------------------------------------------------------------------------- by people

    def open(self, resident: str, *, due_at: datetime, note: str, by: Person, area: Area, owner: str = "") -> None:
        """Something else that has to be done for a resident, in words."""

        def work(tx: Tx) -> None:
            row = RegisterRows(tx.connection).one(RESIDENTS, resident, area)
            ask(
                tx, Kind.OTHER, key=f"other:{tx.new_id()}", resident_id=row["id"], home_id=row["home_id"], by=by,
                owner=owner, due_at=due_at, note=note,
            )  # fmt: skip

        self._transactions.run(work)

    def done(self, id_: str, *, note: str, by: Person, area: Area) -> None:
        """
        It is done, and what came of it.

        Raises:
            NotFound: no such thing in this area. Conflict: it is done already. Invalid: nothing is said of it.
        """
        if not note.strip():
            raise Invalid("Please fill in the text.", {"json": {"note": ["Say what came of it."]}})

        def work(tx: Tx) -> None:
            found = self._one(tx, id_, area)
            if not FollowUps(tx.connection).change(id_, done_at=tx.now, done_by=by):
                raise Conflict("This is done already.")
            facts = {"follow_up": id_, "what": found.kind.value, "resident": found.resident_id, "home": found.home_id}
            tx.log(Line(kind="follow_up_done", by=by, facts=facts, note=note))
            if found.kind is Kind.KEY_CHECK and found.home_id is not None:
                _checked(tx, found.home_id, "good", by=by, note=None)

        self._transactions.run(work)

    def give(self, id_: str, *, owner: str, due_at: datetime | None, by: Person, area: Area) -> None:
        """Somebody else does it, or later."""

        def work(tx: Tx) -> None:
            self._one(tx, id_, area)
            changes = {"owner": owner, **({"due_at": due_at} if due_at else {})}
            if not FollowUps(tx.connection).change(id_, **changes):
                raise Conflict("This is done already.")
            facts = {"follow_up": id_, "owner": owner, "due": due_at.isoformat() if due_at else None}
            tx.log(Line(kind="follow_up_given", by=by, facts=facts))

        self._transactions.run(work)

    def check_keys(self, home: str, found: str, *, by: Person, area: Area, note: str | None = None) -> None:
        """
        Somebody looked at the key box and the way in today; what was asked of it is done with that.

        Raises:
            NotFound: no such home in this area. Invalid: no such finding.
        """
        if found not in FOUND:
            raise Invalid("Please choose one.", {"json": {"found": ["good, changed or bad"]}})

        def work(tx: Tx) -> None:
            row = RegisterRows(tx.connection).one(HOMES, home, area)
            _checked(tx, HomeId(row["id"]), found, by=by, note=note)

        self._transactions.run(work)

    # ------------------------------------------------------------------------------------------- by itself

    def look(self, now: datetime) -> None:
        """Opens what has become due: homes with three false alarms, and ways in that nobody looked at for long."""
        with self._reading.connect() as connection:
            false = Files(connection).false_alarms(now - FALSE_ALARMS_WITHIN, FALSE_ALARMS_MAX)
            room = KEY_CHECKS_OPEN - FollowUps(connection).open_of(Kind.KEY_CHECK)
            keys = KeyChecks(connection).unchecked(now - KEY_CHECK_EVERY, room) if room > 0 else []
        for resident_id, at in sorted(false.items()):
            if self._asks(resident_id, at, now):
                self._transactions.run(partial(_visit, resident_id, at), lane=Lane.BULK)
        if keys:
            self._transactions.run(partial(_keys, keys), lane=Lane.BULK)

    def _asks(self, resident_id: ResidentId, at: list[datetime], now: datetime) -> bool:
        with self._reading.connect() as connection:
            opened = FollowUps(connection).opened(Kind.FALSE_ALARMS, resident_id, now - FALSE_ALARMS_WITHIN)
        return asks_for_a_visit(at, opened, now)

    def _one(self, tx: Tx, id_: str, area: Area) -> FollowUp:
        found = FollowUps(tx.connection).get(id_)
        if found.home_id is not None:
            RegisterRows(tx.connection).one(HOMES, found.home_id, area)
        return found


def _visit(resident_id: ResidentId, at: list[datetime], tx: Tx) -> None:
    opened = FollowUps(tx.connection).opened(Kind.FALSE_ALARMS, resident_id, tx.now - FALSE_ALARMS_WITHIN)
    row = RegisterRows(tx.connection).by_ids(RESIDENTS, [resident_id]).get(resident_id)
    if row is not None and row["ended_at"] is None and asks_for_a_visit(at, opened, tx.now):
        ask(
            tx, Kind.FALSE_ALARMS, key=f"false_alarms:{resident_id}:{int(max(at).timestamp())}", by=SERVICE,
            resident_id=resident_id, home_id=row["home_id"], about=str(len(at)),
        )  # fmt: skip


def _keys(homes: list[HomeId], tx: Tx) -> None:
    for home_id in homes:
        newest = KeyChecks(tx.connection).of_home(home_id, 1)
        since = int(newest[0].at.timestamp()) if newest else 0
        ask(tx, Kind.KEY_CHECK, key=f"key_check:{home_id}:{since}", by=SERVICE, home_id=home_id)


def _checked(tx: Tx, home_id: HomeId, found: str, *, by: Person, note: str | None) -> None:
    KeyChecks(tx.connection).add(KeyCheck(id=tx.new_id(), home_id=home_id, at=tx.now, by=by, found=found))
    tx.log(Line(kind="key_checked", by=by, facts={"home": home_id, "found": found}, note=note))
    FollowUps(tx.connection).done_for(Kind.KEY_CHECK, key=f"key_check:{home_id}:", at=tx.now, by=by)
    if found == "bad":
        ask(
            tx, Kind.OTHER, key=f"bad_key:{home_id}:{int(tx.now.timestamp())}", by=by, home_id=home_id,
            about="key_bad", due_at=tx.now + TIME[Kind.ABSENCE_ENDED], note=note,
        )  # fmt: skip
