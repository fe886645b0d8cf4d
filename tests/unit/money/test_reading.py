"""A policy file is read whole: every mistake with its place and its cure, all at once."""

import pytest

from dispatch.web.i18n import read_texts, words
from schedules.money.rules.reading import read_policy
from schedules.money.rules.sheet import Faults
from tests.unit.money.rig import HEAD, SHIPPED, doubts, faults, policy

TIER = '[[tier]]\namount = "3.00"\n'


@pytest.mark.parametrize(
    ("text", "place", "said", "cure"),
    [
        (TIER + 'amuont = "3.00"', "tier[1].amuont", "unknown key", "did you mean amount?"),
        ("[[teir]]\namount = '3.00'", "teir", "unknown key", "did you mean tier?"),
        (TIER + 'colour = "red"', "tier[1].colour", "unknown key", "known are amount, cap, group"),
        ("[[tier]]\namount = 3.00", "tier[1].amount", "a number with decimals", "in quotes"),
        ("[[tier]]\namount = 3", "tier[1].amount", "a whole number", "in quotes"),
        ('[[tier]]\namount = "3"', "tier[1].amount", "'3' is no amount", "two decimals"),
        ('[[tier]]\namount = "3.005"', "tier[1].amount", "no amount", "two decimals"),
        ('[[tier]]\namount = "-3.00"', "tier[1].amount", "no amount", "two decimals"),
        ('[[tier]]\nratio = "1/0"', "tier[1].ratio", "no ratio", '"1/4"'),
        ('[[tier]]\nratio = "5/4"', "tier[1].ratio", "more than the whole", "between 0 and 1"),
        ('[[tier]]\nratio = "25%"', "tier[1].ratio", "no ratio", '"0.25"'),
        ("[[tier]]\ngroup = 'city'", "tier[1].amount", "says none of them", "keep one"),
        (TIER + 'pay = "2.00"', "tier[1].amount", "amount and pay", "keep one"),
        (TIER + 'cap = "2.00"', "tier[1].cap", "belongs to a ratio", "leave it out"),
        (TIER + "per = 'week'", "tier[1].per", "'week' is not known", "meal, day"),
        (TIER + "when = { age_min = 80, age_max = 70 }", "tier[1].when.age_min", "nobody is", "exchange"),
        (TIER + "when = { age_min = '60' }", "tier[1].when.age_min", "not a text", "without quotes"),
        (TIER + "when = { age_min = true }", "tier[1].when.age_min", "true or false", "without quotes"),
        (TIER + "when = { age_min = 200 }", "tier[1].when.age_min", "out of range", "0 to 130"),
        (TIER + "when = { cats_any = [] }", "tier[1].when.cats_any", "empty", "name at least one"),
        (TIER + "when = { cats_any = 'dibao' }", "tier[1].when.cats_any", "not a text", '["lunch"'),
        (TIER + "when = { cats_any = ['a', 'a'] }", "tier[1].when.cats_any", "twice", "once"),
        (TIER + "when = { cats_all = ['a'], cats_none = ['a'] }", "tier[1].when.cats_none", "asks for a", "leave it"),
        (TIER + "when = { cats_any = ['a'], cats_none = ['a', 'b'] }", "tier[1].when.cats_none", "asks for a", "leave"),
        (TIER + "when = { hukou = 4401 }", "tier[1].when.hukou", "no area code", "quotes"),
        (TIER + "when = { same = 'city' }", "tier[1].when.same", "not known", "district, town"),
        (TIER + "when = { any = [{ age_mim = 60 }] }", "tier[1].when.any[1].age_mim", "unknown key", "age_min"),
        (TIER + "when = { any = [] }", "tier[1].when.any", "list of tables", "once for each"),
        ("[tier]\namount = '1.00'", "tier", "list of tables", "[[tier]]"),
        ("[eligible]\nage_min = 60\n[[tier]]\namount = '1.00'\nwhen = { age_max = 59 }", "tier[1].when", "nobody", "mend"),  # noqa: E501
        ("[limit]\nmeal_types = ['lunch']\n[[tier]]\namount = '1.00'\nwhen = { meal_types = ['dinner'] }", "tier[1].when", "leaves out", "mend"),  # noqa: E501
        (TIER + TIER, "tier[2].when", "tier 1 is for exactly the same people", "keep one"),
        ("[[discount]]\nstage = 'before'\n", "discount[1].rate", "missing", "add rate"),
        ("[[discount]]\nstage = 'later'\nrate = '0.90'", "discount[1].stage", "not known", "before, after"),
        ("[[delivery]]\nlimit_to_fee = false", "delivery[1].amount", "either free or", "free = true"),
        ("[[delivery]]\nfree = true\namount = '1.00'", "delivery[1].amount", "either free or", "free = true"),
        ('[[tier]]\nup_to = "quota"', "tier.up_to", "no [[quota]]", "add one"),
        ("[limit]\nmeals_per_day = 0\n" + TIER, "limit.meals_per_day", "out of range", "1 to 9"),
        ("[[eligible]]\nage_min = 60\n" + TIER, "eligible", "a table is expected", "[eligible]"),
        ("[limit]\nmeals_per_day = '2'\n" + TIER, "limit.meals_per_day", "not a text", "without quotes"),
        ("[guard]\nprice_must_exceed_subsidy = 1\n" + TIER, "guard.price_must_exceed_subsidy", "true or false is expected", "without quotes"),  # noqa: E501
        ("[eligible]\nage_min = 60", "policy.kind", "gives nothing", "add one"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_its_cure(text, place, said, cure):
    (fault,) = faults(text)
    assert fault.startswith(f"a-city.toml: {place}: ")
    assert said in fault
    assert cure in fault


def test_discounts_that_share_an_age_are_a_mistake_because_both_would_be_taken_off():
    bands = "".join(
        f"[[discount]]\nrate = '0.90'\nstage = 'before'\nwhen = {{ age_min = {low}, age_max = {high} }}\n"
        for low, high in ((60, 70), (70, 80))
    )
    assert "at age 70 discount 1 holds as well" in faults(bands)[0]
    assert faults(bands.replace("age_min = 70", "age_min = 71")) == []
    assert faults(bands.replace("'before'", "'after'", 1)) == [], "one before and one after are two stages"


def test_tiers_whose_ages_overlap_are_used_and_told():
    text = "".join(
        f"[[tier]]\namount = '{amount}'\nwhen = {{ age_min = {low}, age_max = {high} }}\n"
        for low, high, amount in ((60, 70, "1.00"), (70, 80, "2.00"))
    )
    assert faults(text) == []
    assert "its ages overlap with those of tier 1" in doubts(text)[0]
    assert doubts(text.replace("age_min = 70", "age_min = 71")) == []
    assert doubts("[[tier]]\namount = '1.00'\n[[tier]]\namount = '2.00'\nwhen = { age_min = 80 }") == [], "highest wins"


def test_what_is_asked_of_a_meal_where_there_is_none_is_used_and_told():
    bed = HEAD.format(name="x").replace('"meal"', '"home_bed"')
    read = read_policy(bed + "[eligible]\nany = [{ same = 'town' }, { age_min = 80 }]\n[[service_fee_tier]]\nratio = '0.50'\nwhen = { delivery = true }", "x.toml")  # noqa: E501  # fmt: skip
    assert [str(each).partition(": nobody")[0] for each in read.doubts] == [
        "x.toml: eligible: asks for something of a meal, and there is none",
        "x.toml: service_fee_tier[1].when: asks for something of a meal, and there is none",
    ]
    quota = "[[quota]]\namount = '9.00'\nexpires = 'month_end'\n[[tier]]\nup_to = 'quota'\nwhen = { same = 'town' }\n"
    assert doubts(quota) == []
    assert "quota[1].when: what it asks of a meal" in doubts(quota.replace("expires", "when = { delivery = true }\nexpires"))[0]  # noqa: E501  # fmt: skip


def test_strange_words_are_used_and_told():
    text = TIER + "when = { levels = ['mild', 'grade_3'], meal_types = ['supper'] }"
    assert [("grade_3" in each, "supper" in each) for each in doubts(text)] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TIER + "when = { any = [{ age_min = 90 }, { levels = ['heavy'] }] }", "when.any[2].levels: heavy is none"),
        (TIER + "when = { any = [{ any = [{ meal_types = ['tea'] }] }] }", ".any[1].any[1].meal_types: tea is"),
        (TIER + "[limit]\nmeal_types = ['lunch', 'supper']", "limit.meal_types: supper is none of breakfast"),
    ],
)  # fmt: skip
def test_strange_words_within_alternatives_and_limits_are_told_as_well(text, said):
    (doubt,) = doubts(text)
    assert said in doubt


