import re
import sys
from hashlib import sha256

import orjson
import pytest

from config.patterns import NAME, Kept, make_all, take_over
from dispatch.rules.phrases import _characters, grammar, making

TEXTS = ("到(?:了|达)", "(一|二)+去?", "[a-z]{2,5}?(?<!不)好", "(?:马上|ms)(?=到)|.*", "")


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "cache" / f"making.{NAME}"


@pytest.fixture
def nobody_else():
    """Whatever maker a test names, the tests after it have the plain one."""
    yield
    making.make_by(re.compile)


def kept(path, texts=TEXTS):
    first = Kept(path)
    for each in texts:
        first(each)
    first.keep()
    assert first.made == 0
    return Kept(path)


def is_plain(pattern, text):
    # Two patterns are equal when their flags, their texts and every number of their code are.
    return pattern == re.compile(text)


def test_what_was_kept_is_what_python_makes(path):
    again = kept(path)
    assert all(is_plain(again(each), each) for each in TEXTS)
    assert again.made == 0


def test_the_patterns_of_answers_are_what_python_makes(path):
    texts = ["|".join(f"(?:{each})" for each in said.phrases) for said in _characters()]
    texts += [row.pattern for _, row in grammar._rows()]
    again = kept(path, texts)
    assert all(is_plain(again(each), each) for each in texts)
    assert again.made == 0


def test_groups_with_names_are_left_to_python(path):
    again = kept(path, ["(?P<code>[0-9]+)号"])
    assert again("(?P<code>[0-9]+)号").fullmatch("12号")["code"] == "12"
    assert again.made == 1


def test_a_pattern_that_is_wrong_raises_what_python_raises(path):
    with pytest.raises(re.error):
        Kept(path)("(到")


def _cut(body):
    return body[: len(body) // 2]


def _change(body):
    return body.replace(b'"programs"', b'"Programs"')


@pytest.mark.parametrize(
    "spoil",
    [_cut, _change, lambda _: b"", lambda _: b"\xff" * 99],
    ids=["half", "changed", "empty", "noise"],
)
def test_a_damaged_file_costs_what_it_cost_before(path, spoil):
    kept(path)
    path.write_bytes(spoil(path.read_bytes()))
    again = Kept(path)
    assert all(is_plain(again(each), each) for each in TEXTS)
    assert again.made == len(TEXTS)
    again.keep()
    assert is_plain(Kept(path)(TEXTS[0]), TEXTS[0])


def _another_python(told):
    return told | {"of": "cpython-999"}


def _program(*numbers):
    return lambda told: told | {"programs": {TEXTS[0]: [32, list(numbers), 0]}}


@pytest.mark.parametrize(
    "change",
    [_another_python, _program(), _program(2**31, 7), _program(2**60), lambda told: told | {"programs": {TEXTS[0]: 1}}],
    ids=["another Python", "no code", "code that is none", "numbers too large", "no program"],
)
def test_what_the_engine_does_not_know_is_made_anew(path, change):
    kept(path)
    body = orjson.dumps(change(orjson.loads(path.read_bytes().partition(b"\n")[2])))
    path.write_bytes(sha256(body).hexdigest().encode() + b"\n" + body)
    again = Kept(path)
    assert is_plain(again(TEXTS[0]), TEXTS[0])
    assert again.made == 1


def test_texts_that_nobody_uses_any_more_go(path):
    new = kept(path)
    new(TEXTS[0])
    new("新的")
    new.keep()
    assert set(orjson.loads(path.read_bytes().partition(b"\n")[2])["programs"]) == {TEXTS[0], "新的"}


def test_where_nothing_can_be_written_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "file").write_text("")
    again = kept(tmp_path / "file" / "cache")
    assert is_plain(again(TEXTS[0]), TEXTS[0])


def test_a_python_whose_engine_says_nothing_of_itself_keeps_nothing_and_goes_on(path, monkeypatch):
    def says_nothing():
        raise AttributeError("MAGIC")

    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr("config.patterns._python", says_nothing)
    again = kept(path)
    assert is_plain(again(TEXTS[0]), TEXTS[0])
    assert not path.exists()


def test_python_that_writes_no_code_keeps_no_patterns_unless_asked(path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = Kept(path)
    made(TEXTS[0])
    made.keep()
    assert not path.exists()
    made.keep(asked=True)
    assert is_plain(Kept(path)(TEXTS[0]), TEXTS[0])


def test_a_start_takes_over_what_another_kept(path, monkeypatch, nobody_else):
    monkeypatch.setattr("config.patterns._place", lambda: path)
    kept(path, ["够了|行了"])
    here = take_over()
    assert is_plain(making.made("够了|行了"), "够了|行了")
    assert here.made == 0


def test_it_lies_beside_the_compiled_code(nobody_else):
    path = take_over()._path
    assert (path.parent.name, path.suffix) == ("__pycache__", f".{NAME}")


def test_all_are_made_ahead(path, monkeypatch, nobody_else):
    monkeypatch.setattr("config.patterns._place", lambda: path)
    monkeypatch.setattr("config.patterns.lessons", lambda: [lambda: making.made("到了")])
    make_all()
    assert is_plain(Kept(path)("到了"), "到了")
