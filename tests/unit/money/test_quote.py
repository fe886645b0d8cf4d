"""`anling quote`: lines in, lines out; a bad line is told with its cure and the others are answered."""

import io
import json

import pytest
from click.testing import CliRunner

from config.main import cli
from config.quoting import LINE_MAX, quote_lines
from tests.unit.money.rig import CASES, SHIPPED, folder_of

GOOD = CASES[0]


def run(lines, *arguments):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    done = CliRunner().invoke(cli, ["quote", *arguments], input=text)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_is_answered_in_order_with_the_keys_that_cases_expect():
    done, answers = run(CASES, "--policies", str(SHIPPED))
    assert (done.exit_code, done.stderr) == (0, "")
    assert [answer["id"] for answer in answers] == [case["id"] for case in CASES]
    for case, answer in zip(CASES, answers, strict=True):
        assert {key: answer[key] for key in case["expect"]} == case["expect"]


def changed(**parts):
    """The first case with other parts; a part that is a mapping is laid over the old one, None takes it away."""
    case = dict(GOOD)
    for name, value in parts.items():
        case[name] = {**case.get(name, {}), **value} if isinstance(value, dict) else value
        if value is None:
            del case[name]
    return case


@pytest.mark.parametrize(
    ("line", "said", "cure"),
    [
        ("{", "it is no JSON", "one object a line"),
        ("[1]", "it is no object", "curly brackets"),
        ('{"id": NaN}', "NaN is no number", "one object"),
        ("[" * 100_000, "it is no", "one object"),
        (changed(policy="gz-meal-2024"), "there is no rule 'gz-meal-2024'", "did you mean gz-meal-2025?"),
        (changed(policy=None), "policy: missing", "name the rule"),
        (changed(ask="lunch"), "ask: 'lunch' is no question", "one of meal, construction"),
        (changed(ask=["meal"]), "ask: ['meal'] is no question", "one of"),
        (changed(ask="voucher"), "gz-meal-2025 says nothing about 'voucher'", "it is a meal"),
        (changed(meal=None), "meal: missing", "price"),
        (changed(meal={"price": 12.5}), "meal.price: '12.5' is no amount", 'like "12.00"'),
        (changed(meal={"price": "12.505"}), "meal.price: '12.505' is no amount", 'like "12.00"'),
        (changed(meal={"price": "-1.00"}), "meal.price: '-1.00' is no amount", 'like "12.00"'),
        (changed(meal={"price": "１２.00"}), "meal.price", 'like "12.00"'),
        (changed(meal={"prize": "12.00"}), "meal: unknown key prize", "known are"),
        (changed(meal={"delivery": "no"}), "meal.delivery: 'no' is neither true nor false", "without quotes"),
        (changed(person={"age": "68"}), "person.age: '68' is no whole number", "without quotes"),
        (changed(person={"age": True}), "person.age: True is no whole number", "without quotes"),
        (changed(person={"age": 151}), "person.age: 151 is no whole number from 0 to 150", "without quotes"),
        (changed(person={"aeg": 68}), "person: unknown key aeg", "known are age"),
        (changed(person={"cats": "dibao"}), "person.cats: 'dibao' is no list", '["dibao"]'),
        (changed(person={"hukou": 440104}), "person.hukou: 440104 is no area code", "as text"),
        (changed(person=None), "person.age: missing", '"age": 72'),
        (changed(person=3), "person: 3 is no object", "curly brackets"),
        (changed(used={"today": -1}), "used.today: -1 is no whole number", "without quotes"),
        (changed(date="2026-02-30"), "date: '2026-02-30' is no day", '"2026-03-01"'),
        (changed(date="20260301"), "date: '20260301' is no day", '"2026-03-01"'),
        (changed(at="noon"), "at: 'noon' is no time", "+08:00"),
        ({**GOOD, "person": {"born_on": "1950-01-01"}}, "the day of the meal or service is missing", '"date"'),
        ({**GOOD, "person": {"born_on": "2050-01-01"}, "date": "2026-01-01"}, "is after the day", "mend one"),
        ({**CASES[36], "used": {}}, "used.quota: missing, and the rule draws on it", '"150.00"'),
        ({"id": 1, "policy": "op-yubei-2021", "ask": "slab", "facts": {}}, "facts.value: missing", "cannot be applied"),
        ({"id": 1, "policy": "op-yubei-2021", "ask": "slab", "facts": {"valeu": 3}}, "facts: unknown key valeu", "known are"),  # noqa: E501
        ({"id": 1, "policy": "wh-retrofit-2021", "ask": "construction", "facts": {}}, "facts.cost: missing", "cannot be"),  # noqa: E501
        ({"id": 1, "policy": "nat-visit-2024", "ask": "units", "facts": {"visits": [1, "2"]}}, "facts.visits: '2'", "without quotes"),  # noqa: E501
        ({"id": 1, "policy": "nat-voucher-2026", "ask": "voucher", "person": {"age": 70, "level": "total"}, "facts": {"kind": "hotel", "bills": []}}, "'hotel' is no bill", "one of home, institution"),  # noqa: E501
        ({"id": 1, "policy": "hz-binjiang-call", "ask": "monthly", "facts": {"month": "2023-13", "install_dates": []}}, "facts.month: '2023-13'", '"2023-03"'),  # noqa: E501
    ],
)  # fmt: skip
def test_a_bad_line_names_itself_and_its_cure_and_the_others_are_answered(line, said, cure):
    done, answers = run([GOOD, line, GOOD])
    assert done.exit_code == 1
    assert [sorted(answer) == ["error", "id"] for answer in answers] == [False, True, False]
    assert answers[1]["error"].startswith("line 2: ")
    assert said in answers[1]["error"]
    assert cure in answers[1]["error"]
    assert answers[2]["subsidy"] == "2.50"


