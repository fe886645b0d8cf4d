"""A telephone that does what Twilio's markup says, step by step: it hears, waits for a key, goes where it is sent."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

Ask = Callable[[str, dict[str, str]], str]
"""Posts a form to an address of ours and gives back the markup it was answered with."""


class Phone:
    """
    One call. `said` is everything heard so far, `dialled` the numbers that are ringing with what they are asked before
    they are connected, `over` whether it was hung up.
    """

    def __init__(self, ask: Ask, form: dict[str, str]) -> None:
        """`form` is what every request of this call says of it."""
        self._ask = ask
        self._form = form
        self._action: str | None = None
        self._rest: list[ET.Element] = []
        self.said: list[str] = []
        self.dialled: list[tuple[str, str | None]] = []
        self.over = False

    def play(self, markup: str) -> "Phone":
        """Answered with this markup."""
        self._action, self._rest = None, []
        verbs = list(ET.fromstring(markup))
        while verbs:
            verb, *verbs = verbs
            if self._play(verb, verbs):
                return self
        self.over = not self.dialled
        return self

    def press(self, key: str) -> "Phone":
        """Presses a key while one is waited for."""
        assert self._action is not None, "no key is waited for"
        return self.play(self._ask(self._action, {**self._form, "Digits": key}))

    def wait(self) -> "Phone":
        """Presses nothing until the time for a key is over: the markup goes on behind the question."""
        assert self._action is not None, "no key is waited for"
        markup = ET.Element("Response")
        markup.extend(self._rest)
        return self.play(ET.tostring(markup, encoding="unicode"))

    def dial_ends(self, status: str, **more: str) -> "Phone":
        """What was dialled has ended so."""
        assert self._action is not None, "nobody is dialled"
        self.dialled = []
        return self.play(self._ask(self._action, {**self._form, "DialCallStatus": status, **more}))

    @property
    def asks(self) -> bool:
        """Whether a key is waited for."""
        return self._action is not None and not self.dialled

    def _play(self, verb: ET.Element, rest: list[ET.Element]) -> bool:
        """One verb; True where the markup stops here for something to happen."""
        if verb.tag == "Say":
            self.said += ["".join(verb.itertext())] * int(verb.attrib.get("loop", "1"))
        elif verb.tag == "Gather":
            for inner in verb:
                self._play(inner, [])
            self._action, self._rest = verb.attrib["action"], rest
            return True
        elif verb.tag == "Redirect":
            self.play(self._ask(verb.text or "", dict(self._form)))
            return True
        elif verb.tag == "Dial":
            self.dialled = [(each.text or "", each.attrib.get("url")) for each in verb.iter("Number")]
            self._action = verb.attrib["action"]
            return True
        elif verb.tag == "Hangup":
            self.over = True
            return True
        else:
            assert verb.tag == "Pause", f"no telephone knows {verb.tag}"
        return False
