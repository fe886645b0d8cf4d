"""
Presses pass: while one is on its way from the line to a provider, whoever begins something else lets it pass.

The writer's lanes put a press before an answer. But a press is two units of work, and before, between and behind them
threads that take turns at the interpreter with everything else; in a crowd each of these turns costs more than the
writer's (docs/adr/0106).

```
  desk.receive ──► begin(signal) ──► begin(alarm) ──► desk.wake ──► its letter leaves ──► end(alarm)
  an answer, a receipt, a page ──► give_way() ──► nobody is on the way, or 50 ms are over ──► goes on
```

Only haste: nothing waits for a press that is forgotten here, and nobody for longer than `GIVE_WAY_S`.
"""

import threading

from dispatch.clock import Clock, SystemClock

GIVE_WAY_S = 0.05
"""Nobody waits longer for those on their way, in seconds: a storm of presses silences no answer."""

PASSING_S = 0.2
"""A press that has not reached a provider after so long holds nobody up any more; in a quiet house it takes 0.012."""


class Precedence:
    """May be used from any thread. One that nobody else knows costs nothing and holds nobody up."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._passing: dict[str, float] = {}

    def begin(self, key: str) -> None:
        """A press is on its way under this name, whichever began before."""
        with self._changed:
            now_s = self._forget()
            self._passing[key] = now_s + PASSING_S

    def end(self, key: str) -> None:
        """It has left or goes nowhere; nothing happens where it never began."""
        with self._changed:
            self._passing.pop(key, None)
            self._go_on()

    def busy(self) -> bool:
        """Whether any is on its way."""
        if not self._passing:
            return False
        with self._changed:
            self._forget()
            return bool(self._passing)

    def give_way(self) -> None:
        """To be called before something is begun that is no press: returns when none is on its way, or soon anyhow."""
        if self._passing:
            with self._changed:
                self._changed.wait_for(self._is_free, GIVE_WAY_S)

    def _is_free(self) -> bool:
        self._forget()
        return not self._passing

    def _forget(self) -> float:
        """Those whose time is over are forgotten; the steady seconds of now."""
        now_s = self._clock.look().steady_s
        for key in [key for key, until_s in self._passing.items() if until_s <= now_s]:
            del self._passing[key]
        self._go_on()
        return now_s

    def _go_on(self) -> None:
        if not self._passing:
            self._changed.notify_all()
