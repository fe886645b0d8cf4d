"""What events mean to a district, a resident or a device, as a district file says it."""

import difflib
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError, fields

from config.schemas import say
from devices.rules.meaning import Handling, Meanings, read_meaning, refusal_of
from dispatch.rules.signal import Cause, Event


class MeaningsField(fields.Field[Meanings]):
    """What events mean: a table of event = cause, "fault" or "ignore". `everywhere`: for a whole district."""

    def __init__(self, *, everywhere: bool = False) -> None:
        super().__init__(metadata=say('a table like { bed_exit = "inactivity", water = "fault" }'))
        self._everywhere = everywhere

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Meanings:
        if not isinstance(value, dict):
            raise ValidationError("Not a table.")
        read, wrong = {}, {}
        for event, word in value.items():
            try:
                read[Event(event)] = self._meant(event, word)
            except ValidationError as refused:
                wrong[event] = refused.messages
        if wrong:
            raise ValidationError(wrong)
        return MappingProxyType(read)

    def _meant(self, event: str, word: Any) -> Cause | Handling:
        if event not in set(Event):
            raise ValidationError(f"There is no event {event!r}{_near(event, Event)}.")
        words = [*Cause, *Handling]
        if word not in words:
            raise ValidationError(f"{word!r} is no meaning{_near(str(word), words)}: a cause, fault or ignore.")
        refused = refusal_of(Event(event), read_meaning(word), everywhere=self._everywhere)
        if refused is not None:
            raise ValidationError(refused)
        return read_meaning(word)


def _near(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, [str(each) for each in words], n=1)
    return f", did you mean {near[0]!r}" if near else ""
