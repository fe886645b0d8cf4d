"""What a month of serving comes to: reckoned from meals, visits, terms and rules whenever somebody looks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from dispatch.store.accounts import Reading
from schedules.money.operators.asked import Canteen, Meal, Meals, Others
from schedules.money.operators.jobs import Job, Reckoned
from schedules.money.operators.store import Terms
from schedules.money.rules import operators as rules
from schedules.money.rules.awards import Rules
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.facts import NO_MEAL, Person
from schedules.money.rules.facts import Meal as Eaten
from schedules.money.rules.operators import Due, Stretch, Term, Window, metric_of, stretch, window
from schedules.money.rules.policies import NO_RULE, NoRule, NotInForce
from schedules.money.rules.policy import EVERYBODY, Policy
from schedules.money.rules.reading import read_policy
from schedules.money.store.versions import Versions

Group = tuple[str, str, str]
"""Kind and id of a payee, and the rule."""

LARGE = 5_000
"""So many meals are a third of a second at most, where a rule asks who was served; where none does, a twentieth."""


class Reckoning:
    """Reckons months. Nothing here is kept."""

    def __init__(self, reading: Reading, rules: Rules, implied: Implications, others: Others, *, fund: str) -> None:
        """`fund` gives what a rule for meals says of person-days by itself."""
        self._reading = reading
        self.rules = rules
        self._implied = implied
        self.others = others
        self._fund = fund
        self._kept: dict[str, Policy | None] = {}

    def month(self, month: str) -> Reckoned:
        """What is due in a month ("2026-03"): periods of which the last day under a term is in it."""
        own = window("month", date.fromisoformat(f"{month}-01"))
        with self._reading.connect() as connection:
            terms = Terms(connection).all()
        with self.others.meals() as meals:
            canteens = {each.id: each for each in meals.canteens()}
            jobs, troubles = self._jobs(terms, own, canteens)
            paying = self._paying()
            self._eat(jobs, meals, own if paying else None, paying, canteens)
        self._visit([job for job in jobs if job.what in ("people", "visits")])
        self._admit(jobs)
        for job in jobs:
            job.dues = self._dues(job)
        return Reckoned(month=month, jobs=tuple(jobs), troubles=tuple(troubles), canteens=canteens)

    def is_large(self, month: str) -> bool:
        """Whether it takes a while: by its meals, and those of its year where somebody is paid by the year."""
        with self._reading.connect() as connection:
            terms = Terms(connection).all()
        read = window("year" if self.is_wide(terms) else "month", date.fromisoformat(f"{month}-01"))
        with self.others.meals() as meals:
            return meals.many(read.first, read.last, LARGE) >= LARGE

    def is_wide(self, terms: Sequence[Term]) -> bool:
        """Whether any of these is paid by the quarter or the year."""
        kinds = {kind for each in terms for kind in self._kinds(each.policy, [each])}
        return any(period != "month" for _, period in kinds)

    # ------------------------------------------------------------------------------------------- whom, for what

    def _jobs(
        self, terms: Sequence[Term], own: Window, canteens: Mapping[str, Canteen]
    ) -> tuple[list[Job], list[tuple[Term, NoRule]]]:
        groups: dict[Group, list[Term]] = defaultdict(list)
        for each in terms:
            groups[each.kind, each.payee_id, each.policy].append(each)
        jobs: list[Job] = []
        troubles: list[tuple[Term, NoRule]] = []
        for group, held in groups.items():
            for kind, period in self._kinds(group[2], held):
                found = stretch(held, window(period, own.last))
                if found is None or not own.first <= found.last <= own.last:
                    continue
                served = self._canteens(group, groups, canteens, found)
                try:
                    job = self._job(kind, period, found, served, canteens)
                except NoRule as no:
                    troubles.append((found.term, no))
                    continue
                jobs += [job] if job else []
            if not self.rules.policies.versions(group[2]) and stretch(held, own):
                troubles.append((held[-1], self._missing(group[2])))
        return jobs, troubles

    def _missing(self, policy_id: str) -> NoRule:
        try:
            self.rules.policies.refuse_missing(policy_id)
        except NoRule as no:
            return no
        return NoRule(NO_RULE, "", rule=policy_id)

    def _kinds(self, policy_id: str, held: Sequence[Term]) -> list[tuple[str, str]]:
        """What a rule pays for, and the periods, by all of its versions."""
        found = dict[tuple[str, str], None]()
        for each in self.rules.policies.versions(policy_id):
            metric = metric_of(each.slab.metric, held[0].period) if each.slab else None
            found |= {("slab", metric.period): None} if metric else {}
            found |= {("station", "month"): None} if each.monthly and each.kind == "station_operator" else {}
            found |= {("person_day", "month"): None} if each.per_person_day is not None else {}
        return list(found)

    def _job(
        self, kind: str, period: str, found: Stretch, served: Mapping[str, frozenset[date] | None],
        canteens: Mapping[str, Canteen],
    ) -> Job | None:  # fmt: skip
        """None where a version of another shape decides. Raises NoRule where none is in force, or two are."""
        versions = self._versions(kind, found)
        if not versions:
            return None
        what = {"station": "people", "person_day": "person_days"}.get(kind, "")
        if kind == "slab":
            slab = versions[0][0].slab
            metric = metric_of(slab.metric, found.term.period) if slab else None
            if metric is None or metric.period != period:
                return None
            what = metric.what
        term = found.term
        return Job(kind, found, versions, self._owed(term, canteens), served, what)

    def _owed(self, term: Term, canteens: Mapping[str, Canteen]) -> str:
        """As the ledger calls them: by their code, but a station that a canteen shares its code with by its id."""
        if term.kind == "canteen":
            return canteens[term.payee_id].code if term.payee_id in canteens else term.payee_id
        found = self.others.stations().get(term.payee_id)
        return found.code if found and all(each.code != found.code for each in canteens.values()) else term.payee_id

    def _versions(self, kind: str, found: Stretch) -> list[tuple[Policy, frozenset[date]]]:
        """Versions that pay so, by their days within the stretch."""
        days: dict[str, set[date]] = {}
        policies: dict[str, Policy] = {}
        none: NotInForce | None = None
        for day in found.all():
            try:
                policy = self.rules.policies.in_force(found.term.policy, day)
            except NotInForce as no:
                none = none or no
                continue
            policies[policy.version] = policy
            days.setdefault(policy.version, set()).add(day)
        if not days and none is not None:
            raise none
        return [(policies[each], frozenset(own)) for each, own in days.items() if _pays(policies[each], kind)]

    def _canteens(
        self, group: Group, groups: Mapping[Group, object], canteens: Mapping[str, Canteen], found: Stretch
    ) -> dict[str, frozenset[date] | None]:  # fmt: skip
        """
        Whose meals count, and when: the canteen's own, or those of a station that are not paid themselves by the same
        rule. A canteen that changed its station within the period is each one's on its days.
        """
        kind, payee, policy = group
        if kind == "canteen":
            return {payee: None}
        told: dict[str, frozenset[date] | None] = {}
        for each in canteens.values():
            if ("canteen", each.id, policy) in groups:
                continue
            if not each.moves:
                told |= {each.id: None} if each.station_id == payee else {}
                continue
            days = frozenset(day for day in found.all() if each.station_on(day) == payee)
            told |= {each.id: days} if days else {}
        return told

    def _paying(self) -> dict[str, Policy]:
        """
        Rules for meals that pay whoever serves as well, by version: those of the files as they are, and those that
        meals had their money by and whose files are gone or were edited since.
        """
        with self._reading.connect() as connection:
            for kept in Versions(connection).all():
                if kept.version not in self._kept:
                    self._kept[kept.version] = read_policy(kept.content, kept.file).policy
        found = [*(each for each in self._kept.values() if each), *self.rules.policies]
        return {each.version: each for each in found if each.kind == "meal" and each.per_person_day}

    # ------------------------------------------------------------------------------------------- counting

    def _eat(
        self, jobs: list[Job], meals: Meals, own: Window | None, paying: Mapping[str, Policy],
        canteens: Mapping[str, Canteen],
    ) -> None:  # fmt: skip
        """Counts the meals of each day once for all. Rules for meals make their jobs as they are met."""
        made: dict[tuple[str, str], Job] = {}
        mine = [job for job in jobs if job.what != "visits"]
        days = {day for job in mine for day in job.found.all()}
        days |= {own.first + number * rules.DAY for number in range(own.days)} if own else set()
        for day in sorted(days):
            rows = meals.of(day)
            if not rows:
                continue
            today = [job for job in mine if job.found.covers(day)]
            self._count(today, rows, day, meals)
            if own and own.first <= day <= own.last:
                self._by_meals(rows, day, paying, made, own, canteens)
        jobs += made.values()

    def _count(self, jobs: Sequence[Job], rows: Sequence[Meal], day: date, meals: Meals) -> None:
        """One day of terms."""
        plain, aided = Counter(row[0] for row in rows), Counter(row[0] for row in rows if row[3])
        told = _Facts(meals, day)
        for job in jobs:
            policy = job.version(day)
            serving = job.serving(day)
            if policy is None or job.kind == "person_day" or serving.isdisjoint(plain):
                continue
            if job.what in ("meals", "aided_meals") and not self._asks(policy):
                counts = plain if job.what == "meals" else aided
                _add(job, day, sum(counts[each] for each in serving), sum(plain[each] for each in serving))
                continue
            own = [row for row in rows if row[0] in serving]
            if self._asks(policy) and not job.is_by_register:
                own = [row for row in own if self._admitted(policy, told, row)]
            people = {row[1] for row in own}
            job.shown["meal"] |= people if job.what == "people" else set()
            many = {"meals": len(own), "person_days": len(people)}.get(job.what, sum(1 for row in own if row[3]))
            _add(job, day, many, len(own))
        for policy_id in {job.found.term.policy for job in jobs if job.kind == "person_day"}:
            mine = [job for job in jobs if job.kind == "person_day" and job.found.term.policy == policy_id]
            self._count_people(mine, rows, day, told)

    def _count_people(self, jobs: Sequence[Job], rows: Sequence[Meal], day: date, told: "_Facts") -> None:
        """A person's day is paid once by a rule: to whoever served them first."""
        at = {canteen: job for job in jobs for canteen in job.serving(day)}
        had: set[str] = set()
        for row in rows:
            job = at.get(row[0])
            policy = job.version(day) if job else None
            if job is None or policy is None or row[1] in had:
                continue
            if self._asks(policy) and not self._admitted(policy, told, row):
                continue
            had.add(row[1])
            counts = job.by_version[policy.version]
            counts[day] = counts.get(day, 0) + 1

    def _by_meals(
        self, rows: Sequence[Meal], day: date, paying: Mapping[str, Policy], made: dict[tuple[str, str], Job],
        own: Window, canteens: Mapping[str, Canteen],
    ) -> None:  # fmt: skip
        """Person-days of rules for meals: who had its money that day, once, at the first canteen."""
        had: set[tuple[str, str]] = set()
        for row in rows:
            if not row[3] or row[5] not in paying or (row[1], row[4]) in had:
                continue
            had.add((row[1], row[4]))
            job = made.get((row[0], row[4])) or self._making(row[0], paying[row[5]], made, own, canteens)
            if all(each.version != row[5] for each, _ in job.versions):
                job.versions.append((paying[row[5]], frozenset()))
            counts = job.by_version[row[5]]
            counts[day] = counts.get(day, 0) + 1

    def _making(
        self, canteen: str, policy: Policy, made: dict[tuple[str, str], Job], own: Window,
        canteens: Mapping[str, Canteen],
    ) -> Job:  # fmt: skip
        term = Term(id="", kind="canteen", payee_id=canteen, policy=policy.id, from_on=own.first, fund=self._fund)
        found = Stretch(term=term, window=own, spans=((own.first, own.last),))
        job = Job("person_day", found, [], canteens[canteen].code, {canteen: None}, "person_days")
        return made.setdefault((canteen, policy.id), job)

    def _visit(self, jobs: Sequence[Job]) -> None:
        """Visits at homes of a station show that it served somebody."""
        mine = [job for job in jobs if job.found.term.kind == "station"]
        if not mine:
            return
        first, last = min(job.found.first for job in mine), max(job.found.last for job in mine)
        with self.others.visited() as visited:
            seen = visited.of(first, last)
        for job in mine:
            payee, found = job.found.term.payee_id, job.found
            own = [(who, day) for station, who, day in seen if station == payee and found.covers(day)]
            job.shown["visit"] = {who for who, _ in own}
            if job.what == "people":
                continue
            admitted = self._of_register({who for who, _ in own}, job)
            job.by_day = dict(Counter(day for who, day in own if who in admitted))
            job.days = set(job.by_day)

    # ------------------------------------------------------------------------------------------- who is admitted

    def _asks(self, policy: Policy) -> bool:
        """Whether a rule looks at who was served."""
        about = any(each.is_about(policy.id, policy.kind) or policy.id in each.not_with for each in self.rules.exclusions)  # noqa: E501  # fmt: skip
        return about or policy.eligible != EVERYBODY

    def _admitted(self, policy: Policy, told: "_Facts", row: Meal) -> bool:
        """Whether whoever ate is one of those the rule pays for; without facts nobody knows, and nobody pays."""
        asked = told.of(row)
        if asked is None:
            return False
        person = Person(
            asked["age"], self._implied.of(tuple(asked["cats"])), asked["level"], asked["hukou"], asked["residence"],
            asked["income_fen"], frozenset(asked["schemes"]),
        )  # fmt: skip
        return self.rules.of(policy).admits(person, Eaten(type=row[2], point=asked["point"]))

    def _admit(self, jobs: Iterable[Job]) -> None:
        """Of a station's people those whom its rule names."""
        for job in jobs:
            if job.is_by_register:
                job.named = self._of_register(job.everybody, job)

    def _of_register(self, people: set[str], job: Job) -> set[str]:
        """Those of them whom a rule names, as they are on the last day under the term."""
        policy = job.versions[0][0]
        if not self._asks(policy):
            return people
        known, admits = self.others.people(people), self.rules.of(policy).admits
        return {who for who in people if who in known and admits(known[who](job.found.last), NO_MEAL)}

    def _dues(self, job: Job) -> list[Due]:
        if job.kind == "slab":
            return rules.slab(job.found, job.versions, job.served, job.owed_to, self.rules.ways)
        if job.kind == "station":
            return rules.station(job.found, job.versions, job.served, job.owed_to)
        return rules.person_days(job.found, job.versions, job.by_version, job.owed_to)


_PAYS: Mapping[str, Callable[[Policy], bool]] = {
    "slab": lambda policy: policy.slab is not None,
    "station": lambda policy: policy.monthly is not None,
    "person_day": lambda policy: policy.per_person_day is not None,
}


def _pays(policy: Policy, kind: str) -> bool:
    return _PAYS[kind](policy)


class _Facts:
    """The facts of a day's meals, read when a rule first asks for them."""

    def __init__(self, meals: Meals, day: date) -> None:
        self._meals, self._day = meals, day
        self._told: Mapping[tuple[str, str], Mapping[str, Any] | None] | None = None

    def of(self, row: Meal) -> Mapping[str, Any] | None:
        if self._told is None:
            self._told = self._meals.facts(self._day)
        return self._told.get((row[1], row[2]))


def _add(job: Job, day: date, many: int, served: int) -> None:
    if served:
        job.days.add(day)
    if many:
        job.by_day[day] = many
