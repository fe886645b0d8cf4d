"""Reading what Twilio posts: the form, the address it signed, and how to answer in its markup."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers.provider import Answer, Hook

_ATTEMPT = re.compile(r"[0-9a-f]{1,64}")


class Form(dict[str, Sequence[str]]):
    """A form as the validator wants it: every value of a name, blanks included."""

    def getlist(self, name: str) -> Sequence[str]:
        return self[name]

    def last(self, name: str) -> str:
        """The last value of a name, empty where it is missing."""
        values = self.get(name) or ("",)
        return values[-1]

    def needed(self, name: str) -> str:
        """
        The same, of a field we cannot do without.

        Raises:
            Invalid: it is missing or empty.
        """
        if not self.last(name):
            raise Invalid(f"Twilio's form has no {name}.", {name: "missing"})
        return self.last(name)


def query_of(hook: Hook) -> Mapping[str, str]:
    """The query of the address that was signed, not of what anybody made of it on the way."""
    return dict(parse_qsl(urlsplit(hook.url).query))


def attempt_of(query: Mapping[str, str]) -> AttemptId | None:
    """The attempt that an address of ours names; None where it names none."""
    named = query.get("a", "")
    return AttemptId(named) if _ATTEMPT.fullmatch(named) else None


def count_of(query: Mapping[str, str]) -> int:
    """How often we have been here before, by the address; 0 where it does not say."""
    return int(query["n"]) if re.fullmatch(r"[0-9]{1,2}", query.get("n", "")) else 0


def xml(body: str) -> Answer:
    """An answer in Twilio's markup."""
    return Answer(body=body, content_type="text/xml; charset=utf-8")
