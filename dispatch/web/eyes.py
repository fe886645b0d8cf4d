"""
How much of a resident's file whoever asks may see, and that they saw it.

While an alarm is open, whoever may act on it sees the numbers and the way in that helping needs. To everybody else, and
once it is closed, numbers are masked and the way in is shut: whole numbers come by `/unmask`, with a reason.
"""

from typing import Any

from flask import request

from dispatch.rules.alarm import State
from dispatch.rules.masking import mask
from dispatch.rules.rights import Right
from dispatch.web.access import file_opened, may

Plain = dict[str, Any]


def for_eyes(story: Plain) -> Plain:
    """The story of one alarm as this request's person may see it."""
    if story["state"] != State.CLOSED and may(Right.ALARMS_ACT):
        return story
    masked: Plain = mask(story)
    if masked["home_file"]:
        masked["home_file"] = {**masked["home_file"], "entry": ""}
    return masked


def note_opened(story: Plain) -> None:
    """That this request's person opened the file of whom this alarm is about; an open alarm waits for nothing."""
    file = story["resident_file"]
    # What was done is done: its answer, too, must not fail for a busy database.
    urgent = story["state"] != State.CLOSED or request.method != "GET"
    file_opened(file["id"] if file else None, urgent=urgent)
