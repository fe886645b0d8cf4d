"""
The log: one line an event on standard output, in JSON, or in colours on a terminal.

An event is a constant in the past tense with identifiers: `log.info("offer_made", alarm_id=…, carer_id=…)`. `bound`
binds the alarm and the home once for a unit of work. Telephone numbers are masked here, in one processor.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.options import LogSettings

_PHONE = re.compile(
    r"(?<![0-9])(?:\+|%2B)[0-9]{6,15}(?![0-9])"  # with a country code, also as a form carries it
    r"|(?<![0-9A-Za-z_])(?:86)?1[3-9][0-9]{9}(?![0-9A-Za-z_])",  # a Chinese mobile without one, but no part of an id
    re.IGNORECASE,
)
_HEAD, _TAIL = 3, 2


def configure_logs(settings: LogSettings) -> None:
    """Set up the log of this process. Called once, by `main`, before anything else is put together."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=processors(console=_wants_console(settings)),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[_Foreign()], force=True)


def processors(*, console: bool) -> list[Processor]:
    """What every line passes through, in order; masking is the last but one, so that nothing is added behind it."""
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask_phones,
        renderer,
    ]


@contextmanager
def bound(**identifiers: str) -> Iterator[None]:
    """Every line inside also says these identifiers: `with bound(alarm_id=…, home_id=…):`."""
    with structlog.contextvars.bound_contextvars(**identifiers):
        yield


def mask_phones(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The structlog processor that masks telephone numbers in everything a line says."""
    return {key: _masked(value) for key, value in line.items()}


def masked(text: str) -> str:
    """The text with every telephone number cut to its first three and last two characters: `+86*********01`."""
    return _PHONE.sub(lambda found: _mask(found.group()), text)


def _mask(phone: str) -> str:
    return phone[:_HEAD] + "*" * (len(phone) - _HEAD - _TAIL) + phone[-_TAIL:]


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {masked(str(key)): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value if not _PHONE.fullmatch(str(value)) else masked(str(value))
    return masked(str(value))


def _wants_console(settings: LogSettings) -> bool:
    return settings.format == "console" or (settings.format == "auto" and sys.stdout.isatty())


class _Foreign(logging.Handler):
    """What libraries log goes the same way as our own lines, and through the same mask."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger().bind(library=record.name)
        log.log(record.levelno, "library_said", text=record.getMessage(), exc_info=record.exc_info or None)
