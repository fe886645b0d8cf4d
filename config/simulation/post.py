"""The way of a message from the courier's claim to a provider: it takes its time, and everything else goes on."""

from collections.abc import Mapping
from functools import partial
from random import Random

from config.simulation.agenda import Stage
from config.simulation.faults import Poison
from config.simulation.ledger import Ledger
from config.simulation.provider import Carrier
from config.simulation.world import Service
from dispatch.messages.courier import Job
from dispatch.messages.providers.provider import Outcome
from dispatch.store.outbox import HEDGE, LEASE, SILENT


class Post:
    """What the courier has claimed and not settled. `stepped_t` is when somebody last touched the clock."""

    def __init__(self, random: Random, stage: Stage, ledger: Ledger, carriers: Mapping[str, Carrier]) -> None:
        self.stepped_t = float("-inf")
        self._random = random
        self._stage = stage
        self._ledger = ledger
        self._carriers = carriers
        self._flying: dict[str, tuple[str, float]] = {}
        self._taken: set[str] = set()

    def forget(self) -> None:
        """The service died: whatever was in its hands is not carried any more."""
        self._flying.clear()

    def carry_later(self, job: Job) -> None:
        """A claimed message leaves after the provider's latency, while everything else goes on."""
        random, id_, attempt_id = self._random, job.message.id, job.outgoing.attempt_id
        if job.why != HEDGE:
            self._judge_claim(id_, silent=job.why == SILENT)
            self._flying[id_] = (attempt_id, self._stage.clock.t)
        self._carriers[job.provider.name].letters[attempt_id] = job.message
        slow = random.random() < self._stage.faults.slow
        wait_s = random.uniform(15.5, 18) if slow else min(4.0, random.lognormvariate(-1.2, 0.6))
        self._stage.later(wait_s, f"carry {job.message.sentence}", partial(self._carry, job, self._stage.service))

    def _judge_claim(self, id_: str, *, silent: bool) -> None:
        """Nobody claims what another carries, as long as the lease holds and nobody touches the clock."""
        if silent:
            # It is open again: until somebody else takes it, whoever does not may be followed by another.
            self._taken.discard(id_)
        if id_ in self._taken:
            self._stage.broken("I10.sent_again", id_, "claimed again although it was taken and settled")
        _, since_t = self._flying.get(id_, ("", float("-inf")))
        if since_t > self.stepped_t and self._stage.clock.t < since_t + LEASE.total_seconds() - 0.01:
            self._stage.broken("I10.claimed_twice", id_, "claimed while another was carrying it under a lease")

    def _carry(self, job: Job, service: Service) -> None:
        if not self._stage.is_up or self._stage.service is not service:
            return
        id_, attempt_id = job.message.id, job.outgoing.attempt_id
        held = self._flying.get(id_, ("", 0.0))[0] == attempt_id
        if job.message.alarm_id is not None:
            self._ledger.figure("press to first letter", job.message.alarm_id)
        try:
            service.courier.carry(job)
        except Poison:
            self._stage.count("undeliverable, and no way could be reckoned")
        if held:
            del self._flying[id_]
        self._judge_attempt(job, self._carriers[job.provider.name].told.get(attempt_id), held=held)

    def _judge_attempt(self, job: Job, told: Outcome | None, *, held: bool) -> None:
        if told is None:
            return
        self._stage.count(f"sent: {told}")
        outcome = self._stage.look("SELECT outcome FROM attempts WHERE id = ?", job.outgoing.attempt_id)[0][0]
        if told is Outcome.UNKNOWN and outcome == "taken":
            self._stage.broken("I10.unknown_taken", job.outgoing.attempt_id, "unknown counts as taken")
        if told is Outcome.TAKEN and held:
            self._taken.add(job.message.id)