def test_a_payer_that_no_bill_knows_is_told():
    bed = HEAD.format(name="x").replace('"meal"', '"home_bed"') + '[construction]\nmode = "fixed"\namount = "1.00"\n'
    assert read_policy(bed + 'payer = "provider"', "x.toml").doubts == []
    (doubt,) = read_policy(bed + 'payer = "state"', "x.toml").doubts
    assert str(doubt) == "x.toml: construction.payer: state is none of provider, family; is this meant?"


@pytest.mark.parametrize("name", ["a/b", "../x", "a b", "a\u3000b", "x" * 81])
def test_an_id_can_stand_in_the_ledger_and_in_the_name_of_a_file(name):
    (fault,) = read_policy(HEAD.format(name="x").replace('id = "x"', f'id = "{name}"') + TIER, "x.toml").faults
    assert "policy.id: " in str(fault)
    assert "without blanks and slashes" in str(fault)


def test_an_empty_text_is_called_empty():
    (fault,) = read_policy(HEAD.format(name="x").replace('id = "x"', 'id = " "') + TIER, "x.toml").faults
    assert str(fault) == "x.toml: policy.id: it is empty; write something between the quotes"


def test_all_mistakes_of_a_file_are_told_at_once():
    text = (SHIPPED / "sh-putuo-2025.toml").read_text("utf-8")
    broken = text.replace('"5.00"', "5.00").replace("meals_per_day", "meals_pro_day").replace('"0.90"', '"9/0"')
    assert [fault.partition(": ")[2].split(":")[0] for fault in faults(broken)] == [
        "limit.meals_pro_day", "discount[1].rate", "tier[1].amount",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "policy.id: missing"),
        ('id = "x"\nkind = "lunch"\ntitle = "t"\ngrade = "A"', "policy.kind: 'lunch' is not known here; one of meal, meal_operator"),  # noqa: E501
        ('id = "x"\nkind = "meal"\ntitle = ""\ngrade = "A"', "policy.title: it is empty"),
        ('id = "x"\nkind = "meal"\ntitle = "t"\ngrade = "A"\neffective_from = "2026-01-01"', "policy.effective_from: a day is expected"),  # noqa: E501
        ('id = "x"\nkind = "meal"\ntitle = "t"\ngrade = "A"\neffective_from = 2026-01-01T00:00:00', "policy.effective_from: a day is expected"),  # noqa: E501
        ('id = "x"\nkind = "meal"\ntitle = "t"\ngrade = "A"\neffective_from = 2026-02-01\neffective_to = 2026-01-01', "policy.effective_to: it ends on 2026-01-01 before it begins"),  # noqa: E501
    ],
)  # fmt: skip
def test_the_head_is_checked(head, said):
    assert any(said in fault for fault in faults(f"[policy]\n{head}\n{TIER}"))


