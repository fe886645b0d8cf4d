"""
Erasing one resident: asked for by one person, agreed to by another, done in small steps that a stop cannot spoil.

```
  open ──second person──► approved ──► rows blanked, a batch a unit ──► register blanked, line `erased` ──► done
```

The evidence chain is not touched: its facts are ids, and the words beside it are erased. What finding begins from (the
resident, the home, the contacts) is blanked last, so that a killed erasure is finished by the next `check`. Who was
erased is also written to a file outside the database: after a backup was restored, `reapply` erases them again.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.privacy import inventory
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Engine, sweep
from dispatch.store.guards import open_alarm_of, paired_device_of, stop_messages_to
from dispatch.store.personal import Keys, PersonalRows, Subject, home_of
from dispatch.store.privacy import Request, Requests
from dispatch.store.transactions import Lane, Transactions, Tx

BATCH = 100
"""Rows of one unit of work."""

ANSWER_WITHIN = timedelta(days=30)
"""A request is answered within thirty days (GB/T 35273-2020, 8.7)."""

KINDS = ("access", "correction", "erasure", "withdrawal")
WORDS_MAX = 2_000

log = structlog.get_logger()


class Erasing:
    """Keeps requests, and erases what two people agreed to."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, listed: Path,
        forget: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`listed` is the file of those who were erased; `forget` is called when the registers changed."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._listed = listed
        self._forget = forget
        self._swept = True

    # ------------------------------------------------------------------------------------------- requests

    def ask(self, resident_id: str, kind: str, *, asked_by: str, reason: str, by: Person, area: Area) -> str:
        """
        Writes down what somebody asked; gives the request's id.

        Raises:
            NotFound: there is no such resident in this area.
            Invalid: a word is missing.
        """
        wrong = {name: "missing" for name, value in (("asked_by", asked_by), ("reason", reason)) if not value.strip()}
        wrong |= {} if kind in KINDS else {"kind": "unknown"}
        if wrong or len(reason) > WORDS_MAX or len(asked_by) > 120:
            raise Invalid("Please check what was entered.", wrong or {"reason": "too long"})

        def work(tx: Tx) -> str:
            self._in_area(tx, resident_id, area)
            id_ = tx.new_id()
            Requests(tx.connection).add(Request(
                id=id_, resident_id=resident_id, kind=kind, asked_by=asked_by, reason=reason, asked_at=tx.now,
                answer_by=tx.now + ANSWER_WITHIN, state="open", by=by,
            ))  # fmt: skip
            tx.log(Line(kind="privacy_asked", by=by, facts={"request": id_, "what": kind, "person": _of(resident_id)}))
            return id_

        return self._transactions.run(work)

    def answer(self, request_id: str, state: str, *, answer: str, by: Person, area: Area) -> None:
        """
        A request that is no erasure was done; any may be refused, with the reason.

        Raises:
            NotFound, Conflict, Invalid: there is none, it is over, or the words are missing.
        """
        if not answer.strip() or len(answer) > WORDS_MAX:
            raise Invalid("Please say why.", {"answer": "missing"})

        def work(tx: Tx) -> None:
            request = self._open(tx, request_id, area)
            if state not in {"done", "refused"} or (request.kind == "erasure" and state == "done"):
                raise Invalid("Please choose one.", {"state": "unknown"})
            Requests(tx.connection).change(request_id, state=state, ended_at=tx.now, answer=answer)
            facts: dict[str, Fact] = {"request": request_id, "what": request.kind, "result": state}
            tx.log(Line(kind="privacy_answered", by=by, facts=facts, note=answer))

        self._transactions.run(work)

    def approve(self, request_id: str, *, by: Person, area: Area) -> None:
        """
        A second person agrees to an erasure; it is done by the next `check`.

        Raises:
            NotAllowed: the same person asked for it.
            Conflict: an alarm is open, a device is still paired, or the request is over.
        """

        def work(tx: Tx) -> None:
            request = self._open(tx, request_id, area)
            if request.kind != "erasure":
                raise Conflict("Only an erasure is agreed to by a second person.")
            if request.by == by:
                raise NotAllowed("Somebody else has to agree to an erasure.")
            self._refuse_served(tx, request.resident_id)
            Requests(tx.connection).change(request_id, state="approved", second_by=by, decided_at=tx.now)
            facts: dict[str, Fact] = {"request": request_id, "person": _of(request.resident_id)}
            tx.log(Line(kind="erasure_approved", by=by, facts=facts))

        self._transactions.run(work)

    def recent(self, most: int, area: Area) -> list[Request]:
        """Requests of residents in this area, open ones first."""
        with self._reading.connect() as connection:
            found = Requests(connection).recent(most)
            homes = {each.resident_id: home_of(connection, each.resident_id) for each in found}
        return [each for each in found if (home := homes[each.resident_id]) and area.covers(home[1])]  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------------- erasing

    def check(self) -> int:
        """Does what was agreed to; how many erasures that were. Called now and then, and after a stop."""
        with self._reading.connect() as connection:
            approved = Requests(connection).approved()
        done = 0
        for each in approved:
            try:
                self._erase(each.resident_id, each)
                done += 1
            except Conflict as held_up:
                log.warning("erasure_held_up", request=each.id, why=held_up.detail)
        if not self._swept:
            self._swept = sweep(self._reading)
        return done

    def reapply(self) -> dict[str, list[str]]:
        """
        After a backup was restored: erases again whoever is in the file and not in the database.

        Gives who was `erased`, and who was `left` because an alarm is open or a device is paired.
        """
        answer: dict[str, list[str]] = {"erased": [], "left": []}
        with self._reading.connect() as connection:
            known = set(Requests(connection).erased())
            waiting = [each for each in self.listed() if each not in known and home_of(connection, each)]
        for each in waiting:
            try:
                self._erase(each, None)
                answer["erased"].append(each)
            except Conflict:
                answer["left"].append(each)
        return answer

    def listed(self) -> list[str]:
        """Everybody who was ever erased, by the file outside the database."""
        if not self._listed.exists():
            return []
        lines = self._listed.read_text(encoding="utf-8").splitlines()
        return list(dict.fromkeys(json.loads(line)["resident"] for line in lines if line.strip()))

    def _erase(self, resident_id: str, request: Request | None) -> None:
        subject, found = self._found(resident_id)
        self._transactions.run(lambda tx: self._begin(tx, resident_id, subject))
        held = inventory()
        for name, keys in found.items():
            if not held[name].last:
                self._blank(name, keys)
        # The file first: should the machine stop in between, erasing is done again, and never forgotten.
        self._write_down(resident_id)
        # What came meanwhile is found by what is still in the register.
        subject, found = self._found(resident_id)
        self._transactions.run(lambda tx: self._end(tx, resident_id, request, found), lane=Lane.BULK)
        self._swept = sweep(self._reading)
        self._forget()

    def _found(self, resident_id: str) -> tuple[Subject, Keys]:
        with self._reading.connect() as connection:
            rows = PersonalRows(connection, inventory())
            subject = rows.subject(resident_id)
            if subject is None:
                raise NotFound("There is no such resident.")
            return subject, rows.find(subject)

    def _begin(self, tx: Tx, resident_id: str, subject: Subject) -> None:
        self._refuse_served(tx, resident_id)
        stop_messages_to(tx.connection, subject.sets.get("person", set()))

    def _blank(self, name: str, keys: list[tuple[object, ...]]) -> None:
        for at in range(0, len(keys), BATCH):
            some = keys[at : at + BATCH]
            self._transactions.run(
                lambda tx, some=some: PersonalRows(tx.connection, inventory()).blank(name, some, tx.new_id),  # type: ignore[misc]
                lane=Lane.BULK,
            )

    def _end(self, tx: Tx, resident_id: str, request: Request | None, found: Keys) -> None:
        self._refuse_served(tx, resident_id)
        rows = PersonalRows(tx.connection, inventory())
        for name, keys in found.items():
            if inventory()[name].last:
                rows.blank(name, keys, tx.new_id)
        shelf = Requests(tx.connection)
        shelf.mark_erased(resident_id, request.id if request else None, tx.now)
        facts: dict[str, Fact] = {"person": _of(resident_id), "request": request.id if request else None}
        facts |= {"first": request.by, "second": request.second_by} if request else {"again": 1}
        tx.log(Line(kind="erased", by=request.second_by or SERVICE if request else SERVICE, facts=facts))
        if request is not None:
            shelf.change(request.id, state="done", ended_at=tx.now)

    def _write_down(self, resident_id: str) -> None:
        if resident_id in self.listed():
            return
        self._listed.parent.mkdir(parents=True, exist_ok=True)
        with self._listed.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"resident": resident_id, "at": self._clock.now().isoformat()}) + "\n")
        self._listed.chmod(0o600)

    # ------------------------------------------------------------------------------------------- guards

    def _refuse_served(self, tx: Tx, resident_id: str) -> None:
        if open_alarm_of(tx.connection, resident_id):
            raise Conflict("An alarm of this resident is open.")
        if paired_device_of(tx.connection, resident_id):
            raise Conflict("A device of this resident is still paired: take it back first.")

    def _open(self, tx: Tx, request_id: str, area: Area) -> Request:
        request = Requests(tx.connection).get(request_id)
        if request is None:
            raise NotFound("There is no such request.")
        self._in_area(tx, request.resident_id, area)
        if request.state != "open":
            raise Conflict("This request is over, or waits to be done.")
        return request

    def _in_area(self, tx: Tx, resident_id: str, area: Area) -> None:
        home = home_of(tx.connection, resident_id)
        if home is None or not area.covers(home[1]):  # type: ignore[arg-type]
            raise NotFound("There is no such resident.")


def _of(resident_id: str) -> str:
    return f"resident:{resident_id}"
