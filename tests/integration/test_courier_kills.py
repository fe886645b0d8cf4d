"""
The courier killed at each step, a hundred times each: nothing is lost, and doubled only where the record says so.

    claim ──commit── attempt on file ──► POST ──► settle ──commit──►
      1       2             3              4        5
"""

from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from dispatch.messages.providers.provider import Outcome
from dispatch.rules.message import Priority
from dispatch.store.outbox import Outbox
from tests.fakes.provider import NOT_SENT, UNKNOWN, ScriptedProvider
from tests.integration.post_rig import Post

KILLS = 100


class Killed(BaseException):
    """The process dies here; no loop of the service survives it."""


class Mortal(ScriptedProvider):
    """Dies before the request leaves, or after the provider has it; afterwards a look-up finds what it has."""

    def __init__(self, name):
        super().__init__(name)
        self.dies = None
        self.has_texts = Counter()

    def send(self, message):
        if self.dies == "before the POST":
            raise Killed
        sent = super().send(message)
        if sent.outcome is Outcome.TAKEN:
            self.has[message.attempt_id] = sent
            self.has_texts[message.text] += 1
        if self.dies == "after the POST":
            raise Killed
        return sent


STEPS = (
    "in the claim",
    "after the claim",
    "before the POST",
    "after the POST",
    "in the settling",
    "after the settling",
)


@pytest.fixture
def posts(tmp_path):
    providers = Mortal("a"), Mortal("b")
    post = Post(tmp_path, *providers)
    post.courier = post.another_courier(limit_s=0.0)
    yield post, providers
    post.world.close()


def dies_within(post, work):
    """Runs it in a unit of work that never commits."""

    def die(tx):
        work(tx)
        raise Killed

    with pytest.raises(Killed):
        post.world.transactions.run(die)


def kill_at(post, step, providers):
    """One claim and one carrying by a courier that dies on the way, and the start of the next."""
    courier = post.courier
    if step == "in the claim":
        dies_within(post, lambda tx: courier.claim_in(tx, 1, emergency=True))
        return
    jobs = courier.claim(1, emergency=True)
    for job in jobs if step != "after the claim" else []:
        if step == "in the settling":
            if job.look_up and courier._is_done(job):
                continue
            sent = job.provider.send(job.outgoing)
            dies_within(post, lambda tx, job=job, sent=sent: courier._settling.settle(tx, job, sent))
        elif step == "after the settling":
            courier.carry(job)
        else:
            job.provider.dies = step
            # Earlier ones are found at their provider, and then there is nothing to die of.
            with suppress(Killed):
                courier.carry(job)
    for each in providers:
        each.dies = None


def restart(post):
    post.world.transactions.run(lambda tx: Outbox(tx.connection).strand(tx.now))
    post.courier = post.another_courier(limit_s=0.0)


@pytest.mark.parametrize("step", STEPS)
def test_killed_a_hundred_times_at_one_step_nothing_is_lost_and_no_double_is_unrecorded(posts, step):
    post, providers = posts
    luck = Random(step)
    for number in range(KILLS):
        post.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+86138{number:08}")
        providers[0].says.extend(luck.choice([(), (), (UNKNOWN,), (NOT_SENT,)]))
        kill_at(post, step, providers)
        restart(post)
        post.wait(0.5)
    for _ in range(60):
        post.deliver(most=64)
        post.reconcile()
        post.wait(5)
    assert {each.state for each in post.world.messages()} == {"sent"}
    taken = providers[0].has_texts + providers[1].has_texts
    assert len(taken) == KILLS, "every one arrived"
    for message in post.world.messages():
        (text,) = {each.text for each in post.attempts(message)}
        outcomes = [each.outcome for each in post.attempts(message)]
        said = sum(each in {"unknown", "confirmed", "taken"} for each in outcomes)
        assert 1 <= taken[text] <= said, f"{text} arrived {taken[text]} times, and the record says {outcomes}"
        assert "in_flight" not in outcomes
    doubled = sum(count > 1 for count in taken.values())
    assert doubled == 0, "and where a provider can be asked, nothing is doubled at all"
