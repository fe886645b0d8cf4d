"""Names are found however they are typed: whatever was stored under a term is found by each beginning of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from dispatch.rules.readings import (
    COMPOUND_SURNAMES,
    READINGS_MAX,
    SURNAMES,
    TERM_MAX,
    address_terms,
    after,
    name_terms,
    phone_terms,
    prefixes,
    readings,
    words_of,
)
from dispatch.rules.rights import DISTRICT
from dispatch.store.finds import Finds, finds

GIVEN = "秀英桂兰建国明芳丽华强重长乐行"
names = st.builds(
    lambda surname, given: surname + given,
    st.sampled_from([*"王张李赵单解仇曾查任区朴", *COMPOUND_SURNAMES]),
    st.text(st.sampled_from(GIVEN), min_size=1, max_size=3),
)
anything = st.text(min_size=1, max_size=30)


def hits(*typed: str):
    """Whether each would be found among the terms."""
    return lambda terms: [each for each in typed if not any(term.startswith(each) for term in terms)] == []


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("单田芳", ["shantianfang", "stf", "shantf", "dantianfang", "tianfang", "田芳", "单"]),
        ("解晓东", ["xiexiaodong", "xxd", "jiexiaodong", "xiexd"]),
        ("仇英", ["qiuying", "qy", "chouying", "cy"]),
        ("曾国藩", ["zengguofan", "zgf", "cengguofan"]),
        ("查良镛", ["zhaliangyong", "zly", "chaliang"]),
        ("欧阳修", ["ouyangxiu", "oyx", "ouyx"]),
        ("尉迟恭", ["yuchigong", "ycg", "weichi"]),
        ("吕布", ["lvbu", "lubu", "lb"]),
        ("乐嘉", ["yuejia", "lejia"]),
        ("Smith John", ["smith", "john", "smithj"]),
        ("阿依古丽·买买提", ["阿依", "买买提", "aygl", "mmt"]),
    ],
)
def test_a_name_is_found_as_people_type_it(name, typed):
    assert hits(*typed)(name_terms(name)), sorted(name_terms(name))


@pytest.mark.parametrize("surname", SURNAMES)
def test_a_surname_is_read_as_one_first(surname):
    assert readings(f"{surname}英")[0][0] == SURNAMES[surname]


@given(names)
def test_every_name_is_found_by_itself_its_sounds_and_its_initials(name):
    terms, ways = name_terms(name), readings(name)
    assert 0 < len(ways) <= READINGS_MAX
    assert hits(name, "".join(ways[0]), "".join(each[0] for each in ways[0]))(terms)


@given(anything)
def test_no_text_breaks_the_terms_or_the_words(text):
    for term in (*name_terms(text), *address_terms(text), *phone_terms(text)):
        assert 0 < len(term) <= TERM_MAX
    for word in words_of(text):
        for prefix in prefixes(word):
            assert prefix < after(prefix)
            assert prefix + "z" < after(prefix) or prefix[-1] > "z"


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("柏林小区3栋2单元501", ["柏林", "林小区", "3-2-501", "3栋2单元", "bolin", "bailin", "blxq", "501"]),
        ("红星里9号楼1单元101", ["红星里9-1", "9号楼", "hxl", "9-1-101"]),
        ("新华路18-602", ["新华路", "18-602", "xhl"]),
    ],
)
def test_a_building_is_found_however_its_door_is_written(address, typed):
    terms = address_terms(address)
    for each in typed:
        assert any(term.startswith(prefix) for prefix in prefixes(each) for term in terms), each


@pytest.mark.parametrize("typed", ["0101", "000101", "13800000101", "+86 138 0000 0101", "138-0000-0101", "1380000"])
def test_a_telephone_is_found_by_its_end_and_its_beginning(typed):
    (word,) = words_of(typed)
    assert any(term.startswith(prefix) for prefix in prefixes(word) for term in phone_terms("+8613800000101"))


@given(st.lists(names, min_size=1, max_size=6), st.data())
def test_what_was_stored_is_found(stored, data):
    engine = create_engine("sqlite://")
    finds.create(engine)
    with engine.begin() as connection:
        shelf = Finds(connection)
        for number, name in enumerate(stored):
            row = {"id": str(number), "code": f"C{number}", "name": name, "phone": None, "station_id": None}
            shelf.learn("carer", row)
        number = data.draw(st.integers(0, len(stored) - 1))
        term = data.draw(st.sampled_from(sorted(name_terms(stored[number]))))
        typed = term[: data.draw(st.integers(1, len(term)))]
        assert str(number) in {hit.subject_id for hit in shelf.hits([typed], DISTRICT)}
    engine.dispose()
