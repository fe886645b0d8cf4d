"""
Passwords that anybody would try: the words behind them, and what people do to a word to satisfy a rule.

Lists of leaked passwords consist mostly of a few hundred words and walks over the keyboard with digits around them.
So a password is taken back to its word before it is looked up: case, look-alike signs (p@ssw0rd), and digits and signs
at both ends count for nothing. Beside the words written here, which know how people type Chinese, stand the 30,000
passwords most seen in leaks, as zxcvbn carries them (ASVS 5.0, 6.2.4 and 6.2.12).
"""

import re
from functools import cache

LONG = 15
"""A password of so many characters is not judged by the word in it, only by being one; ASVS 5.0, 6.2.1 advises 15."""

_WORDS = """
    password passwort passwd pass admin administrator adminadmin root user guest test tester temp default master
    login welcome letmein secret private changeme hello helloworld iloveyou loveyou love lovely sunshine princess
    dragon monkey football baseball basketball soccer hockey superman batman pokemon starwars shadow michael
    jordan jennifer thomas daniel jessica ashley charlie andrew matthew joshua robert william nicole hannah
    michelle anthony freedom whatever trustno internet computer samsung google facebook apple iphone android
    microsoft windows linux oracle mustang ferrari porsche corvette harley yamaha killer hunter ranger flower
    summer winter spring autumn cookie chocolate banana orange cheese pepper ginger tigger buster maggie access
    service server system manager operator security qwer qwert qwerty qwertyu qwertyui qwertyuiop qazwsx qazwsxedc
    wsxedc zaq xsw zxc zxcv zxcvb zxcvbn zxcvbnm asd asdf asdfg asdfgh asdfghj asdfghjk asdfghjkl poiuyt lkjhgf
    mnbvcxz qweasd qweasdzxc asdzxc qwe abc abcd abcde abcdef abcdefg abcabc aaa aaaa abcabcabc xyz woaini
    woaiwojia woaizhongguo aini woaiziji wobuzhidao mima wodemima nihao nihaoma zhongguo china beijing shanghai
    tianjin chongqing guangzhou shenzhen hebei henan shandong shijiazhuang baoding tangshan hangzhou nanjing wuhan
    chengdu xian wangwei wangfang zhangwei liwei lina zhangmin wangli lijing wangjing zhangli liuwei wangyong
    zhangjing wangxiuying liuyang xiaoming xiaohong laopo laogong baobao baobei mama baba qinqin tiantian kaixin
    kuaile xingfu pingan jiankang facai gongxifacai yilufa yangyang huanhuan mingming long tianxia taobao alipay
    zhifubao weixin wechat tencent baidu alibaba huawei xiaomi caonima fuckyou fuck shabi dadada heihei haha
    hahaha xixi gege jiejie anling anlingxitong hujiao jijiu yanglao yiyuan shequ jiedao minzheng jingbao zhiban
    密码 我的密码 我爱你 中国 你好 管理员 安铃 值班 养老 平安 北京 上海 石家庄
"""
WORDS = frozenset(_WORDS.split())

_DIGITS = """
    123 1234 12345 123456 1234567 12345678 123456789 1234567890 0123456789 01234567 987654321 9876543210 87654321
    7654321 654321 54321 4321 321 11223344 1122334455 112233 123123 123123123 12341234 123321 1234321 123454321
    147258 147258369 159357 159753 147852 741852963 789456 789456123 456789 369258147 258369147 5201314 520520
    5211314 1314520 13145201314 3344520 5845201314 168168 888 8888 666 6666 518518 131421 110120119 110119120
    110120 19491001 20080808 2580 102030 10203040 0987654321 135792468 1357924680 13579 246810 24681012 314159265
    31415926
"""
DIGITS = frozenset(_DIGITS.split())

MOST_TRIED = 3_000
"""So many of the leaked passwords are also recognised with digits and signs around them; ASVS 5.0, 6.2.4."""

_LOOKS = str.maketrans("@4301!5$7|", "aaeolissti")
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_WALKS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "1234567890",
          "1q2w3e4r5t6y7u8i9o0p", "abcdefghijklmnopqrstuvwxyz")  # fmt: skip


def is_tried_first(password: str, context: frozenset[str] = frozenset()) -> bool:
    """Whether somebody who guesses would try this early. `context` are words of this account: its login, its name."""
    plain = password.casefold()
    if len(set(plain)) <= 2 or _is_walk(plain):
        return True
    if plain in _leaked():
        return True
    words = WORDS | _most_tried() | {each.casefold() for each in context if len(each) >= 2}
    return any(_is_of(plain, each, words) for each in _read(plain))


@cache
def _leaked() -> dict[str, int]:
    """The leaked passwords with their place in the order of use; read when first asked for, a few milliseconds."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

    return {password: place for place, password in enumerate(FREQUENCY_LISTS["passwords"])}


@cache
def _most_tried() -> frozenset[str]:
    return frozenset(word for word, place in _leaked().items() if place < MOST_TRIED and word.isalpha())


def _read(plain: str) -> set[str]:
    """The ways to read a password as a word, with and without look-alikes and what stands around it."""
    looked = plain.translate(_LOOKS)
    return {plain, looked, _ENDS.sub("", plain), _ENDS.sub("", plain).translate(_LOOKS), _ENDS.sub("", looked)}


def _is_of(plain: str, read: str, words: frozenset[str] | set[str]) -> bool:
    if read in words or plain in words or plain in DIGITS:
        return True
    if len(plain) >= LONG:
        return False
    halves = len(read) % 2 == 0 and read[: len(read) // 2] == read[len(read) // 2 :] and read[: len(read) // 2] in words
    digits = "".join(each for each in plain if each.isdigit())
    return halves or (digits in DIGITS and len(plain) - len(digits) <= 2)


def _is_walk(plain: str) -> bool:
    """Neighbours on a keyboard or in the alphabet, forwards, backwards or again."""
    rows = [way for walk in _WALKS for way in (walk * 2, walk[::-1] * 2)]
    return any(plain in row for row in rows)
