"""
Reading one SCAIP document, whoever wrote it: no DTD, no entities, no depth, only the tags that SCAIP has.

The parser is the standard library's expat. What makes XML dangerous all begins with a DOCTYPE, so a document that
has one is refused at its first byte; only the five entities of XML itself and numbered characters are left.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

DEPTH_MAX = 4
"""Root, `lge`, and the three tags in it make three."""

KNOWN = frozenset(
    (
        *("ref", "ver", "sco", "cha", "mty", "hbo", "cid", "dty", "did", "dco", "dte", "crd", "stc", "stt", "pri"),
        *("lco", "lva", "geo", "tim", "gga", "lte", "ico", "ite", "ame"),
        *("snu", "ste", "cve", "mre", "cre", "tnu", "hbi"),
    )
)
"""The tags of a request, with those inside `lge`, and of an answer (`Mrq` and `Mrs` in `caruhome/scaip-gateway`)."""


_WHITE, _TEXT = rb"[ \t\r\n]*+", rb"[ -%'-;=?-~]*+"  # what may stand between tags, and in one: no & < >
_PLAIN = re.compile(
    rb"<(mrq|mrs|scaip)%b>(%b(?:<([a-z]{3})>%b</\3>%b)*+)</\1%b>%b" % (_WHITE, _WHITE, _TEXT, _WHITE, _WHITE, _WHITE)
)
_TAG = re.compile("<([a-z]{3})>([^<]*)</")


@dataclass(frozen=True, slots=True)
class Told:
    """A document: the name of its root, and the text of every known tag that has one, as it was sent."""

    root: str
    tags: dict[str, str]


def read(document: bytes) -> Told | None:
    """
    The document, None when it is not well-formed XML or holds what nobody needs to say a SCAIP message.

    One that is not what its encoding promises is tried as Latin-1: a name with an umlaut must not cost an alarm.
    """
    if (plain := _PLAIN.fullmatch(document)) is not None:
        return _told(plain[1], plain[2])
    return _read(document, None) or (None if document.isascii() else _read(document, "iso-8859-1"))


def _told(root: bytes, content: bytes) -> Told:
    """What most units send, which needs no parser: tags with printable texts, one behind the other."""
    tags: dict[str, str] = {}
    for name, said in _TAG.findall(content.decode("ascii")):
        if name in KNOWN and (text := said.strip()):
            tags.setdefault(name, text)
    return Told(root.decode("ascii"), tags)


def _read(document: bytes, encoding: str | None) -> Told | None:
    reader = _Reader()
    try:
        reader.parser(encoding).Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError):  # LookupError: an encoding that nobody has heard of.
        return None
    return Told(reader.root, reader.tags)


class _Reader:
    """Collects the texts while expat walks. Of two equal tags the first counts."""

    def __init__(self) -> None:
        self.root = ""
        self.tags: dict[str, str] = {}
        self._open: list[str] = []
        self._text: list[str] = []

    def parser(self, encoding: str | None) -> expat.XMLParserType:
        """A parser that tells this reader."""
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _no_doctype
        parser.StartElementHandler = self._began
        parser.CharacterDataHandler = self._text.append
        parser.EndElementHandler = self._ended
        return parser

    def _began(self, name: str, _: Mapping[str, str]) -> None:
        if len(self._open) == DEPTH_MAX:
            raise ValueError("too deep")
        self._open.append(name.rpartition(":")[2].lower())
        self.root = self.root or self._open[0]
        self._text.clear()

    def _ended(self, _: str) -> None:
        name, text = self._open.pop(), "".join(self._text).strip()
        self._text.clear()
        if text and name in KNOWN and self._open:
            self.tags.setdefault(name, text)


def _no_doctype(*_: object) -> None:
    raise ValueError("a document type")