def test_what_is_no_toml_names_the_line():
    (fault,) = faults("[policy]\nid = two words\n")
    assert "this is no TOML" in fault
    assert "line 2" in fault


OTHERS = {
    "home_bed": [
        ("[construction]\nmode = 'fixed'", "construction.amount: missing"),
        ("[construction]\nmode = 'some'\namount = '1.00'", "construction.mode: 'some' is not known"),
        ("[[service_fee_tier]]\nwhen = { age_min = 60 }", "service_fee_tier[1].ratio: missing"),
        ("[service_fee]\nup_to = 1000", "service_fee.up_to: 1000 is a whole number"),
        ("[standard]\nhours_per_month_min = 29.5", "standard.hours_per_month_min: 29.5 is a number with decimals"),
        ("[standard]\nsatisfaction_min = '90'", "standard.satisfaction_min: '90' is more than the whole"),
    ],
    "voucher": [
        ("[voucher]\nmonth_cap = '800.00'\ndeduct = {}", "voucher.deduct: a table with at least one key"),
        ("[voucher]\nmonth_cap = '800.00'\ndeduct = { home = 0.5 }", "voucher.deduct.home: 0.5 is a number with decimals"),  # noqa: E501
        ("[voucher]\nmonth_cap = '800.00'\nvalid = 'year'\ndeduct = { home = '0.50' }", "voucher.valid: 'year'"),
    ],
    "call_fee": [
        ("[monthly]\ncutoff_day = 15", "monthly.per_person: missing"),
        ("[monthly]\nper_person = '20.00'\ncutoff_day = 32", "monthly.cutoff_day: 32 is out of range"),
    ],
    "station_operator": [
        ("[monthly]\nrural_flat = '20.00'", "monthly.rural_flat_below: rural_flat and rural_flat_below"),
        ("[monthly]\nurban_per_person = '9.00'\nstar_add = { three = '1.00' }", "monthly.star_add.three: unknown key"),
    ],
    "visit_unit": [("[unit]\nvisits_per_unit = 0", "unit.visits_per_unit: 0 is out of range")],
    "meal_operator": [
        ("[slab]\nmetric = 'm'\nrates = [{ from = 1, to = 5, lump = '1.00' }, { from = 5, lump = '2.00' }]", "slab.rates.from: 5 is in two rates"),  # noqa: E501
        ("[slab]\nmetric = 'm'\nrates = [{ from = 9, to = 5, lump = '1.00' }]", "slab.rates[1].to: nothing is from 9 to 5"),  # noqa: E501
        ("[slab]\nmetric = 'm'\nrates = [{ from = 9 }]", "slab.rates[1].lump: a rate says either"),
        ("[slab]\nmetric = 'm'", "slab.rates: missing"),
        ("[slab]\nmetric = 'm'\nselect = 'area'", "slab.table: missing"),
        ("[slab]\nmetric = 'm'\nselect = 'area'\ntable = [{ rates = [{ from = 1, lump = '1.00' }] }]", "slab.table[1].area: missing"),  # noqa: E501
        ("[slab]\nmetric = 'm'\nselect = 'area'\ntable = [{ area = 'urban', rates = [{ from = 1, lump = '1.00' }] }, { area = 'urban', rates = [{ from = 2, lump = '1.00' }] }]", "slab.table: two tables of the same area"),  # noqa: E501
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "said"), [(kind, *each) for kind, several in OTHERS.items() for each in several]
)
def test_rules_that_are_no_meals_are_checked_as_well(kind, text, said):
    (fault,) = faults(HEAD.format(name="x").replace('"meal"', f'"{kind}"') + text)
    assert said in fault


