"""
Cut off: when the service has not been reached for so long, people are told from here, and the service afterwards.

```
  reached ──► silent 20 s ──► page: cut off, and who has called since
                 ▲               ├── somebody calls ──► page: who (together, at most once a minute)
                 └── reached ◄───┘        and it is said to the service: for how long, how many texts, how many calls
```
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import structlog

from devices.decoders.decoder import Frame
from devices.edge import Edge
from devices.forwarder import MISSING, OLDER, TWIN, Contact, Lost
from devices.rules.meaning import calls_for_help
from devices.spool import Lane, Registered, Spool
from devices.wire import EDGE, RADIO
from dispatch.clock import Clock
from dispatch.rules.signal import Event
from dispatch.store.database import from_us

PAGE_AFTER_S = 20.0
AGAIN_S = 60.0
"""Between two texts about calls of the same silence; in between they are gathered."""

CALLS_MAX = 1_000
NAMED_MAX = 3
NAME_MAX = 24
"""Callers named in one text, and letters of each: two parts of a text are what a modem hands over quickly."""

_REMEMBERED = "cut_off"
_log = structlog.get_logger()


class Paging(Protocol):
    """Who tells people. `taken` counts the texts that a network took."""

    taken: int

    def page(self, text: str, *, lasting: bool = False) -> None:
        """Every number is to get this text, also after the service is back if it is `lasting`."""
        ...

    def forget(self) -> None:
        """The service is back: what has not left yet need not any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """
    A time without the service of which people were told, as it outlives a restart.

    `began_us` is by the wall clock. `told` is the number, in `epoch`, of the last record looked at; of the `calls`
    among them people were told by `texts`.
    """

    epoch: str
    began_us: int
    told: int = 0
    calls: int = 0
    texts: int = 0


