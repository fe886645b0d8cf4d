"""
Whether a sender knows its password (digest access authentication: RFC 3261 section 22, RFC 7616, RFC 8760).

```
  unit ── MESSAGE ─────────────────────────────────────────────► 401, a nonce for each algorithm
       ── MESSAGE, Authorization: Digest username, nonce, … ───► heard
          response = H(H(user:realm:password) : nonce : nc : cnonce : auth : H(method:uri))
```

A nonce is its own time under a seal, so nothing is kept for those who only ask. What a nonce has proved once it proves
no second time: whoever plays a request back is asked for another proof, as a sender is that has waited too long. Both
are told that it was the nonce alone (`stale`), on which every client tries again by itself.
"""

import hashlib
import hmac
import math
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from devices.ports.sip_message import Headers, SipMessage

REALM = "anling"

NONCE_S = 300.0
"""How long a nonce is good: units report again within minutes, and prove themselves once more in one round."""

PROVED_MAX = 20_000
"""Proofs remembered until their nonce is old; when there are more, the oldest nonces are good no longer."""

_HASHES: Mapping[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_PART = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{1,32})\s{0,8}=\s{0,8}(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_ESCAPE = re.compile(r"\\(.)")


class Proof(Enum):
    """What a request proves: `STALE` is a right password under a nonce that is used or old."""

    GIVEN = "given"
    STALE = "stale"
    MISSING = "missing"
    WRONG = "wrong"


class Digest:
    """The users of one address. Used by one thread; times are steady seconds."""

    def __init__(self, passwords: Mapping[str, str], algorithms: Sequence[str]) -> None:
        """`algorithms` are names of `ALGORITHMS`, as they stand in the challenge, the best first."""
        self._passwords = passwords
        self._algorithms = tuple(algorithms)
        self._secret = secrets.token_bytes(32)
        self._proved: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._since_s = -math.inf

    def challenge(self, now_s: float, *, stale: bool) -> Headers:
        """The headers that ask for a proof."""
        nonce, more = self._nonce(now_s), ", stale=true" if stale else ""
        return [
            ("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{nonce}", algorithm={each}, qop="auth"{more}')
            for each in self._algorithms
        ]

    def proof(self, request: SipMessage, now_s: float) -> Proof:
        """What the request proves. A proof that is given is used up."""
        said = next((parts for each in request.every("authorization") if (parts := self._for_us(each))), None)
        if said is None:
            return Proof.MISSING
        if not self._is_right(said, request.method):
            return Proof.WRONG
        made_s = self._made(said["nonce"])
        if made_s is None or made_s <= max(self._since_s, now_s - NONCE_S):
            return Proof.STALE
        return Proof.GIVEN if self._use_up(said["nonce"], said.get("nc", "").lower(), made_s, now_s) else Proof.STALE

    def _for_us(self, header: str) -> dict[str, str] | None:
        """The parts of an Authorization that answers a challenge of ours."""
        scheme, _, rest = header.strip().partition(" ")
        parts = {name.lower(): _ESCAPE.sub(r"\1", quoted) or bare for name, quoted, bare in _PART.findall(rest)}
        return parts if scheme.lower() == "digest" and parts.get("realm") == REALM else None

    def _is_right(self, said: Mapping[str, str], method: str) -> bool:
        """Whether the password is right. One of a stranger is compared as well, to take as long."""
        algorithm = next((each for each in self._algorithms if each == said.get("algorithm", "MD5").upper()), None)
        user, qop = said.get("username", ""), said.get("qop", "")
        if algorithm is None or qop.lower() not in {"", "auth"}:
            return False
        known = self._passwords.get(user)
        password = secrets.token_hex(8) if known is None else known
        wanted = response(algorithm, user, password, method, said)
        return hmac.compare_digest(wanted.encode(), said.get("response", "").lower().encode()) and known is not None

    def _use_up(self, nonce: str, count: str, made_s: float, now_s: float) -> bool:
        """Notes this proof; False when it was given before."""
        while self._proved and (len(self._proved) >= PROVED_MAX or next(iter(self._proved.values())) < now_s - NONCE_S):
            _, oldest_s = self._proved.popitem(last=False)
            # What is forgotten must not prove anything again.
            self._since_s = max(self._since_s, oldest_s)
        if (nonce, count) in self._proved:
            return False
        self._proved[nonce, count] = made_s
        return True

    def _nonce(self, now_s: float) -> str:
        made = f"{round(now_s * 1000):x}.{secrets.token_hex(4)}"
        return f"{made}.{self._seal(made)}"

    def _made(self, nonce: str) -> float | None:
        """When we made this nonce; None when we did not."""
        made, _, seal = nonce.rpartition(".")
        if not made or not hmac.compare_digest(self._seal(made).encode(), seal.encode("utf-8", "replace")):
            return None
        return int(made.partition(".")[0], 16) / 1000

    def _seal(self, made: str) -> str:
        return hmac.new(self._secret, made.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def response(algorithm: str, user: str, password: str, method: str, said: Mapping[str, str]) -> str:
    """The `response` of an Authorization with these other parts; without `qop` as RFC 2069 has it."""
    digest = _HASHES[algorithm]
    identity = digest(f"{user}:{REALM}:{password}".encode())
    deed = digest(f"{method}:{said.get('uri', '')}".encode("utf-8", "replace"))
    once = (
        [said.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")]
        if said.get("qop")
        else [said.get("nonce", "")]
    )
    return digest(":".join([identity, *once, deed]).encode("utf-8", "replace"))