def test_a_table_without_effect_is_told():
    read = read_policy(HEAD.format(name="x").replace('"meal"', '"voucher"') + '[voucher]\nmonth_cap = "800.00"\ndeduct = { home = "0.50" }\n' + TIER, "x.toml")  # noqa: E501  # fmt: skip
    assert "tier: has no effect in a voucher" in str(read.doubts[0])


def test_a_version_is_its_content_and_nothing_else():
    first = policy("# one\n[[tier]]\namount = '3.00'  # city\nmin_price = '9.00'")
    assert first.version == policy("[[tier]]\nmin_price = '9.00'\namount   = '3.00'").version
    assert first.version != policy("[[tier]]\namount = '3.01'\nmin_price = '9.00'").version
    assert len(first.version) == 16


def test_a_policy_cannot_be_altered():
    with pytest.raises(AttributeError):
        policy(TIER).id = "other"


def test_a_hole_between_two_rates_is_told_and_a_selector_is_a_word():
    head = HEAD.format(name="x").replace('"meal"', '"meal_operator"') + "[slab]\nmetric = 'm'\n"
    rates = "rates = [{ from = 1, to = 5, lump = '1.00' }, { from = 7, lump = '2.00' }]"
    assert "no rate from 6 to 6" in str(read_policy(head + rates, "x.toml").doubts[0])
    wrong = head + f"select = 'area'\n[[slab.table]]\narea = true\n{rates}"
    assert "slab.table[1].area: a text or a whole number is expected" in faults(wrong)[0]


def test_a_standard_has_numbers_and_says_so():
    head = HEAD.format(name="x").replace('"meal"', '"home_bed_standard"')
    assert "standard.basic_items_min: 'many' is no number" in faults(f'{head}[standard]\nbasic_items_min = "many"')[0]
    assert policy(f'{head}[standard]\nbasic_items_min = 15\nwatch = "24h"').watch == "24h"


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        (TIER + "when = { age_min = '60' }", "a-city.toml: tier[1].when.age_min: 这里应是整数，不是文字; 请不加引号，从 0 起"),  # noqa: E501
        (TIER + 'amuont = "3.00"', "a-city.toml: tier[1].amuont: 没有这个键; 是不是想写 amount？"),
        ("[[tier]]\ngroup = 'city'", "a-city.toml: tier[1].amount: 一档只写 amount、ratio、up_to、pay 之一，这里写的是：一个也没有; 请只留一个"),  # noqa: E501
        ("[limit\n", "a-city.toml: 第 7 行第 7 列不符合 TOML 格式（解析器原文：Expected ']' at the end of a table declaration）; 请修改所指的这一行"),  # noqa: E501
        ('[[tier]]\namount = """3.00', "a-city.toml: 文件不符合 TOML 格式（解析器原文：Unterminated string (at end of document)）; 请检查文件末尾"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_chinese_as_well(text, zh):
    gettext = words(lang="zh", texts=read_texts()).gettext
    (fault,) = read_policy(HEAD.format(name="a-city") + text, "a-city.toml").faults
    assert fault.told(gettext) == zh
    assert fault.told(words(lang="en", texts={}).gettext) == str(fault)
    assert Faults([fault, fault]).told(gettext) == f"{zh}; {zh}"
