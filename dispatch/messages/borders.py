"""
What may be told by way of a provider in another country: nothing that a resident or a register wrote.

The carer is asked with cause, time, minutes and code, and has the rest from the page, the desk, or a road at home.
"""

from collections.abc import Mapping

from dispatch.messages.providers.provider import Capability
from dispatch.messages.words import ELSEWHERE, JOIN, LINKED

_ABROAD = frozenset({"cause", "why", "at", "minutes", "code", "presses", "number", "example", "link", "desk"})
"""
The fields that may cross a border. `number` is that of an alarm or of a device, which is nobody's name; a link leads
back to a page of ours; `desk` is a telephone of the service's own.
"""


def allowed(values: Mapping[str, str], capability: Capability, lang: str) -> dict[str, str]:
    """The fields of a sentence (name to text, in `lang`) that this road may carry."""
    if not capability.cross_border:
        return dict(values)
    kept = {name: value for name, value in values.items() if name in _ABROAD}
    told = LINKED if values.get("link") and capability.urls else ELSEWHERE
    withheld = {name: words[lang] for name, words in told.items() if name in values}
    codes = _codes(values.get("choices", ""), lang)
    return kept | withheld | ({"choices": codes} if codes else {})


def _codes(choices: str, lang: str) -> str:
    """Of "12 柏林小区；37 红星里" the codes alone."""
    heads = [item.strip().partition(" ")[0] for item in choices.split(JOIN[lang].strip())]
    return JOIN[lang].join(head for head in heads if len(head) in {2, 3} and head.isascii() and head.isdigit())
