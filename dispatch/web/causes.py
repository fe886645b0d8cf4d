"""
Why something outside did not work, for a page: what this service words itself in the language of the page, what a
provider, an operating system or a device said as a quotation.

Such reasons are kept in English where they arise, in records and logs, and programs read them there.
"""

import re
from collections.abc import Mapping

from dispatch.web.i18n import N_, gettext

OURS: Mapping[str, str] = {
    # What a call over the network came to.
    "too many calls under way": N_("too many calls under way"),
    "not ended within the deadline": N_("no end within the deadline"),
    "not in the provider's list": N_("not in the provider's list"),
    "no sid in answer": N_("the answer does not say under which number it was taken"),
    r"lacking (?P<what>.+)": N_("in the settings there is no %(what)s"),
    r"no template for (?P<what>.+)": N_("there is no approved template for %(what)s"),
    r"does not carry (?P<what>.+)": N_("it does not carry %(what)s"),
    "carries texts only": N_("it carries texts only"),
    "carries texts to mainland China only": N_("it carries texts to mainland China only"),
    r"answered (?P<what>\d{3})": N_("it answered with the status %(what)s"),
    r"no answer: (?P<inner>.+)": N_("no answer: %(inner)s"),
    r"(?:\w+: )?(?:NameResolutionError|gaierror)": N_("the name in the address is not known: is there a network?"),
    r"(?:\w+: )?(?:NewConnectionError|ConnectionRefusedError)": N_("nobody answers at this address"),
    r"(?:\w+: )?(?:ConnectTimeout(?:Error)?|ReadTimeout(?:Error)?|TimeoutError|timeout)": N_("no answer in time"),
    r"(?:\w+: )?(?:SSLError|SSLCertVerificationError)": N_("the certificate of the other side is not believed"),
    # What a modem came to.
    "not started": N_("it was not opened yet"),
    "ready": N_("ready"),
    "the service is stopping": N_("the service is stopping"),
    "the modem is not there": N_("the modem is not there"),
    "the modem gave no prompt for a text": N_("the modem does not take a text"),
    r"the modem did not answer (?P<what>.+)": N_("the modem does not answer (%(what)s): is this its port?"),
    r"the line is lost \((?P<what>.+)\)": N_("the line is lost (%(what)s)"),
    r"not in a network \((?P<what>.+)\)": N_("the modem is in no network (%(what)s)"),
    r"the SIM says (?P<what>.+); take its PIN off in a telephone": N_(
        "the SIM card says “%(what)s”; take its PIN off in a telephone"
    ),
    r"no SIM can be used: (?P<inner>.+)": N_("no SIM card can be used: %(inner)s"),
    r"(?P<what>AT[^ ]*) was refused: (?P<inner>.+)": N_("the modem refused %(what)s: %(inner)s"),
    "network out of order": N_("the network is out of order"),
    "temporary failure": N_("a failure that passes"),
    "network congested": N_("the network is congested"),
    "no SIM": N_("there is no SIM card"),
    "SIM needs a PIN": N_("the SIM card wants its PIN"),
    "SIM failed": N_("the SIM card failed"),
    r"SIM is locked \(PUK\)": N_("the SIM card is locked (PUK)"),
    "no network": N_("there is no network"),
    # What the line of a gateway came to.
    "nothing heard: is the receiver alive, is the cable in the right port?": N_(
        "nothing heard: is the receiver alive, is the cable in the right port?"
    ),
    "nothing understood: check speed, parity and protocol": N_("nothing understood: check speed, parity and protocol"),
    r"no connection to the broker: (?P<inner>.+)": N_("no connection to the broker: %(inner)s"),
    r"cannot listen on (?P<what>[^ ]+): (?P<inner>.+)": N_("no listening at %(what)s: %(inner)s"),
    r"frames cannot be kept: (?P<inner>.+)": N_("what is heard cannot be kept: %(inner)s"),
    r"not heard for (?P<what>\d+) s": N_("not heard for %(what)s s"),
    # What is lacking in the settings.
    "Write the account's SID, which begins with AC.": N_("Write the account's SID, which begins with AC."),
    r"Set (?P<key>[A-Z_]+), or name a file in (?P<file>\w+)\.": N_("Set %(key)s, or name a file in %(file)s."),
    "Write a sending number in E.164, or a messaging_service_sid.": N_(
        "Write a sending number in E.164, or a messaging_service_sid."
    ),
    "Write the id of an access key that may send short messages and query them.": N_(
        "Write the id of an access key that may send short messages and query them."
    ),
    "Write the approved signature, without brackets.": N_("Write the approved signature, without brackets."),
    r"Write the modem's serial port, like \"/dev/ttyUSB2\"\.": N_("Write the modem's serial port, like /dev/ttyUSB2."),
    "Write the address that takes messages.": N_("Write the address that takes messages."),
    r"Write the approved templates by sentence, at least (?P<what>.+)\.": N_(
        "Write the approved templates by sentence, at least %(what)s."
    ),
    r"Draw (?P<limit>\d+) random letters or more\. (?P<inner>Set .+)": N_(
        "Draw at least %(limit)s letters at random. %(inner)s"
    ),
    r"(?P<key>[a-z_.]+): (?P<inner>(?:Write|Set|Draw) .+)": N_("%(key)s: %(inner)s"),
}  # fmt: skip
"""Our own reasons → a sentence of the page; `inner` is a reason again."""

_READ = [(re.compile(pattern), sentence) for pattern, sentence in OURS.items()]


def known(reason: str) -> tuple[str, dict[str, str]] | None:
    """The sentence and its parts, where the reason is one of ours; else None."""
    found = ((each.fullmatch(reason), sentence) for each, sentence in _READ)
    return next(((sentence, match.groupdict()) for match, sentence in found if match), None)


def why(reason: str) -> str:
    """The reason in the language of this request; what others worded stands between quotation marks."""
    ours = known(reason)
    if ours is None:
        several = reason.split("; ")
        if len(several) > 1 and all(known(each) for each in several):
            return " ".join(why(each) for each in several)
        return gettext("“%(words)s”", words=reason) if reason else ""
    sentence, parts = ours
    return gettext(sentence, **{name: why(part) if name == "inner" else part for name, part in parts.items()})
