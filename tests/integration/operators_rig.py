"""Canteens and a station that are paid for serving, meals by the thousand put on file, and the ledger on file."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from sqlalchemy import insert, select, update

from config.quoting import IMPLIED
from config.serving_options import ServingSettings
from config.wiring_operators import reckoning_of
from dispatch.rules.people import operator
from dispatch.store.people import residents, stations
from schedules.meals.store.canteens import canteens, tills
from schedules.meals.store.servings import servings
from schedules.money.book import read_book
from schedules.money.closing import Closing
from schedules.money.keeping import rules_in
from schedules.money.operators.filing import Filing
from schedules.money.operators.settling import Settling
from schedules.money.rules.ledger import Kind, Source, subsidy
from schedules.money.rules.operators import Term
from schedules.money.rules.ways import CUSTOMARY
from schedules.money.settling import Payee
from schedules.money.settling import Settling as Statements
from schedules.money.store.ledger import Books
from tests.builders import build_world

CLERK, CHIEF = operator("clerk"), operator("chief")
DAY = timedelta(days=1)


class OperatorsRig:
    """Canteens A and B of station S1, C of station S2; `rules` are texts of policy files."""

    def __init__(self, folder, rules, *, start=date(2026, 5, 10), people=40, world=None) -> None:
        self.policies = folder / "rules"
        self.policies.mkdir()
        for place, text in enumerate(rules):
            (self.policies / f"{place}.toml").write_text(text, encoding="utf-8")
        self.world = world or build_world(folder, start=datetime(start.year, start.month, start.day, 4, tzinfo=UTC))
        self.visits = []
        self.known = {}
        self.count = 0
        self._fill(people)
        self.open()

    def open(self) -> None:
        """The services over the rules as their files are now."""
        world, book = self.world, read_book(self.policies, implied=IMPLIED)
        assert not book.faults, book.faults
        self.book, texts = book, rules_in(self.policies)
        self.reckoning = reckoning_of(
            ServingSettings(), world.reading, book, CUSTOMARY, lambda ids: {id_: self.known[id_] for id_ in ids if id_ in self.known},  # noqa: E501
            world.calendar,
        )  # fmt: skip
        object.__setattr__(self.reckoning.others, "visited", self._visited)
        self.settling = Settling(
            world.transactions, world.reading, world.clock, world.calendar, self.reckoning,
            books=lambda connection: Books(connection, texts),
        )  # fmt: skip
        self.filing = Filing(world.transactions, world.reading, self.reckoning)
        self.closing = Closing(world.transactions, world.reading, world.clock, world.calendar, self.settling)
        self.statements = Statements(
            world.transactions, world.reading, world.calendar, days=7, payees=lambda: {
                code: Payee(name=f"机构{code}", station_id=self.stations["S1"]) for code in ("A", "S1")
            },
        )  # fmt: skip

    @contextmanager
    def _visited(self):
        judged = lambda before, since: [day for _, _, day, at in self.visits if day < before and at >= since]  # noqa: E731
        of = lambda first, last: [each[:3] for each in self.visits if first <= each[2] <= last]  # noqa: E731
        yield SimpleNamespace(of=of, changed=judged)

    def _fill(self, people) -> None:
        def work(tx):
            connection = tx.connection
            [one] = connection.execute(select(stations)).mappings().fetchmany(1)
            if connection.execute(select(stations).where(stations.c.code == "S2")).first() is None:
                connection.execute(insert(stations), dict(one) | {"id": "station-2", "code": "S2", "name": "二所"})
            found = {row.code: row.id for row in connection.execute(select(stations))}
            for code, station in (("A", "S1"), ("B", "S1"), ("C", "S2")):
                connection.execute(insert(canteens), {
                    "id": f"canteen-{code}", "code": code, "name": f"食堂{code}", "kind": "canteen",
                    "area_code": "130102001001", "station_id": found[station], "place": "", "hours": "", "version": 1,
                })  # fmt: skip
                connection.execute(insert(tills), {
                    "id": f"till-{code}", "code": f"till-{code}", "canteen_id": f"canteen-{code}", "key": "",
                })  # fmt: skip
            elder = dict(connection.execute(select(residents)).mappings().first())
            connection.execute(insert(residents), [
                elder | {"id": f"r{number}", "code": f"X{number}", "phone": None} for number in range(people)
            ])  # fmt: skip
            return found

        self.stations = self.world.transactions.run(work)

    # ------------------------------------------------------------------------------------------- what happens

    def until(self, day) -> None:
        """Noon of a later day."""
        noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        self.world.clock.advance((noon - self.world.clock.now()).total_seconds())

    def eat(self, canteen, days, many, *, first=0, kind="lunch", policy=None, **said):
        """So many residents eat there on each of these days; with `policy` by its money. Gives the ids of the meals."""
        rows = []
        for day in [days] if isinstance(days, date) else days:
            version = self.book.policies.in_force(policy, day).version if policy else None
            for number in range(first, first + many):
                self.count += 1
                rows.append(_meal(self, f"m{self.count:06}", canteen, day, f"r{number}", kind, policy, version) | said)
        self.world.transactions.run(lambda tx: tx.connection.execute(insert(servings), rows))
        self.world.clock.advance(60)
        return [row["id"] for row in rows]

    def cancel(self, ids) -> None:
        now = self.world.clock.now()
        query = update(servings).where(servings.c.id.in_(ids)).values(cancelled_at=now, cancelled_by="till")
        self.world.transactions.run(lambda tx: tx.connection.execute(query))
        self.world.clock.advance(60)

    def price(self, id_, day, policy) -> None:
        """A meal that waited has its rule at last: its money is in the ledger, in the first open month."""
        version = self.book.policies.in_force(policy, day).version

        def work(tx):
            priced = {"aided": True, "reason": "ok", "policy": policy, "policy_version": version, "subsidy_fen": 500}
            tx.connection.execute(update(servings).where(servings.c.id == id_).values(priced))
            books = Books(tx.connection, rules_in(self.policies))
            books.enter(subsidy(
                entry_id=id_, source=Source(Kind.MEAL, id_), version=version, claim=f"r0/{day}/lunch", on=day,
                layers={"city": 500}, owed_to="A", closed=books.closed(),
            ))  # fmt: skip

        self.world.transactions.run(work)

    def term(self, policy, payee="A", kind="canteen", from_on=date(2026, 3, 1), **more):
        payee = self.stations.get(payee, payee) if kind == "station" else payee
        asked = Term(id="", kind=kind, payee_id=payee, policy=policy, from_on=from_on, **more)
        made = self.filing.add(asked, by=CLERK)
        self.world.clock.advance(60)
        return made

    def visit(self, resident, day, station="S1"):
        self.visits.append((self.stations[station], resident, day, self.world.clock.now()))
        self.world.clock.advance(60)

    # ------------------------------------------------------------------------------------------- what is seen

    def settle(self, month):
        found = self.settling.settle(month, by=CHIEF)
        self.world.clock.advance(60)
        return (found.entered, found.reversed, found.same)

    def close(self, month):
        done = self.closing.close(month, by=CHIEF)
        self.world.clock.advance(60)
        return done

    def due(self, month):
        """What is due in a month: payee, kind, counted, fen."""
        return sorted((each.owed_to, each.kind, each.counted, each.amount_fen) for each in self.reckoning.month(month).dues)  # noqa: E501  # fmt: skip

    def entries(self, month):
        with self.world.reading.connect() as connection:
            return list(Books(connection).entries(month))

    def booked(self, month):
        """Fen to each payee by the entries of a month of the ledger, with why they are late."""
        return sorted(
            (each.postings[-1].account.partition(":")[2], each.postings[-1].amount_fen, each.late)
            for each in self.entries(month)
        )

    def close_down(self) -> None:
        self.world.close()


def days(first, last):
    return [first + number * DAY for number in range((last - first).days + 1)]


def _meal(rig, id_, canteen, day, resident, kind, policy, version):
    served = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return {
        "id": id_, "till_id": f"till-{canteen}", "ref": id_, "canteen_id": f"canteen-{canteen}",
        "resident_id": resident, "meal_type": kind, "served_at": served, "received_at": rig.world.clock.now(),
        "on": day, "by": "card", "delivery": False, "price_fen": 1200, "fee_fen": 0, "charged_fen": None,
        "operator": "", "digest": "x", "reason": "ok" if policy else "no_rule", "policy": policy,
        "policy_version": version, "discount_fen": 0, "subsidy_fen": 500 if policy else 0,
        "layers": {"city": 500} if policy else {}, "delivery_fen": 0, "pays_fen": 700 if policy else 1200,
        "quota_fen": 0, "because": {}, "asked": None, "aided": bool(policy), "booked": None, "cancelled_at": None,
    }  # fmt: skip
