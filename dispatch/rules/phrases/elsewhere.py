"""
What is an answer in most mouths, and none in the mouth of whoever stands here.

Who was asked and is "on the metro", or in the home of somebody by name, says why not as often as that they come; who is
on the way and "pressed the wrong one" speaks of their own telephone, and nothing has ended. All of it is asked back.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from dispatch.rules.phrases.chinese_going import OLD_PERSON, SELF
from dispatch.rules.phrases.meaning import Action, Standing
from dispatch.rules.phrases.pinyin import romanised

_AH = "(?:了|啊|呀|哈|呢|吧|的|哦|嘛)*"
_NAMED = OLD_PERSON.replace(")?", ")", 1)
"""With a surname, which is anybody's."""

_SAID: Mapping[tuple[Standing, Action], str] = MappingProxyType(
    {
        (Standing.ASKED, Action.ACCEPT): (
            f"{SELF}?(?:人|现在|还|正|已经)*在(?:地铁|公交|公交车|出租车|车)上{_AH}|(?:你|您|再)*等(?:我)?(?:1|一)分钟{_AH}"
        ),
        (Standing.ASKED, Action.ARRIVED): f"{SELF}?(?:人|现在|还|正)*在{_NAMED}家里?{_AH}",
        (Standing.COMING, Action.DONE): (
            f"(?:(?:不好意思|对不起|抱歉|啊|哦|{SELF}|刚才|刚刚|刚)[ ,]*)*(?:按|摁|点|发|回|打)错{_AH}"
        ),
    }
)
_NONE_HERE = {at: re.compile(f"{said}|{romanised(said)}") for at, said in _SAID.items()}


def is_none_here(plain: str, standing: Standing, action: Action) -> bool:
    """Whether a tidy text that says `action` elsewhere says nothing certain of somebody who stands here."""
    found = _NONE_HERE.get((standing, action))
    return bool(found and found.fullmatch(plain))
