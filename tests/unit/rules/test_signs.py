"""Which signs a text of people may hold."""

import pytest

from dispatch.rules.signs import is_readable


@pytest.mark.parametrize(
    "text",
    [
        "张\u3000三",
        "a\u00a0b",
        "👨\u200d👩\u200d👧",
        "🏴\U000e0067\U000e007f",
        "\ufeff老人",
        "𠮷\ue0a1",
        "一\n二\t三",
        "=1+1",
        "",
    ],
)
def test_what_keyboards_and_telephones_write_is_readable(text):
    assert is_readable(text)


@pytest.mark.parametrize(
    "sign",
    ["\0", "\x1b", "\r", "\x85", "\u2028", "\u202e", "\u2067", "\ud800", "\ufffe", "\uffff", "\ufdd0", "\U0001fffe"],
)
def test_what_nobody_writes_is_not(sign):
    assert not is_readable(f"好{sign}的")
