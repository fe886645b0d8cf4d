"""The words that fill the sentences of `sentences.py`: causes, reasons, ways to talk, and what stands for a gap."""

from collections.abc import Mapping

from dispatch.rules.people import Talk
from dispatch.rules.signal import Cause

EXERCISE: Mapping[str, str] = {"zh": "演习！", "en": "EXERCISE! "}
"""What every message of a drill begins with."""

CAUSES: Mapping[str, Mapping[str, str]] = {
    Cause.FIRE: {"zh": "火警", "en": "fire"},
    Cause.GAS: {"zh": "燃气报警", "en": "gas"},
    Cause.DURESS: {"zh": "胁迫求助", "en": "duress"},
    Cause.FALL: {"zh": "跌倒", "en": "fall"},
    Cause.PRESS: {"zh": "按铃求助", "en": "help call"},
    Cause.INACTIVITY: {"zh": "久无动静", "en": "no movement"},
    Cause.WANDERING: {"zh": "走失", "en": "wandering"},
    Cause.WATER: {"zh": "漏水", "en": "water leak"},
    Cause.INTRUSION: {"zh": "有人闯入", "en": "intrusion"},
    Cause.UNCLEAR: {"zh": "原因不明", "en": "unclear"},
    Cause.MISSED_VISIT: {"zh": "上门未到", "en": "missed visit"},
    Cause.MISSED_CALL: {"zh": "未接来电", "en": "missed call"},
    Cause.EXERCISE: {"zh": "演习", "en": "EXERCISE"},
    Cause.HOTLINE: {"zh": "热线求助", "en": "hotline call"},
}

WHYS: Mapping[str, Mapping[str, str]] = {
    "nobody_coming": {"zh": "无人前往", "en": "nobody is coming"},
    "all_hands": {"zh": "已呼叫全员，仍无人前往", "en": "all hands called"},
    "not_arrived": {"zh": "接单人逾期未到", "en": "carer not arrived"},
    "arrival_claimed": {"zh": "自报到达，待核实", "en": "verify the arrival"},
    "no_entry": {"zh": "护理员进不去门", "en": "carer cannot get in"},
    "not_closed": {"zh": "已到达，未结案", "en": "not closed yet"},
    "emergency_decide": {"zh": "请决定是否叫120", "en": "decide: call 120?"},
    "emergency_called": {"zh": "系统已呼叫120", "en": "120 was called"},
    "missed_call": {"zh": "有未接来电，请回电", "en": "call back a missed call"},
    "resident_asks": {"zh": "老人按键求急", "en": "resident needs more"},
    "fallback": {"zh": "系统故障，已用备用通知", "en": "fall-back in use"},
    "worsened": {"zh": "情况加重", "en": "it got worse"},
    "gateway_lost": {"zh": "网关失联", "en": "gateway lost"},
    "gateway_troubled": {"zh": "网关收不到设备信号", "en": "gateway cannot hear its devices"},
    "file_refused": {"zh": "设置文件有误，请看日志", "en": "a file is wrong: see the log"},
    "holidays_missing": {"zh": "该年放假安排未录入", "en": "days off not on file"},
    "no_console": {"zh": "没有值守台能响铃", "en": "no console can ring"},
    "seal_broken": {"zh": "有人启用封存码登录值守台", "en": "a sealed code opened the duty console"},
    "siren_missed": {"zh": "警笛没有运行或不能响", "en": "the siren is dead"},
    "canary_missed": {"zh": "网关自检没有通过", "en": "a gateway's canary failed"},
    "restored": {"zh": "已从备份恢复，请核对未结告警", "en": "restored: look at open alarms"},
    "carer_unreached": {"zh": "护理员没回通讯测试", "en": "a carer cannot be reached"},
    "drill_failed": {"zh": "演习没有通过", "en": "an exercise failed"},
    "webhook_disabled": {"zh": "推送地址多日无响应，已停止", "en": "a webhook was stopped"},
    "welfare_check": {"zh": "请电话问安", "en": "call to ask how they are"},
    "outage_round": {"zh": "失联期间请逐户问安", "en": "call every home"},
    "repair_overdue": {"zh": "设备维修逾期", "en": "a repair is overdue"},
    "campaign_ended": {"zh": "上月试按已统计", "en": "last month's test presses"},
    "": {"zh": "请查看", "en": "please look"},
}
"""Why the desk is paged."""

TALK: Mapping[str, Mapping[str, str]] = {
    Talk.HARD_OF_HEARING: {"zh": "重听，请大声", "en": "hard of hearing"},
    Talk.NO_VOICE: {"zh": "不能说话", "en": "cannot speak"},
    Talk.DEMENTIA: {"zh": "失智，慢慢说", "en": "dementia, speak slowly"},
    Talk.DO_NOT_PHONE: {"zh": "勿打电话", "en": "do not phone"},
}

NOTHING: Mapping[str, Mapping[str, str]] = {
    "place": {"zh": "地点不明", "en": "place unknown"},
    "address": {"zh": "地址请问值守台", "en": "ask the desk for the address"},
    "choices": {"zh": "请问值守台", "en": "ask the desk"},
    "cause": {"zh": "告警", "en": "alarm"},
    "number": {"zh": "设备", "en": "device"},
}
"""What stands where a needed fact is missing: a message with a gap is better than none."""

NOT_KNOWN = "-"
"""What fills a variable of a template that nothing is known for: an empty one is refused."""

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "place": {"zh": "地点请看任务页", "en": "see your task page"},
    "address": {"zh": "地址请问值守台", "en": "ask the desk for the address"},
}
"""What stands where a road abroad may not say it, though it is known."""

LINKED: Mapping[str, Mapping[str, str]] = {
    "place": {"zh": "地点请看链接", "en": "see the link"},
    "address": {"zh": "地址请看链接", "en": "see the link"},
}
"""The same where a link stands in the text."""

JOIN = {"zh": "；", "en": "; "}
"""What stands between the items of a list."""

_LAST: Mapping[str, str] = {
    "zh": "【安铃】有老人告警，请立即联系值守台。",
    "en": "Anling: ALARM. Please call the desk at once.",
}


def last_words(lang: str, *, exercise: bool) -> str:
    """What leaves when no sentence could be filled: no fact stands in it, so nothing about them can be wrong."""
    known = lang if lang in _LAST else "zh"
    return (EXERCISE[known] if exercise else "") + _LAST[known]