def test_a_key_that_nobody_reads_is_told():
    assert run([{**GOOD, "usd": {"today": 1}, "ours": 3}])[1][0]["ignored"] == ["ours", "usd"]
    assert "ignored" not in run([GOOD])[1][0]


def test_bytes_that_are_no_text_and_a_line_without_end_cost_one_answer_each():
    out = io.StringIO()
    good = json.dumps(GOOD).encode()
    lines = io.BytesIO(b"\xff\xfe\n" + b'{"id": "' + b"x" * (2 * LINE_MAX) + b"\n\n" + good)
    assert quote_lines(lines, out, policies=SHIPPED) == 1
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ["error" in answer for answer in answers] == [True, True, False]
    assert answers[0]["error"].startswith("line 1: it is no JSON")


def test_a_refused_file_is_told_and_costs_the_answers_of_its_rule_alone(tmp_path):
    folder = folder_of(tmp_path, good='[[tier]]\namount = "3.00"', bad='[[tier]]\namuont = "3.00"')
    cases = [{"id": name, "policy": name, "meal": {"type": "lunch", "price": "9.00"}} for name in ("good", "bad")]
    done, answers = run(cases, "--policies", str(folder))
    assert done.exit_code == 1
    assert "bad.toml: tier[1].amuont: unknown key; did you mean amount?" in done.stderr
    assert answers[0]["subsidy"] == "3.00"
    assert "the file of bad was refused" in answers[1]["error"]
    assert "did you mean amount?" in answers[1]["error"]


@pytest.mark.parametrize("make", [False, True], ids=["none", "empty"])
def test_a_folder_without_policies_is_refused_in_one_sentence(tmp_path, make):
    folder = tmp_path / "policies"
    if make:
        folder.mkdir()
    done, answers = run([GOOD], "--policies", str(folder))
    assert (done.exit_code, answers) == (1, [])
    assert str(folder) in done.stderr
    assert "name the" in done.stderr


def test_the_day_may_be_said_for_all_cases():
    case = {**GOOD, "person": {**GOOD["person"], "born_on": "1966-03-10"}}
    del case["person"]["age"]
    for day, reason in (("2026-03-09", "not_eligible"), ("2026-03-10", "ok")):
        assert run([case], "--date", day)[1][0]["reason"] == reason
    assert run([{**case, "date": "2026-03-09"}], "--date", "2026-03-10")[1][0]["reason"] == "not_eligible"


def test_rounding_and_leap_days_are_settings():
    tie = changed(meal={"price": "10.10"})
    assert [run([tie], "--rounding", way)[1][0]["subsidy"] for way in ("half_up", "half_even", "down")] == ["2.53", "2.52", "2.52"]  # noqa: E501  # fmt: skip
    born = {**GOOD, "person": {"born_on": "1964-02-29", "hukou": "4401", "residence": "4401"}, "date": "2025-02-28"}
    born["policy"] = "taian-daiyue-2021"
    seventy = {**born, "date": "2034-02-28"}
    assert [run([seventy], "--leap-day", way)[1][0]["person_pays"] for way in ("mar_1", "feb_28")] == ["4.00", "2.00"]


def test_explanations_name_the_tier_and_why_not_more():
    asked = [case for case in CASES if case["id"] in ("M03", "M09", "M31", "M37", "M05")]
    zh = {answer["id"]: " ".join(answer["explain"]) for answer in run(asked, "--explain", "zh")[1]}
    en = {answer["id"]: " ".join(answer["explain"]) for answer in run(asked, "--explain", "en")[1]}
    assert "1/4，最高¥3.00，补贴¥3.00" in zh["M03"]
    assert "1/4 of ¥18.00, at most ¥3.00: ¥3.00" in en["M03"]
    assert "还需户籍与就餐点在同一镇街" in zh["M09"]
    assert "it also asks for household registration in the town of the meal point" in en["M09"]
    assert "还需消费不低于¥15.00" in zh["M31"]
    assert "从额度（余¥150.00）中支付¥13.00" in zh["M37"]
    assert "当日同类餐次已补贴1次，上限1次" in zh["M05"]
