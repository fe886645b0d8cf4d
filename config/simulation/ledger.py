"""
The simulation's own books: what it saw happen, held against what the service has on file after every step.

The predicates of the watch judge the tables alone. Here stands what only somebody outside can know: what was really
pressed, answered, sent and closed.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from config.simulation.agenda import Stage
from config.simulation.world import Button
from devices.decoders.decoder import Frame
from dispatch.desk import Received
from dispatch.ids import AlarmId

FINAL_S = 300 + 7
"""All hands within 300 s of the asking, and lateness: 2 s while up, 5 s after a start; PROMISES, sections 2 and 5."""

FIRST_S = 5 + 2
"""The first step of a policy is taken within 5 s; PROMISES, section 2."""

FINAL = "all_hands"
RADIO_WINDOW_S, PANEL_WINDOW_S, BLUR_S = 3.0, 60.0, 1.0
HELD_S = 30.0
"""A button that is pressed without end counts again after so long; R20."""

_BEGINS = {"raised", "reopened", "not_arrived", "gave_up"}
_COMES = {"accepted", "attended"}

Row = tuple[Any, ...]
Entry = Mapping[str, Any]


class Ledger:
    """What was seen. `uptime` is how long the service has been up in all, less a grace for every start."""

    def __init__(self, stage: Stage, uptime: Callable[[], float], on_raised: Callable[[AlarmId], None]) -> None:
        self.figures: dict[str, list[float]] = {}
        self.kinds: Counter[str] = Counter()
        self.may_close: set[str] = set()
        self._stage = stage
        self._uptime = uptime
        self._on_raised = on_raised
        self._head: tuple[int, str] = (0, "")
        self._kept = 0
        self._in_doubt = 0
        self._hearing: str | None = None
        self._heard: dict[str, float] = {}
        self._first: dict[str, float] = {}
        self._unsure: dict[str, float] = {}
        self._steps_at: float = float("-inf")
        self._before: Row | None = None
        self._asking: dict[str, float] = {}
        self._unstepped: dict[str, float] = {}
        self._declined: set[tuple[str, str]] = set()
        self._raised_t: dict[str, float] = {}
        self._figured: set[tuple[str, str]] = set()

    # ------------------------------------------------------------------------------------------- presses

    def before(self, button: Button | None, frame: Frame) -> None:
        """A frame is about to be heard."""
        self._hearing = frame.dedup_key
        self._before = self._open_of(button) if button else None

    def heard(self, button: Button | None, frame: Frame, received: Received | None) -> None:
        """A frame was heard, and will be answered: what that promises must hold from now on."""
        self._hearing = None
        if not (button.kind != "cancel" if button else frame.explicit):
            return
        if received is None:
            self._break("I4.unheard", frame.dedup_key, "a press was heard, and nothing was made of it")
            return
        self._judge_copy(frame, copy=received.copy)
        if not received.copy:
            self._kept += 1
            self._judge_kept(button, received)

    def tested(self, received: Received | None) -> None:
        """A test press was heard; where nobody waited for it any more it is a press like others."""
        self._hearing = None
        if received is not None and received.alarm_id is not None and not received.copy:
            self._kept += 1

    def _judge_copy(self, frame: Frame, *, copy: bool) -> None:
        """A copy is one within its window and nothing else; a doubt about the first time is a doubt here."""
        window_s = PANEL_WINDOW_S if frame.answers else RADIO_WINDOW_S
        last_t, t = self._heard.get(frame.dedup_key, float("-inf")), self._stage.clock.t
        held = frame.sliding and t - self._first.get(frame.dedup_key, t) >= HELD_S - BLUR_S
        if frame.sliding or not copy:
            self._heard[frame.dedup_key] = t
        if not copy:
            self._first[frame.dedup_key] = t
        if t - self._unsure.get(frame.dedup_key, float("-inf")) < PANEL_WINDOW_S + BLUR_S:
            return
        if copy and t - last_t > window_s + BLUR_S:
            self._break("I4.lost_press", frame.dedup_key, "a new press was taken for a copy")
        if copy and frame.sliding and t - self._first.get(frame.dedup_key, t) > HELD_S + BLUR_S:
            self._break("R20.muted", frame.dedup_key, "a button that is stuck was muted")
        certain = not frame.answers or self._steps_at < last_t
        if not copy and t - last_t < window_s - BLUR_S and certain and not held:
            self._break("I4.copy_counted", frame.dedup_key, "a copy was taken for a new press")

    def _judge_kept(self, button: Button | None, received: Received) -> None:
        newest = self._stage.look(
            "SELECT s.alarm_id, a.subject, a.state, a.due_at FROM signals s LEFT JOIN alarms a ON a.id = s.alarm_id "
            "ORDER BY s.rowid DESC LIMIT 1"
        )
        if not newest or newest[0][0] is None or newest[0][0] != received.alarm_id or newest[0][2] == "closed":
            self._break("I3.not_on_file", received.alarm_id, "a press was acknowledged and is not on file")
            return
        if button is None:
            return
        if newest[0][1] != self._subject(button):
            self._break("I4.wrong_alarm", received.alarm_id, f"a press of {button.code} went to {newest[0][1]}")
        if self._before is None:
            return
        alarm_id, due_at, state, proof = self._before
        proved = state == "attended" and proof == "claimed"
        if alarm_id != received.alarm_id:
            self._break("I5.not_joined", received.alarm_id, "a second press raised a second alarm")
        elif newest[0][3] > due_at and not proved:
            self._break("I5.delayed", alarm_id, "a second press moved the next step later")

    def _subject(self, button: Button) -> str:
        found = self._stage.look(
            "SELECT h.id, (SELECT r.id FROM residents r WHERE r.code = ?), "
            "(SELECT MIN(r.id) FROM residents r WHERE r.home_id = h.id HAVING COUNT(*) = 1) "
            "FROM homes h WHERE h.code = ?",
            button.resident, button.home,
        )  # fmt: skip
        home, named, alone = found[0]
        return f"home:{home}/{named or alone or '-'}"

    def _open_of(self, button: Button) -> Row | None:
        found = self._stage.look(
            "SELECT id, due_at, state, proof FROM alarms WHERE subject = ? AND state <> 'closed'", self._subject(button)
        )
        return found[0] if found else None

    # ------------------------------------------------------------------------------------------- crashes and clocks

    def clock_stepped(self) -> None:
        self._steps_at = self._stage.clock.t

    def crashed(self) -> None:
        """What was remembered in the process is gone; what was being heard may be on file or not."""
        radio = [key for key in self._heard if key.startswith("rflink")]
        for key in radio:
            del self._heard[key]
            self._first.pop(key, None)
        if self._hearing is not None:
            self._in_doubt += 1
            self._unsure[self._hearing] = self._stage.clock.t
            self._hearing = None

    def came_back(self) -> None:
        """After a crash everything that anybody was told of is still there."""
        number, hash_ = self._head
        if number and self._stage.look("SELECT hash FROM entries WHERE number = ?", number) != [(hash_,)]:
            self._break("I3.lost_entry", number, "the record was longer before the crash")
        self.judge_count()

    def judge_count(self) -> None:
        """Every press that was kept is on file once, and nothing was invented."""
        count = self._stage.look("SELECT COUNT(*) FROM signals WHERE cause IS NOT NULL")[0][0]
        if not self._kept <= count <= self._kept + self._in_doubt:
            self._break("I4.count", count, f"{self._kept} presses were kept, {self._in_doubt} are in doubt")

    # ------------------------------------------------------------------------------------------- the record

    def read(self, entries: Sequence[Entry]) -> None:
        """Reads what the step has written into the record, and judges it."""
        for place, each in enumerate(entries):
            self.kinds[each["kind"]] += 1
            self._head = (each["number"], each["hash"])
            if each["alarm_id"] is not None:
                facts = json.loads(each["body"])
                self._entry(each["kind"], each["by"], each["alarm_id"], facts)
                self._judge_backup(entries[place:], facts)

    def _entry(self, kind: str, by: str, alarm_id: str, facts: dict[str, Any]) -> None:
        if kind in _BEGINS:
            self._asking[alarm_id] = self._uptime()
        if kind in {"raised", "reopened"}:
            self._unstepped[alarm_id] = self._uptime()
        if kind == "raised":
            self._raised_t[alarm_id] = self._stage.clock.t
            self._on_raised(AlarmId(alarm_id))
        if kind in {"step_taken", "fell_back", "closed", *_COMES}:
            self._unstepped.pop(alarm_id, None)
        if kind in {"closed", "fell_back", *_COMES} or facts.get("step") == FINAL:
            self._asking.pop(alarm_id, None)
        if kind in {"accepted", "attended", "closed"}:
            self.figure(f"press to {kind}", AlarmId(alarm_id))
        if kind == "closed" and (not by.startswith("operator:") or alarm_id not in self.may_close):
            self._break("I8.closed", alarm_id, f"closed by {by}, and no human did it")
        self._person(kind, by, alarm_id, str(facts.get("person")))

    def _person(self, kind: str, by: str, alarm_id: str, person: str) -> None:
        if kind in {"declined", "gave_up"}:
            self._declined.add((alarm_id, person))
        elif kind in {"accepted", "attended", "asked_by_hand"}:
            self._declined.discard((alarm_id, person))
        elif kind == "offered" and by == "service" and (alarm_id, person) in self._declined:
            self._break("H2.asked_again", alarm_id, f"{person} declined and was asked again")

    def _judge_backup(self, entries: Sequence[Entry], facts: Mapping[str, Any]) -> None:
        """One is wanted: a second becomes backup only by standing in the room."""
        accepted = entries[0]
        if accepted["kind"] != "accepted" or facts.get("role") != "backup":
            return
        there = ("attended", accepted["alarm_id"], accepted["version"] + 1)
        if not any((each["kind"], each["alarm_id"], each["version"]) == there for each in entries):
            self._break("I6.two_coming", accepted["alarm_id"], "a second acceptance was taken where one was enough")

    def judge_times(self) -> None:
        """Nobody is left alone for longer than was promised."""
        now = self._uptime()
        for alarm_id, since in self._unstepped.items():
            if now - since > FIRST_S:
                self._break("I2.first_step", alarm_id, "nobody was asked within 5 s")
        for alarm_id, since in self._asking.items():
            if now - since > FINAL_S:
                self._break("I1.all_hands", alarm_id, "unanswered, and not everybody was asked within 300 s")

    # ------------------------------------------------------------------------------------------- figures

    def figure(self, name: str, alarm_id: AlarmId) -> None:
        """The first time something happened for an alarm, in seconds since it was raised."""
        if alarm_id in self._raised_t and (name, alarm_id) not in self._figured:
            self._figured.add((name, alarm_id))
            self.figures.setdefault(name, []).append(self._stage.clock.t - self._raised_t[alarm_id])

    @property
    def head(self) -> tuple[int, str]:
        """The newest entry seen of the record."""
        return self._head

    def _break(self, promise: str, id_: object, what: str) -> None:
        self._stage.broken(promise, id_, what)
