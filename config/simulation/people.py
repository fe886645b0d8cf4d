"""Carers, family and operators: they come, decline, sleep, answer twice, promise and do not keep it."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from config.simulation.agenda import Stage
from config.simulation.faults import Poison
from config.simulation.provider import Letter
from config.simulation.world import OPERATORS
from dispatch.answers import Said
from dispatch.errors import Refusal
from dispatch.ids import AlarmId
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.message import Channel
from dispatch.rules.people import Person, operator

GARBAGE = ("？", "哪里", "12分钟", "好的吗", "不去不行", "👌❌", "9", "老人流血", "")
ACCEPTED = ("1", "接单", "好的", "马上到", "我去", "OK")
DECLINED = ("2", "去不了", "没空", "拒")
ARRIVED = ("3", "到了", "已到", "dao le")
END_AFTER_S = 45 * 60
"""An alarm older than this is brought to its end by the operator, whatever it takes."""


class People:
    """Everybody with a phone. `press` presses a button at an alarm's home; `closing` hears of each closing first."""

    def __init__(
        self, random: Random, stage: Stage, press: Callable[[AlarmId], None], closing: Callable[[str], None]
    ) -> None:
        self._random = random
        self._stage = stage
        self._press = press
        self._closing = closing
        self._trips: dict[tuple[Person, AlarmId], bool] = {}
        self._said = 0

    # ------------------------------------------------------------------------------------------- who is written to

    def receive(self, letter: Letter) -> None:
        """A text arrives, or the telephone rings."""
        message = letter.message
        if message.sentence in {"page"} and message.alarm_id is not None:
            self._later(self._random.uniform(5, 60), "operator", self._look_at(message.alarm_id))
        elif message.answerable:
            self._asked(letter)
        elif message.sentence in {"taken", "stand_down", "now_backup", "late", "closed"} and message.alarm_id:
            if self._random.random() < 0.9:
                self._trips[Person(message.person), message.alarm_id] = False
        elif message.sentence == "ask_arrival" and self._random.random() < 0.5:
            self._answer(letter, self._random.choice((*ARRIVED, *DECLINED)), 30)
        elif message.sentence == "ask_outcome" and self._random.random() < 0.4:
            self._answer(letter, self._random.choice(("4", "完成", "没事了")), 60)

    def _asked(self, letter: Letter) -> None:
        manners = self._stage.faults.manners
        names = tuple(manners.__dataclass_fields__)
        weights = [getattr(manners, name) for name in names]
        how = self._random.choices(names, weights)[0]
        self._stage.count(f"asked: {how}")
        getattr(self, f"_{how}")(letter)

    def _accept(self, letter: Letter, *, after_s: float | None = None, goes: bool = True) -> None:
        wait_s = self._random.lognormvariate(2.8, 0.7) if after_s is None else after_s
        self._answer(letter, self._random.choice(ACCEPTED), wait_s)
        if goes:
            self._sets_out(letter, wait_s)

    def _late(self, letter: Letter) -> None:
        self._accept(letter, after_s=self._random.uniform(60, 900))

    def _decline(self, letter: Letter) -> None:
        self._answer(letter, self._random.choice(DECLINED), self._random.uniform(5, 50))

    def _ignore(self, letter: Letter) -> None:
        """The phone lies in a drawer."""

    def _double(self, letter: Letter) -> None:
        self._accept(letter)
        self._answer(letter, self._random.choice(ACCEPTED), self._random.uniform(10, 40))

    def _garbage(self, letter: Letter) -> None:
        self._answer(letter, self._random.choice(GARBAGE), self._random.uniform(3, 40))

    def _never_arrives(self, letter: Letter) -> None:
        self._accept(letter, goes=False)

    def _unannounced(self, letter: Letter) -> None:
        self._sets_out(letter, 5)

    def _gives_up(self, letter: Letter) -> None:
        self._accept(letter, goes=False)
        self._answer(letter, self._random.choice(DECLINED), self._random.uniform(60, 500))

    def _stop(self, letter: Letter) -> None:
        self._answer(letter, "TD", 10)

    # ------------------------------------------------------------------------------------------- what they do

    def _answer(self, letter: Letter, text: str, after_s: float) -> None:
        """A text or a key press comes back; some with the code, some twice by the provider's fault."""
        self._said += 1
        voice = letter.message.channel is Channel.VOICE
        code = letter.message.facts.get("code")
        digits = {"1": "1", "2": "2", "3": "3"}.get(text, self._random.choice("12")) if voice else text
        said = Said(
            key=f"said{self._said}", sender=letter.message.to,
            text=f"{code} {digits}" if code and not voice and self._random.random() < 0.3 else digits,
            attempt_id=letter.outgoing.attempt_id if voice else None, voice=voice,
        )  # fmt: skip
        for extra_s in (0.0, 3.0) if self._random.random() < 0.05 else (0.0,):
            self._later(after_s + extra_s, f"reply {said.text!r}", lambda: self._reply(letter.provider, said))

    def _reply(self, provider: str, said: Said) -> None:
        self._stage.service.answers.receive(provider, [said])
        if not self._stage.look("SELECT 1 FROM replies WHERE provider = ? AND key = ?", provider, said.key):
            self._stage.broken("I7.lost_reply", said.key, "an answer was taken and is not on file")

    def _sets_out(self, letter: Letter, after_s: float) -> None:
        alarm_id = letter.message.alarm_id
        if alarm_id is None:
            return
        trip = (Person(letter.message.person), alarm_id)
        self._trips.setdefault(trip, True)
        travel_s = min(3000, max(60, self._random.lognormvariate(6.0, 0.5)))
        self._later(after_s + travel_s, "arrives", lambda: self._arrives(letter, *trip))

    def _arrives(self, letter: Letter, person: Person, alarm_id: AlarmId) -> None:
        if not self._trips.get((person, alarm_id)):
            return
        self._trips[person, alarm_id] = False
        dice = self._random.random()
        if dice < 0.55:
            self._answer(
                letter if letter.message.channel is Channel.SMS else _as_text(letter), self._random.choice(ARRIVED), 5
            )
        elif dice < 0.75:
            self._press(alarm_id)
            self._later(10, "says it", lambda: self._attend(person, alarm_id, Proof.CLAIMED))
        else:
            self._attend(person, alarm_id, Proof.DOOR_CODE)
        if self._random.random() < 0.15:
            self._later(self._random.uniform(5, 90), "button in the room", lambda: self._press(alarm_id))

    def _attend(self, person: Person, alarm_id: AlarmId, proof: Proof) -> None:
        self._try(lambda: self._stage.service.desk.attend(alarm_id, person, proof=proof, by=person))

    # ------------------------------------------------------------------------------------------- the operator

    def on_watch(self, alarm_id: AlarmId) -> None:
        """An alarm is on the board: somebody will look at it, soon or after a nap."""
        sleepy = self._random.random() < self._stage.faults.sleepy_operator
        wait_s = self._random.uniform(900, 5400) if sleepy else self._random.uniform(60, 400)
        self._later(wait_s, "operator", self._look_at(alarm_id, again=True))

    def _look_at(self, alarm_id: AlarmId, *, again: bool = False) -> Callable[[], None]:
        return lambda: self._operate(alarm_id, again=again)

    def _operate(self, alarm_id: AlarmId, *, again: bool) -> None:
        """The operator looks at one alarm and does what seems right, or waits; somebody always looks again."""
        found = self._stage.look("SELECT state, proof, raised_at FROM alarms WHERE id = ?", alarm_id)
        state, proof, raised_us = found[0]
        if state == "closed":
            return
        age_s = self._stage.clock.now().timestamp() - raised_us / 1e6
        if age_s > END_AFTER_S:
            self._ends(alarm_id)
        elif state == "attended":
            self._closes_soon(alarm_id, claimed=proof == "claimed")
        elif state in {"raised", "offered"} and age_s > 150:
            self._helps(alarm_id)
        if again:
            self._later(self._random.uniform(120, 900), "operator", self._look_at(alarm_id, again=True))

    def _closes_soon(self, alarm_id: AlarmId, *, claimed: bool) -> None:
        if self._random.random() < (0.35 if claimed else 0.6):
            self.close(alarm_id, self._random.choice((Outcome.HELPED, Outcome.HELPED, Outcome.FALSE_ALARM)))

    def _helps(self, alarm_id: AlarmId) -> None:
        """Nobody is coming: the operator telephones, asks somebody, calls 120, or finds it was nothing."""
        dice, someone = self._random.random(), self._someone()
        desk, by = self._stage.service.desk, self._by()
        if dice < 0.35:
            self._sends(alarm_id, someone)
        elif dice < 0.55:
            self._try(lambda: desk.offer(alarm_id, someone, by=by))
        elif dice < 0.7:
            self._try(lambda: desk.emergency_called(alarm_id, reference="120-1", by=by))
        elif dice < 0.8:
            self.close(alarm_id, Outcome.FALSE_ALARM)

    def _sends(self, alarm_id: AlarmId, someone: Person) -> None:
        """Somebody was telephoned and said yes; mostly they come."""
        desk, by = self._stage.service.desk, self._by()
        if self._try(lambda: desk.accept(alarm_id, someone, by=by)) and self._random.random() < 0.8:
            wait_s = self._random.uniform(200, 900)
            self._later(wait_s, "arrives", lambda: self._attend(someone, alarm_id, Proof.DOOR_CODE))

    def _ends(self, alarm_id: AlarmId) -> None:
        someone, by = self._someone(), self._by()
        self._try(lambda: self._stage.service.desk.attend(alarm_id, someone, proof=Proof.VOICE, by=by))
        self.close(alarm_id, Outcome.OTHER)

    def close(self, alarm_id: AlarmId, outcome: Outcome) -> None:
        """A named human ends it; sometimes the wrong one, and takes it back."""
        by = self._by()
        self._closing(alarm_id)
        if not self._try(lambda: self._stage.service.desk.close(alarm_id, outcome=outcome, by=by)):
            return
        self._stage.count("closed")
        if self._random.random() < self._stage.faults.wrong_closing:
            self._later(self._random.uniform(20, 600), "reopen", lambda: self._reopens(alarm_id))

    def _reopens(self, alarm_id: AlarmId) -> None:
        by = self._by()
        if self._try(lambda: self._stage.service.desk.reopen(alarm_id, by=by)):
            self._stage.count("reopened")

    def _someone(self) -> Person:
        carers = self._stage.look("SELECT id FROM carers WHERE phone IS NOT NULL ORDER BY code")
        return Person(f"carer:{self._random.choice(carers)[0]}")

    def _by(self) -> Person:
        return operator(self._random.choice(OPERATORS))

    def _try(self, act: Callable[[], object]) -> bool:
        """Whether it was done; a refusal or an error page only means that somebody looks again later."""
        try:
            act()
        except (Refusal, Poison):
            return False
        return True

    def _later(self, seconds: float, label: str, action: Callable[[], None]) -> None:
        self._stage.later(seconds, label, action, asks=True)


def _as_text(letter: Letter) -> Letter:
    """Who was called says by text that they have arrived."""
    return replace(letter, message=replace(letter.message, channel=Channel.SMS))
