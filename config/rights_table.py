"""`docs/rights.md`, made from the table that the program asks: `python -m config.rights_table > docs/rights.md`."""

from collections.abc import Mapping

from dispatch.rules.rights import RIGHTS, WHOLE, Right, Role

WORDS: Mapping[Right, tuple[str, str]] = {
    Right.SIGNED_IN: ("本人的密码、第二步验证、登录", "their own password, second step, sessions"),
    Right.ALARMS_SEE: ("看告警和值守台", "see alarms and the board"),
    Right.ALARMS_ACT: ("处置告警：派人、结束、备注", "act on alarms: send, close, note"),
    Right.RESIDENTS_SEE: ("看老人档案（号码打码）", "see residents' files (numbers masked)"),
    Right.RESIDENTS_CHANGE: ("改老人档案", "change residents' files"),
    Right.CARERS_SEE: ("看护理员", "see carers"),
    Right.CARERS_CHANGE: ("改护理员", "change carers"),
    Right.SHIFTS_CHANGE: ("排班", "change shifts"),
    Right.DEVICES_SEE: ("看设备，报修", "see devices, report a broken one"),
    Right.DEVICES_CHANGE: ("配对、测试、移动、停用设备", "pair, test, move and retire devices"),
    Right.MESSAGES_SEE: ("看消息和通信状态", "see messages and roads"),
    Right.ROADS_CHANGE: ("演习、影子模式、警笛", "exercises, shadow mode, the siren"),
    Right.RECORD_SEE: ("看记录", "read the record"),
    Right.REVIEW: ("督查意见和签字", "findings and sign-off"),
    Right.EXPORT: ("导出", "export"),
    Right.FIGURES_SEE: ("看统计", "see figures"),
    Right.UNMASK: ("看完整号码（要写原因）", "see a number whole (with a reason)"),
    Right.IMPORT: ("导入名册", "import registers"),
    Right.ERASE: ("导出或删除一位老人的数据", "give out or erase one resident's data"),
    Right.SURVEY: ("满意度回访", "ask how satisfied residents are"),
    Right.VISITS_SEE: ("看上门", "see visits"),
    Right.VISITS_CHANGE: ("安排、取消、补录上门", "assign, cancel and enter visits"),
    Right.VISITS_JUDGE: ("核对上门疑点，复核补录", "judge findings about visits, agree to entries"),
    Right.MEALS_SEE: ("看助餐：就餐、补贴、交接数", "see meals, their money, counts at hand-overs"),
    Right.MEALS_SERVE: ("就餐机：刷卡就餐、订餐、交接点数", "serve at the till, take orders, count"),
    Right.BEDS_SEE: ("看家庭养老床位", "see home-care beds"),
    Right.BEDS_CHANGE: (
        "办理床位：申请、评估、建床、服务、照护计划",
        "take beds further: apply, assess, build, serve, plan care",
    ),
    Right.BEDS_APPROVE: ("床位初审和终审（须两人）", "review beds, first and second (two people)"),
    Right.ROUNDS_CALL: ("加开探访、定探访等级", "call extra rounds, set a class of rounds"),
    Right.MONEY_SEE: ("看结算单和资金预算", "see statements and budgets"),
    Right.MONEY_CHANGE: (
        "录入账单，生成、提交结算单，登记异议、支付和预算",
        "take in bills; draw and submit statements; objections, payments, budgets",
    ),
    Right.MONEY_APPROVE: (
        "按月入账，公示、审批结算单（提交、公示、审批须三人）",
        "book months; publish, approve statements (three people: submit, publish, approve)",
    ),
    Right.ACCOUNTS: ("账号", "accounts"),
    Right.KEYS: ("机器密钥", "keys of machines"),
    Right.WEBHOOKS: ("对外通知", "webhooks"),
    Right.SETTINGS: ("设置", "settings"),
}

ROLES: Mapping[Role, tuple[str, str]] = {
    Role.OPERATOR: ("值守员", "operator"),
    Role.REVIEWER: ("督查员", "reviewer"),
    Role.MANAGER: ("主管", "manager"),
    Role.INSTALLER: ("安装员", "installer"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
}

HEAD = """# 谁可以做什么 · Who may do what

<!-- Made by `python -m config.rights_table`; change `dispatch/rules/rights.py`, not this page. -->

一个人可以有几个角色，权限相加；可以只管几个站点，别的站点的人和事对他就不存在。
没有住址或没有站点的告警，谁值守谁都能看到。

One person may have several roles: what they may is the sum.
Who works for some stations sees nothing of the others; an alarm without a home or a station is everybody's.
"""


_WHOLE = ", ".join(f"`{each}`" for each in Right if each in WHOLE)

FOOT = f"""只负责部分驿站的人没有这些权限，相应页面不存在（404）：{_WHOLE}。
演习、街道模式、网关和电话页同样属于整个区。

Whoever works for some stations only does not have these, their pages are not there (404): {_WHOLE}.
Exercises, the modes of streets, gateways and the page of telephones are the whole district's as well."""


def page() -> str:
    """The whole page, both languages in one table."""
    names = [f"{zh}<br>{en}" for zh, en in (ROLES[each] for each in Role)]
    lines = [HEAD, f"| 权限 · right | {' | '.join(names)} |", "| --- |" + " :-: |" * len(names)]
    lines += [_row(each) for each in Right]
    return "\n".join([*lines, "", FOOT]) + "\n"


def _row(right: Right) -> str:
    zh, en = WORDS[right]
    ticks = " | ".join("●" if right in RIGHTS[each] else "–" for each in Role)
    return f"| {zh}<br>{en} (`{right}`) | {ticks} |"


if __name__ == "__main__":
    print(page(), end="")
