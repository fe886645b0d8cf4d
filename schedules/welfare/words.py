"""What signs are called: for the note of an alarm, which is written once in both languages, and for pages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from schedules.welfare.rules.judging import Reason
from schedules.welfare.rules.signs import Kind

WORDS: Mapping[Kind, tuple[str, str]] = {
    Kind.MEAL_MISSED: ("平时来吃饭，这次没来", "did not come to eat, though usually does"),
    Kind.DELIVERY_UNANSWERED: ("送餐敲门没人应", "a delivery was not answered"),
    Kind.DOOR_UNANSWERED: ("上门没人开门", "nobody opened the door"),
    Kind.VISIT_MISSED: ("该来的上门服务没来", "a visit did not take place"),
    Kind.CALL_UNANSWERED: ("电话没人接", "a call was not answered"),
    Kind.DEVICE_SILENT: ("设备没有声音", "a device fell silent"),
    Kind.NO_MOTION: ("平时有动静的时候没有动静", "nothing moved at a time when something mostly does"),
    Kind.LITTLE_MOTION: ("一天的动静比平时少得多", "moved far less than on other days"),
    Kind.NOT_IN_BED: ("一夜没有上床", "the bed stayed empty all night"),
    Kind.OUT_OF_BED: ("夜里多次或长时间起床", "out of bed often or for long at night"),
    Kind.BREATHING: ("呼吸和平时不同", "breathing is not as usual"),
    Kind.MEAL: ("来吃饭了", "came to eat"),
    Kind.MOTION: ("家里有动静", "something moved at home"),
    Kind.PRESS: ("按了按钮", "pressed a button"),
    Kind.ANSWERED: ("接了电话或应了门", "answered a call or the door"),
    Kind.VISITED: ("有人见到了本人", "was seen by a visitor"),
}
"""Each kind in Chinese and in English."""

ZH, EN = 0, 1


def sentence(reasons: Sequence[Reason], local: Callable[[datetime], datetime]) -> str:
    """The reasons for whoever takes the alarm: Chinese first, then English, each with its local time."""
    told = [
        "；".join(f"{WORDS[each.kind][ZH]}（{local(each.at):%m-%d %H:%M}）" for each in reasons),
        "; ".join(f"{WORDS[each.kind][EN]} ({local(each.at):%m-%d %H:%M})" for each in reasons),
    ]
    return "\n".join(told)
