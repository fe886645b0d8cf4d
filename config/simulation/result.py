"""What a run gives: what happened, how long people waited, and the promise that broke, if one did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A broken promise, when it broke, and the steps that led to it."""

    promise: str
    id: str
    what: str
    step: int
    t: float
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run gave: `digest` is the same for the same seed, `figures` are response times in seconds."""

    seed: int
    days: float
    steps: int
    counts: dict[str, int]
    figures: dict[str, list[float]]
    head: int
    digest: str
    breach: Breach | None = None


class Broke(BaseException):
    """Ends a run: a promise is broken. Not an `Exception`, so that no loop of the service can go on over it."""

    def __init__(self, promise: str, id_: str, what: str) -> None:
        super().__init__(f"{promise} {id_}: {what}")
        self.promise, self.id, self.what = promise, id_, what
