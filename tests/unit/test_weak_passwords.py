"""Which passwords are refused, and that good ones are not."""

import pytest

from dispatch.accounts.passwords import refuse_weak
from dispatch.accounts.weak import LONG, is_tried_first
from dispatch.errors import Invalid


@pytest.mark.parametrize(
    "password",
    ["password", "P@ssw0rd", "Passw0rd!", "password2026", "123456789", "qwertyuiop", "1qaz2wsx", "asdfghjkl;"[:9],
     "woaini1314", "Woaini520", "mima123456", "zhongguo888", "anling2026", "ANLING@123", "a12345678", "88888888",
     "abababab", "wangfang", "wangfang88", "20080808", "beijing2008", "iloveyou!", "admin@123", "密码12345678",
     "abcdefgh", "987654321", "1q2w3e4r", "qqqqqqqq", "helloworld1"],
)  # fmt: skip
def test_what_anybody_would_try_first_is_refused(password):
    with pytest.raises(Invalid):
        refuse_weak(password, "wangfang", "王芳")


@pytest.mark.parametrize(
    "password",
    ["月亮船-7-铃铛", "kite-4711", "correct horse battery", "梧桐 雨 长椅 第三把", "Gd7#kq2Lw", "xxxyzzy-plover-41",
     "梯子-9-螺丝刀", "another good one", "my password is a very long sentence", "长" * 4 + "江水东流去不回"],
)  # fmt: skip
def test_a_good_one_passes(password):
    refuse_weak(password, "wangfang", "王芳")


def test_short_and_endless_ones_are_refused():
    for password in ("kT9#q-2", "ab" * 129):
        with pytest.raises(Invalid):
            refuse_weak(password, "wangfang", "王芳")


def test_the_persons_own_words_count():
    assert is_tried_first("xiulan2026", frozenset({"xiulan"}))
    assert not is_tried_first("xiulan2026", frozenset())


def test_the_three_thousand_most_usual_are_refused():
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    leaked = FREQUENCY_LISTS["passwords"]
    assert [each for each in leaked if not is_tried_first(each)] == []
    dressed = [f"{each.capitalize()}!2026" for each in leaked[:3000] if each.isalpha() and len(each) + 5 < LONG]
    assert len(dressed) > 2000
    assert [each for each in dressed if not is_tried_first(each)] == []