class CutOff:
    """Looked after by one thread: `look` is called a few times a second."""

    def __init__(
        self, edge: Edge, spool: Spool, contact: Contact, clock: Clock, *, pager: Paging | None, lang: str = "zh"
    ) -> None:
        """`pager` is None where no modem was given; then there is only the log. `lang` is zh or en."""
        self._edge, self._spool, self._contact, self._clock = edge, spool, contact, clock
        self._pager = pager
        self._words = _WORDS[lang]
        told = spool.remembered(_REMEMBERED)
        self._silence = Silence(**json.loads(told)) if told else None
        self._taken = pager.taken if pager else 0
        self._told_s = clock.look().steady_s

    @property
    def silence(self) -> Silence | None:
        """The silence of which people were told, if it is not over."""
        return self._silence

    def look(self) -> None:
        """Pages, or says that it is over, if it is time."""
        now_s = self._clock.look().steady_s
        silent_s = self._contact.silent_s(now_s)
        self._count_texts()
        if silent_s >= PAGE_AFTER_S:
            self._tell_of_calls(now_s) if self._silence else self._tell_of_silence(now_s, silent_s)
        elif self._silence is not None and self._contact.reached_s is not None and not silent_s:
            self._over(self._silence)

    def lost(self, lost: Lost) -> None:
        """A record that the service will never get as it was. For a call people are told at once, whatever else is."""
        if lost.why in {OLDER, TWIN, MISSING}:
            self._edge.say(lost.why)
        if lost.why in {OLDER, TWIN}:
            return
        said = json.loads(lost.body) if lost.body else {"protocol": "", "device": "?", "event": ""}
        if self._is_call(said):
            self._page(self._words["lost"].format(name=self._name, who=self._named([said])), lasting=True)

    # ------------------------------------------------------------------------------------------------ while it lasts

    @property
    def _name(self) -> str:
        return self._edge.name[:NAME_MAX]

    def _tell_of_silence(self, now_s: float, silent_s: float) -> None:
        began = self._clock.now().timestamp() - silent_s
        silence = Silence(epoch=self._spool.epoch(Lane.CALLS), began_us=round(began * 1_000_000))
        last, calls = self._news(silence)
        _log.error("service_cut_off", seconds=round(silent_s), reason=self._contact.reason, calls=len(calls))
        text = self._words["cut_off"].format(name=self._name, seconds=round(silent_s), calls=self._who(calls))
        self._told(replace(silence, told=last, calls=len(calls)), text, now_s)

    def _tell_of_calls(self, now_s: float) -> None:
        assert self._silence is not None
        if now_s - self._told_s < AGAIN_S or self._spool.last(Lane.CALLS) <= self._silence.told:
            return
        last, calls = self._news(self._silence)
        silence = replace(self._silence, told=last, calls=self._silence.calls + len(calls))
        if calls:
            self._told(silence, self._words["calls"].format(name=self._name, calls=self._who(calls)), now_s)
        else:
            self._remember(silence)

    def _told(self, silence: Silence, text: str, now_s: float) -> None:
        """First the text, then the note: a process killed in between says it twice rather than never."""
        self._page(text)
        self._told_s = now_s
        self._remember(silence)

    def _news(self, silence: Silence) -> tuple[int, list[Mapping[str, Any]]]:
        """The number of the last record that waits, and the calls among those nobody was told of."""
        if silence.epoch != self._spool.epoch(Lane.CALLS):
            silence = replace(silence, told=0)
        waiting = self._spool.since(Lane.CALLS, silence.told, most=CALLS_MAX)
        said = [json.loads(each.body) for each in waiting if each.body is not None]
        return waiting[-1].seq if waiting else silence.told, [each for each in said if self._is_call(each)]

    def _is_call(self, said: Mapping[str, Any]) -> bool:
        """
        Whether this raises an alarm, by the register as the service last told it. Before it ever has, any call of a
        device that may be a pendant does; afterwards that of a stranger's remote control does not.
        """
        if said["protocol"] == EDGE:
            return False
        if said["event"] not in _EVENTS:
            return True  # Written by a later version, or not to be read at all: it may have been one.
        device = self._registered(said)
        frame = Frame(
            event=Event(said["event"]),
            raw=b"",
            also=tuple(Event(event) for event in said.get("also", ()) if event in _EVENTS),
            explicit=bool(said.get("explicit")) and said["protocol"] not in RADIO,
        )
        role = device.kind if device else None if self._spool.knows_register else _UNTOLD_ROLE
        return bool(calls_for_help(frame, role))

    def _registered(self, said: Mapping[str, Any]) -> Registered | None:
        addresses = [] if said.get("anonymous") else [said["device"]]
        for address in (*addresses, *said.get("alternatives", ())):
            if found := self._spool.registered(said["protocol"], address):
                return found
        return None

    def _who(self, calls: Sequence[Mapping[str, Any]]) -> str:
        if not calls:
            return self._words["none"]
        return self._words["who"].format(count=len(calls), who=self._named(calls))

    def _named(self, calls: Sequence[Mapping[str, Any]]) -> str:
        """By the code in the register, else by the address; never by name or place: a text is read by anybody."""
        found = [(self._registered(said), said["device"]) for said in calls]
        named = list(dict.fromkeys((known.code if known else device)[:NAME_MAX] for known, device in found))
        more = f" +{len(named) - NAMED_MAX}" if len(named) > NAMED_MAX else ""
        return self._words["and"].join(named[:NAMED_MAX]) + more

    def _page(self, text: str, *, lasting: bool = False) -> None:
        if self._pager is None:
            _log.error("nobody_paged", text=text)
        else:
            self._pager.page(text, lasting=lasting)

    # ------------------------------------------------------------------------------------------------ afterwards

    def _count_texts(self) -> None:
        taken = self._pager.taken if self._pager else 0
        if taken != self._taken and self._silence is not None:
            self._remember(replace(self._silence, texts=self._silence.texts + taken - self._taken))
        self._taken = taken

    def _over(self, silence: Silence) -> None:
        """Said to the service by way of the spool, so that it is said even if this process ends now."""
        lasted_s = max(0, round((self._clock.now() - from_us(silence.began_us)).total_seconds()))
        self._edge.say("cut_off", lasted_s=lasted_s, calls=silence.calls, texts=silence.texts)
        self._remember(None)
        if self._pager is not None:
            self._pager.forget()
        _log.warning("service_back", seconds=lasted_s, texts=silence.texts, calls=silence.calls)

    def _remember(self, silence: Silence | None) -> None:
        self._silence = silence
        self._spool.remember(_REMEMBERED, json.dumps(asdict(silence)) if silence else "")


_EVENTS = frozenset(str(event) for event in Event)
_UNTOLD_ROLE = "pendant"

_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "cut_off": "【安铃】网关{name}已{seconds}秒连不上服务台，按压暂存在网关。{calls}请查网络，必要时打电话派人。",
        "calls": "【安铃】网关{name}仍连不上服务台。{calls}请立即联系。",
        "lost": "【安铃】网关{name}收到的一次呼叫，服务台无法接收：{who}。请人工处理。",
        "none": "目前没有未送达的呼叫。",
        "who": "未送达呼叫{count}次：{who}。",
        "and": "、",
    },
    "en": {
        "cut_off": "Anling: gateway {name} has not reached the service for {seconds} s and keeps what is pressed. "
        "{calls} Check the network; phone people if need be.",
        "calls": "Anling: gateway {name} still cannot reach the service. {calls} Please call them now.",
        "lost": "Anling: the service cannot take a call that gateway {name} heard: {who}. Please act on it by hand.",
        "none": "No call is waiting.",
        "who": "{count} calls not delivered: {who}.",
        "and": ", ",
    },
}
