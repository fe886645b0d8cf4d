"""
Every sentence that leaves by SMS or is read aloud, in Chinese and English: data, filled in by `wording.py`.

`{field}` is filled from the facts. `[…]` vanishes when a fact in it is missing; when a text is too long these brackets
vanish from the last to the first, then the place is shortened, but it never goes. Before acceptance no sentence has a
name, a door, a phone or an illness. `{desk}` is the desk's own number: it stands in the last bracket, so that it goes
first, and costs no part; and in no text that is answered by sending it back, because it is full of digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """
    One sentence in one language.

    `one_way` is sent where an SMS answer cannot come back, `voice` is read aloud, `told` where no key comes back; each
    falls back to the one before.
    `parts` is how many parts an SMS may have, `shrinks` the field that is shortened when nothing else is left to drop.
    """

    sms: str
    one_way: str = ""
    voice: str = ""
    told: str = ""
    parts: int = 1
    shrinks: str = "place"


_Tongues = Mapping[str, Words]
_Both = tuple[str, str]
"""The same in Chinese and in English."""

_NONE: _Both = ("", "")


def _both(
    sms: _Both, *, one_way: _Both = _NONE, voice: _Both = _NONE, told: _Both = _NONE, parts: int = 1,
    shrinks: str = "place",
) -> _Tongues:  # fmt: skip
    each = zip(LANGUAGES, sms, one_way, voice, told, strict=True)
    return {lang: Words(sms=a, one_way=b, voice=c, told=d, parts=parts, shrinks=shrinks) for lang, a, b, c, d in each}


def _told(zh: str, en: str, *, one_way: _Both = _NONE) -> _Tongues:
    """A sentence about a task that the reader knows: the place leads, if it is known."""
    heads = ("[{place}：]", "[{place}: ]")
    silent = (heads[0] + one_way[0], heads[1] + one_way[1]) if any(one_way) else _NONE
    return _both((heads[0] + zh, heads[1] + en), one_way=silent)


_FACTS_ZH = "{place} {cause}[ {at}][ 码{code}][ 约{minutes}分钟][ 已按{presses}次]"
_FACTS_EN = "{place}: {cause}[ {at}][, {minutes} min][, pressed {presses}x]"
_CALL_ZH = "{place}，{cause}。[时间{at}。][路程约{minutes}分钟。][老人已按铃{presses}次。]"
_CALL_EN = "{place}. {cause}. [At {at}. ][About {minutes} minutes away. ][Pressed {presses} times. ]"
_PRESS_EN = "press 1. If you cannot go, press 2."
_NO_KEYS_ZH = "本次来电不能按键，请看短信，或马上联系值守台[，电话{desk}]。"
_NO_KEYS_EN = "Keys do not work in this call: please see your texts, or contact the desk at once[, number {desk}]."
_KIN_ZH = "{place} 老人告警：{cause}[ {at}][ 码{code}][ 约{minutes}分钟][ 已按{presses}次]"

_RING_ZH, _RING_EN = "请接听来电按键[ 值守台{desk}]", "Please answer our call[ Desk {desk}]"
_TAKE_ZH = "回[{code} ]1接单，[{code} ]2去不了"
_TAKE_EN = "Reply [{code} ]1 accept, [{code} ]2 no"
_ANY_EN = "Reply [{code} ]1 accept, [{code} ]2 cannot go, [{code} ]3 arrived, [{code} ]4 done"
"""With a code a bare digit could mean another alarm, so the answer is shown with it."""

_OFFER = _both(
    (f"急 {_FACTS_ZH}，{_TAKE_ZH}[ {{link}}]", f"ALARM {_FACTS_EN}. {_TAKE_EN}[ {{link}}]"),
    one_way=(f"急 {_FACTS_ZH}，{_RING_ZH}", f"ALARM {_FACTS_EN}. {_RING_EN}"),
    voice=(
        f"安铃紧急呼叫。{_CALL_ZH}接单请按一，去不了请按二。",
        f"Emergency call from Anling. {_CALL_EN}To accept, {_PRESS_EN}",
    ),
    told=(f"安铃紧急呼叫。{_CALL_ZH}{_NO_KEYS_ZH}", f"Emergency call from Anling. {_CALL_EN}{_NO_KEYS_EN}"),
)
_OFFER_FAMILY = _both(
    (
        f"急 {_KIN_ZH}，您能去吗？回[{{code}} ]1能去，[{{code}} ]2去不了[ {{link}}]",
        f"ALARM {_FACTS_EN}. Can you go? Reply [{{code}} ]1 yes, [{{code}} ]2 no[ {{link}}]",
    ),
    one_way=(f"急 {_KIN_ZH}，您能去吗？{_RING_ZH}", f"ALARM {_FACTS_EN}. Can you go? {_RING_EN}"),
    voice=(
        f"您好，这里是安铃养老紧急呼叫。您登记为联系人的老人需要帮助。{_CALL_ZH}您能去请按一，去不了请按二。",
        f"Anling emergency call. Somebody who named you as a contact needs help. {_CALL_EN}If you can go, {_PRESS_EN}",
    ),
    told=(
        f"您好，这里是安铃养老紧急呼叫。您登记为联系人的老人需要帮助。{_CALL_ZH}{_NO_KEYS_ZH}",
        f"Anling emergency call. Somebody who named you as a contact needs help. {_CALL_EN}{_NO_KEYS_EN}",
    ),
)
_DOOR_ZH = "{address}[ 进门：{entry}][ {link} ][ {name}][ {talk}][ 电话{phone}][ {illness}][ {born}年生][ {cause}]"
_DOOR_EN = (
    "{address}[. Entry: {entry}][. {link} ][. {name}][. {talk}][. Tel {phone}][. {illness}][. Born {born}][. {cause}]"
)
_SHEET_ZH = (
    "您好，这里是安铃养老紧急呼叫服务，有老人需要急救。地址：{address}。情况：{cause}。[时间：{at}。][姓名：{name}。][年龄：{age}岁。]"
    "[{born}年出生。][病史：{illness}。][进门方式：{entry}。]请派救护车。"
)
_SHEET_EN = (
    "This is the Anling emergency call service. An old person needs an ambulance. Address: {address}. What happened: "
    "{cause}. [Time: {at}. ][Name: {name}. ][Age: {age}. ][Born {born}. ][Illness: {illness}. ][Entry: {entry}. ]"
    "Please send an ambulance."
)

SENTENCES: Mapping[str, Mapping[str, Words]] = {
    "offer": _OFFER,
    "offer_call": _OFFER,
    "offer_all": _both(
        (
            f"急！还没人接单 {_FACTS_ZH}，{_TAKE_ZH}[ {{link}}]",
            f"NOBODY YET {_FACTS_EN}. {_TAKE_EN}[ {{link}}]",
        ),
        one_way=(f"急！还没人接单 {_FACTS_ZH}，{_RING_ZH}", f"NOBODY YET {_FACTS_EN}. {_RING_EN}"),
        voice=(
            f"安铃紧急呼叫，还没有人接单。{_CALL_ZH}接单请按一，去不了请按二。",
            f"Emergency call from Anling. Nobody has accepted yet. {_CALL_EN}To accept, {_PRESS_EN}",
        ),
    ),
    "offer_family": _OFFER_FAMILY,
    "offer_family_call": _OFFER_FAMILY,
    "details": _both(
        (f"已接单：{_DOOR_ZH}。到了回3", f"Accepted: {_DOOR_EN}. Reply 3 on arrival"),
        one_way=(f"已接单：{_DOOR_ZH}。到了请告知值守台", f"Accepted: {_DOOR_EN}. Tell the desk on arrival"),
        voice=(
            "已接单。地址：{address}。[进门方式：{entry}。][姓名：{name}。][注意：{talk}。][{illness}。]到了请告知值守台。",
            "Accepted. {address}. [Entry: {entry}. ][Name: {name}. ][{talk}. ][{illness}. ]Tell the desk on arrival.",
        ),
        parts=2,
        shrinks="",
    ),
    "taken": _told("已有人接单，不用去了，谢谢", "somebody else is going, no need to come. Thank you"),
    "now_backup": _told(
        "已另有人前往，您作后备：快到了请继续，到了回3；还远可返回，回2",
        "another leads. Almost there? Go on, reply 3. If not, reply 2",
        one_way=(
            "已另有人前往，您作后备：快到了请继续，还远可返回，请告知值守台[ {desk}]",
            "another leads. Almost there? Go on. If not, stop. Tell the desk[ {desk}]",
        ),
    ),
    "stand_down": _told("告警已结束，不用去了，谢谢", "the alarm is over, no need to come. Thank you"),
    "ask_arrival": _told(
        "到了吗？到了回3，去不了回2",
        "are you there? Reply 3 arrived, 2 cannot go",
        one_way=("到了吗？到了或去不了请告知值守台[ {desk}]", "are you there? Please tell the desk[: {desk}]"),
    ),
    "ask_outcome": _told(
        "情况怎样？请回：没事、扶起、送医、误报或测试。由值守台结案",
        "how is it? Reply: fine, hospital or false. Desk closes",
        one_way=("情况怎样？请告知值守台，由值守台结案", "how is it? Please tell the desk, which closes"),
    ),
    "confirm_decline": _told("已记下您去不了，谢谢", "noted that you cannot go. Thank you"),
    "confirm_arrived": _told(
        "已记下您到了。处理完回4，如：4 没事",
        "noted that you arrived. When done, reply 4, e.g. 4 fine",
        one_way=("已记下您到了。处理完请告知值守台", "noted that you arrived. When done, tell the desk"),
    ),
    "confirm_done": _told("已记下，由值守台结案，谢谢", "noted, the desk will close it. Thank you"),
    "confirm_no_entry": _told(
        "已告知值守台和保管钥匙的人，请在门口稍等。进去后回3[ 值守台{desk}]",
        "the desk and the key holder are told. Wait there. Inside, reply 3[ Desk {desk}]",
        one_way=(
            "已告知值守台和保管钥匙的人，请在门口稍等[ 值守台{desk}]",
            "the desk and the key holder are told. Please wait at the door[. Desk {desk}]",
        ),
    ),
    "key_wanted": _both(
        (
            "急 {place} 护理员到了，进不去门。您有钥匙，请马上送来或联系值守台[ {desk}]",
            "URGENT {place}: our carer cannot get in. Please bring your key now[ or call the desk: {desk}]",
        ),
        voice=(
            "您好，这里是安铃养老紧急呼叫。{place}，护理员到了，进不去门。您登记为保管钥匙的人，请马上把钥匙送来。",
            "Anling emergency call. {place}. Our carer is at the door and cannot get in. Please bring your key now.",
        ),
    ),
    "late": _told("已由他人接单，不用去了，谢谢", "somebody else took it first, no need to come. Thanks"),
    "closed": _told("告警[ {number} ]已结束，谢谢", "the alarm[ {number}] is over. Thank you"),
    "no_task": _told(
        "您现在没有进行中的任务。急事请联系值守台[ {desk}]",
        "You have no open task. Urgent? Call the desk[: {desk}]",
    ),
    "ask_which": _both(
        (
            "您有多个任务：{choices}。请回码和数字，如：{example}",
            "Which? {choices}. Reply code and digit, like: {example}",
        ),
        one_way=("您有多个任务：{choices}。请联系值守台[ {desk}]", "Which? {choices}. Please call the desk[: {desk}]"),
        parts=2,
        shrinks="choices",
    ),
    "not_understood": _both(
        (
            (
                "没看懂您的回复。请回[{code} ]1接单，[{code} ]2去不了，[{code} ]3到了，[{code} ]4完成。"
                "急事请联系值守台[ {desk}]"
            ),
            f"Not understood. {_ANY_EN}. Urgent: call the desk[ {{desk}}]",
        ),
        one_way=("没看懂您的回复。请联系值守台[ {desk}]", "Not understood. Please call the desk[: {desk}]"),
    ),
    "page_code": _both(
        ("登录码 {number}，10分钟内有效，请勿外传", "Your code is {number}, good for 10 min. Tell nobody")
    ),
    "family_raised": _told(
        "家人[ {at} ]按了铃，正在派人前往[ {link}]",
        "your relative called for help[ at {at}], somebody is being sent[ {link}]",
    ),
    "family_coming": _told("已有人前往您家人处[ {link}]", "somebody is on the way to your relative[ {link}]"),
    "family_there": _told("已有人在您家人身边[ {link}]", "somebody is with your relative now[ {link}]"),
    "family_closed": _told("您家人的呼叫已处理完毕，已结束[ {link}]", "your relative's call is over[ {link}]"),
    "page": _both(
        (
            "值守：{why}。告警[ {number}] {place} {cause}[ {at}]，请处理",
            "DESK: {why}. Alarm[ {number}] {place}: {cause}[ {at}]",
        ),
        voice=(
            "安铃值守请注意。{why}。{place}，{cause}。[时间{at}。]请马上查看值守台。",
            "Anling duty desk. {why}. {place}. {cause}. [At {at}. ]Please look at the board now.",
        ),
    ),
    "coverage_gap": _both(
        (
            "值守：{place}[ {number}户]无人能及时上门[，{choices}][，共{presses}处缺口]，请安排人手",
            "DESK: homes nobody can reach in time: {place}[, {number} of them][, {choices}][, {presses} gaps in all]",
        ),
        parts=2,
    ),
    "coverage_closed": _both(
        (
            "值守：{place}[ {number}户]的无人时段已补上[，{choices}][，共{presses}处]",
            "DESK: homes can be reached again: {place}[, {number} of them][, {choices}][, {presses} gaps in all]",
        ),
        parts=2,
    ),
    "coming": _both(
        ("您的呼叫已有人接，正在赶来[，约{minutes}分钟到]", "Somebody is on the way to you[, about {minutes} min]"),
        voice=(
            "您好，这里是安铃。已经有人赶来帮您了。[大约{minutes}分钟到。]请放心。",
            "Hello, this is Anling. Somebody is on the way to you. [About {minutes} minutes. ]",
        ),
    ),
    "coming_simple": _both(
        ("有人来看您了，请坐着等", "Somebody is coming. Please sit down and wait"),
        voice=("您好。有人来看您了。请坐好，等一等。", "Hello. Somebody is coming. Please sit down and wait."),
    ),
    "coming_keys": _both(
        ("已有人赶来帮您[，约{minutes}分钟到]", "Somebody is on the way to you[, about {minutes} min]"),
        voice=(
            "您好，这里是安铃。已经有人赶来帮您了。[大约{minutes}分钟到。]您不用说话。听到了请按一，情况更急请按二。",
            "Hello, this is Anling. Somebody is on the way. [About {minutes} minutes. ]Press 1: heard. 2: worse.",
        ),
    ),
    "reminder": _both(("值守：{why}[，{place}]，请看维修页", "DESK: {why}[, {place}]. See the repairs page")),
    "test_waiting": _both(
        (
            "{number}请试按[，{minutes}分钟内][，{place}]。不是您要求的请速告值守台[ {desk}]",
            "{number}: press it now[, within {minutes} min][, {place}]. You did not ask? Call the desk[ {desk}]",
        ),
        shrinks="number",
    ),
    "test_refused": _both(
        ("{number}现在不能试按，请联系值守台", "{number} cannot be tested now. Please call the desk"), shrinks="number"
    ),
    "test_seen": _both(
        ("{number}试按已收到[，{place}]，配好了", "{number}: test press received[, {place}]. It works"),
        shrinks="number",
    ),
    "test_lapsed": _both(
        ("{number}没有收到试按[，{place}]，请重试", "{number}: no test press was received[, {place}]. Try again"),
        shrinks="number",
    ),
    "opted_out": _both(
        ("值守：{number}已退订短信，请打电话联系", "DESK: {number} wants no more texts. Please phone"), shrinks="number"
    ),
    "reach_test": _both(
        ("每月通讯测试，不是告警。收到请回1", "Monthly test, no alarm. Please reply 1"),
        one_way=("每月通讯测试，不是告警。请接听来电按键", "Monthly test, no alarm. Please answer our call"),
        voice=("安铃每月通讯测试，不是告警。收到请按一。", "Monthly test call from Anling, no alarm. Please press 1."),
    ),
    "reach_thanks": _both(("通讯正常，谢谢", "It works. Thank you")),
    "swap_asked": _both(
        (
            "换班[（同意回{code}1，不同意回{code}2）]：{number}请您上{place}[，换您的{choices}][ {link}]",
            "Swap[ (reply {code}1 yes, {code}2 no)]: {number} asks you to take {place}[ for your {choices}][ {link}]",
        ),
        one_way=(
            "换班：{number}请您上{place}[，换您的{choices}]。请告知驿站[ {link}]",
            "Swap: {number} asks you to take {place}[ for your {choices}]. Tell your station[ {link}]",
        ),
        shrinks="number",
    ),
    "swap_waits": _both(("换班已记下，等驿站确认：{place}", "Noted. Your station decides about: {place}")),
    "swap_done": _both(
        (
            "换班已生效[，您值班：{place}][，不再值班：{choices}]",
            "Swapped[. You are on duty: {place}][. No longer: {choices}]",
        )
    ),
    "swap_over": _both(("换班没有换成，照原来的班：{place}", "No swap, the shift stays as it was: {place}")),
    "rating": _both(
        (
            "这次安铃服务您满意吗？请回：1非常满意 2满意 3一般 4不满意 5很不满意，退订回T",
            "How was our service? Reply 1 very good 2 good 3 fair 4 poor 5 very poor. STOP to opt out",
        ),
        one_way=(
            "感谢使用安铃服务，有意见请告知值守台",
            "Thank you for using our service. Tell the desk how it was",
        ),
        voice=(
            "您好，这里是安铃，不是告警。前些时候您用过安铃服务。非常满意请按一，满意请按二，一般请按三，不满意请按四，很不满意请按五。",
            "Anling, no alarm. How was our service? Very good, press 1. Good, 2. Fair, 3. Poor, 4. Very poor, 5.",
        ),
    ),
    "rating_thanks": _both(("谢谢您的评价", "Thank you for telling us")),
    "round_due": _both(
        (
            "探访提醒：{place}[，{choices}前完成]，做完请登记[ {link}]",
            "ROUND: {place}[, due by {choices}]. Please enter the result[ {link}]",
        )
    ),
    "order_offer": _both(
        (
            "服务订单 {place}[ {choices}][ 码{code}]，回[{code} ]1接单，[{code} ]2不接[ {link}]",
            "ORDER {place}[ {choices}]. Reply [{code} ]1 yes, [{code} ]2 no[ {link}]",
        ),
        one_way=(
            "服务订单 {place}[ {choices}][ 码{code}]，请致电值守台[ {link}]",
            "ORDER {place}[ {choices}][ code {code}]. Please phone the desk[ {link}]",
        ),
    ),
    "order_taken": _both(
        (
            "订单[{code}]已归您：{address}[，{choices}][，{name}][，电话{phone}]，办完请告知值守台",
            "The order[ {code}] is yours: {address}[, {choices}][, {name}][, tel {phone}]. Tell the desk when done",
        ),
        parts=2,
        shrinks="",
    ),
    "visit_remind": _both(
        (
            "上门提醒：{place} 已过最晚时间[{minutes}分钟]。到了请回[{code} ]3，走时回[{code} ]4[ {link}]",
            "VISIT LATE[ {minutes} min]: {place}. There? Reply [{code} ]3, on leaving [{code} ]4[ {link}]",
        ),
        one_way=(
            "上门提醒：{place} 已过最晚时间，请在任务页签到[ {link}]",
            "VISIT LATE: {place}. Please sign in on your page[ {link}]",
        ),
    ),
    "visit_unsigned": _both(
        (
            "{place} 上门还没签退。走了请回[{code} ]4[ {link}]",
            "{place}: not signed out yet. Left? Reply [{code} ]4[ {link}]",
        ),
        one_way=("{place} 上门还没签退，请在任务页签退[ {link}]", "{place}: please sign out on your page[ {link}]"),
    ),
    "visit_in": _told(
        "已签到。走时回[{code} ]4", "signed in. On leaving reply [{code} ]4", one_way=("已签到", "signed in")
    ),
    "visit_out": _told("已签退[，共{minutes}分钟]，谢谢", "signed out[ after {minutes} min]. Thank you"),
    "visit_none": _both(
        ("现在没有可签的上门。请联系值守台", "There is no visit of yours to sign now. Please call the desk")
    ),
    "visit_which": _both(
        ("哪一处？{choices}。请回：签到或签退加代码", "Which? {choices}. Reply sign in or sign out and the code"),
        one_way=("哪一处？{choices}。请在任务页上签[ {link}]", "Which? {choices}. Please sign on your page[ {link}]"),
        parts=2,
        shrinks="choices",
    ),
    "visit_late": _both(
        (
            "值守：{place} 上门迟到[{minutes}分钟][，护理员{number}]，请联系",
            "DESK: visit late[ {minutes} min]: {place}[, carer {number}]",
        )
    ),
    "visits_given": _both(
        ("上门安排[：{choices}次][，详见 {link}]", "YOUR VISITS[: {choices}][. See {link}]"), parts=2, shrinks="choices"
    ),
    "visits_gone": _both(
        ("上门安排有变，您暂时没有上门[，详见 {link}]", "Your visits changed: none for now[. See {link}]"), shrinks=""
    ),
    "visit_unassigned": _both(("值守：{place} 上门没有安排护理员", "DESK: no carer is sent to {place}")),
    "order_gone": _both(("订单[{code}]不用您处理了，谢谢", "The order[ {code}] needs nothing more. Thank you")),
    "order_link": _both(
        ("预约养老服务请致电值守台[，或打开 {link}]", "To book services phone the desk[ or open {link}]"), shrinks=""
    ),
    "emergency_sheet": _both((_SHEET_ZH, _SHEET_EN), parts=6, shrinks=""),
    "plain": _both(
        (
            "告警[ {number}][，{place}]，请联系值守台[ {desk}]",
            "ALARM[ {number}][, {place}]. Please call the desk[: {desk}]",
        )
    ),
}
