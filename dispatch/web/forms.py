"""What a form says, as people typed it."""

from collections.abc import Callable, Sequence
from typing import IO

from flask import Request, request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.formparser import FormDataParser

Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class Typed(FormDataParser):
    """
    Every line end is one sign. Browsers send two, CR and LF, for the one that was typed (HTML, 4.10.22.7): as they come
    a text of several lines would be longer than its field allows, hold a control character, and differ from itself
    when a page gives it back.
    """

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Parsed:
        """The stream, the form and its files; the bytes of a request, which signatures are over, stay as they came."""
        rest, form, files = super().parse(stream, mimetype, content_length, options)
        said = [(name, text.replace("\r\n", "\n")) for name, text in form.items(multi=True)]
        return rest, self.cls(said), files


Scan = Callable[[Sequence[IO[bytes]]], None]
"""Looks through files and refuses those that must not be kept; leaves each at its beginning, where it was."""


class Asked(Request):
    """
    A request whose form is read by `Typed`, and whose files nobody has who has not had them looked through.

    That stands here, and not in the views, so that none can forget it: the first to ask for a file, after the view's
    own guards and before anything is kept, waits for the scanner. Who may not bring files never gets so far.
    """

    form_data_parser_class = Typed
    scan: Scan | None = None
    _is_looked_through = False

    @property
    def files(self) -> ImmutableMultiDict[str, FileStorage]:
        """What came with the form; a refusal of the scanner ends the request."""
        self._load_form_data()
        found: ImmutableMultiDict[str, FileStorage] = self.__dict__["files"]
        if not self._is_looked_through and self.scan is not None:
            # Several of one name are several files; a field without a chosen one comes as a file of no bytes.
            streams = [each.stream for name in found for each in found.getlist(name)]
            full = [each for each in streams if _holds_something(each)]
            if full:
                self.scan(full)
        self._is_looked_through = True
        return found


def _holds_something(stream: IO[bytes]) -> bool:
    found = bool(stream.read(1))
    stream.seek(0)
    return found


def asked_with(scan: Scan | None) -> type[Asked]:
    """The requests of an application whose files are looked through by `scan`."""

    class Scanned(Asked):
        pass

    Scanned.scan = staticmethod(scan) if scan is not None else None
    return Scanned


def came_with_files() -> bool:
    """Whether files came with the form, whatever is in them."""
    form_and_files_are_read = request.form is not None
    return form_and_files_are_read and bool(request.__dict__["files"])
