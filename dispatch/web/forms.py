"""What a form says, as people typed it."""

from typing import IO

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
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


class Asked(Request):
    """A request whose form is read by `Typed`."""

    form_data_parser_class = Typed
