"""
A spool that lives through everything, as a program of its own that may be killed at any moment.

    python -m tests.fakes.spool_life FOLDER SEED COUNT [DIES_AT]

What it has been promised it writes down in `marks`, a line each: `call BODY` after it was added, `held SEQ EPOCH` after
the service was told to hold it. With DIES_AT it ends by `SIGKILL` around that statement: before an odd one, behind an
even one.
"""

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from devices.spool import Entry, Lane, Spool, Weight
from devices.spool_file import open_file
from dispatch.clock import SystemClock


class Mortal:
    """A connection that is killed around one of its statements. All connections of a process count together."""

    statements = 0

    def __init__(self, path: Path, dies_at: int) -> None:
        self._inner = open_file(path)
        # A checkpoint every few commits, so that the file itself is written to as well.
        self._inner.execute("PRAGMA wal_autocheckpoint = 6")
        self._dies_at = dies_at

    def execute(self, statement: str, values: Any = ()) -> Any:
        Mortal.statements += 1
        if self._dies_at == 2 * Mortal.statements - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._inner.execute(statement, values)
        if self._dies_at == 2 * Mortal.statements:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def live(folder: Path, seed: int, count: int, dies_at: int = 0) -> None:
    """Does `count` things with the spool in the folder, drawn from the seed."""
    draw, clock = random.Random(seed), SystemClock()
    marks = os.open(folder / "marks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    spool = Spool(folder / "spool.db", clock, limit_bytes=120_000, connect=lambda path: Mortal(path, dies_at))
    for number in range(count):
        body = f"{seed}-{number}"
        what = draw.choice(["call", "call", "call", "news", "life", "sent", "hold", "anew", "tidy", "word"])
        if what == "call":
            spool.add([Entry(lane=Lane.CALLS, body=body, heard=clock.look())])
            os.write(marks, f"call {body}\n".encode())
        elif what == "news":
            news = Entry(lane=Lane.NEWS, body=body + "n" * 900, heard=clock.look(), weight=Weight.NEWS)
            spool.add([news, news])
        elif what == "life":
            slot = f"d{draw.randrange(4)}"
            spool.add([Entry(lane=Lane.NEWS, body=body, heard=clock.look(), weight=Weight.LIFE, slot=slot)])
        elif what == "sent":
            sent = spool.batch(Lane.NEWS, most=3, most_bytes=10_000)
            if sent:
                spool.hold(Lane.NEWS, sent[-1].seq)
        elif what == "hold":
            sent = spool.batch(Lane.CALLS, most=2, most_bytes=10_000)
            if sent:
                # The service has it before the spool knows: that is written down first.
                os.write(marks, "".join(f"has {each.body}\n" for each in sent).encode())
                spool.hold(Lane.CALLS, sent[-1].seq)
        elif what == "anew" and draw.random() < 0.2:
            spool.begin_anew(Lane.CALLS)
        elif what == "tidy":
            spool.tidy()
        else:
            spool.remember("word", body)
    spool.close()


if __name__ == "__main__":
    live(Path(sys.argv[1]), *(int(each) for each in sys.argv[2:]))
