"""Reads the form of the survey."""

import tomllib
from pathlib import Path
from typing import Any

from dispatch.errors import Misconfigured
from dispatch.rules.satisfaction import Form, Question

PACKAGED = Path(__file__).with_name("survey.toml")
LANGUAGES = ("zh", "en")


def read_form(path: Path) -> Form:
    """
    The form in this file.

    Raises:
        Misconfigured: it cannot be read, a question lacks its words, or not exactly one is the overall one.
    """
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        questions = tuple(
            Question(
                key=str(each["key"]),
                words={lang: str(each[lang]) for lang in LANGUAGES},
                overall=each.get("overall") is True,
            )
            for each in said["questions"]
        )
        version, least, source = str(said["version"]), float(said["least"]), str(said["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured(
            str(path), f"the form of the survey cannot be read: {error!r}; see config/survey.toml"
        ) from None
    if sum(each.overall for each in questions) != 1 or len({each.key for each in questions}) != len(questions):
        raise Misconfigured(str(path), "one question is the overall one, and each has a key of its own")
    if not 0 < least <= 1:
        raise Misconfigured(str(path), "`least` is a share between 0 and 1, like 0.90")
    return Form(version=version, questions=questions, least=least, source=source)
