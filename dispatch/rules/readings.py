"""
What somebody may type to find a person or a house: the name, its sounds, a telephone's end, a part of an address.

    王秀英  ──► 王秀英 秀英 英 · wangxiuying xiuying ying · wxy xy y · wangxy
    单田芳  ──► shantianfang, because 单 as a surname is Shan; dantianfang and chantianfang too: people type those

Names are not read as words: a character has several readings, and as a surname often one that is in no dictionary's
first place. So every reading counts, the surname's first (ECOSYSTEM, trap 21).
"""

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

TERM_MAX = 40
"""Letters kept of one term: nobody types more to find anything."""

READINGS_MAX = 24
"""Ways of reading one name that are kept; three characters of three readings each make 27."""

HOUSE_READINGS_MAX = 12
"""The same for a street: 柏林 is typed bailin and bolin."""

LAST_DIGITS = 4
"""So many digits of a telephone are enough to look for it by its end."""

SURNAMES = {
    "单": "shan", "解": "xie", "仇": "qiu", "曾": "zeng", "查": "zha", "盖": "ge", "葛": "ge", "区": "ou",
    "朴": "piao", "任": "ren", "尉": "yu", "员": "yun", "华": "hua", "燕": "yan", "种": "chong", "繁": "po",
    "秘": "bi", "覃": "qin", "缪": "miao", "冼": "xian", "洗": "xian", "祭": "zhai", "黑": "he", "折": "she",
    "召": "shao", "乐": "yue", "重": "chong", "能": "nai", "阚": "kan", "翟": "zhai", "乜": "nie", "宓": "mi",
    "郇": "xun", "郗": "xi", "逄": "pang", "訾": "zi", "谌": "chen", "隗": "wei", "卜": "bu", "晟": "cheng",
    "哈": "ha", "那": "na", "纪": "ji", "柏": "bai", "车": "che", "盛": "sheng", "宁": "ning", "俞": "yu",
    "晁": "chao", "钭": "tou", "撒": "sa", "庞": "pang", "褚": "chu", "长": "chang", "石": "shi", "殷": "yin",
    "万": "wan", "贾": "jia", "沈": "shen", "应": "ying", "宿": "su", "臧": "zang", "强": "qiang", "令": "ling",
}  # fmt: skip
"""How these characters are read as a surname; in the list of surnames of 现代汉语词典, or the usual one."""

COMPOUND_SURNAMES = {
    "尉迟": ("yu", "chi"), "长孙": ("zhang", "sun"), "单于": ("chan", "yu"), "万俟": ("mo", "qi"),
    "澹台": ("tan", "tai"), "令狐": ("ling", "hu"), "宰父": ("zai", "fu"), "亓官": ("qi", "guan"),
    "欧阳": ("ou", "yang"), "皇甫": ("huang", "fu"), "夏侯": ("xia", "hou"), "呼延": ("hu", "yan"),
}  # fmt: skip

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_HAN_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_GAPS = re.compile(r"[\s·•・.,，、()（）]+")
_DOOR = re.compile(r"(?<=\d)(?:号楼|单元|号院|[栋幢座号室层楼弄])+")
_STARTS = re.compile(r"[\u3400-\u9fff]|(?<!\d)\d+|(?<![a-z])[a-z]+")
_NOT_DIGITS = re.compile(r"[\s\-()（）+]+")


def plain(text: str) -> str:
    """Full-width forms made narrow, letters small, ü as on a keyboard: v."""
    return unicodedata.normalize("NFKC", text).casefold().replace("ü", "v").strip()


@lru_cache(maxsize=20_000)
def _sounds(letter: str) -> tuple[str, ...]:
    """Every reading of one character, without tones; lü also as lu, because many type that."""
    # A quarter of a second and 40 MB that a service which comes back from a kill need not wait for.
    from pypinyin import Style, pinyin

    found = pinyin(letter, style=Style.NORMAL, heteronym=True, errors="ignore")
    sounds = [plain(each) for each in (found[0] if found else ())]
    return tuple(dict.fromkeys([*sounds, *(each.replace("v", "u") for each in sounds)]))


def readings(name: str) -> list[tuple[str, ...]]:
    """
    The ways a name may be read, syllable by syllable, the likeliest first; empty without a Chinese character.

    The first character is read as a surname where that differs. At most `READINGS_MAX`.
    """
    letters = [letter for letter in plain(name) if _HAN.match(letter)]
    choices = [_sounds(letter) or (letter,) for letter in letters]
    if not letters:
        return []
    both = COMPOUND_SURNAMES.get("".join(letters[:2]))
    first = both or ((SURNAMES[letters[0]],) if letters[0] in SURNAMES else ())
    for place, sound in enumerate(first):
        choices[place] = tuple(dict.fromkeys((sound, *choices[place])))
    return list(islice(product(*choices), READINGS_MAX))


def name_terms(name: str) -> frozenset[str]:
    """Everything a name is found by: from each of its characters on, as written, as read, and by initials."""
    written = _GAPS.sub("", plain(name))
    terms = {written[place:] for place in range(len(written)) if _HAN.match(written[place])} | {written}
    terms |= {word for word in _GAPS.split(plain(name)) if word}
    for sounds in readings(name):
        for start in range(len(sounds)):
            terms.add("".join(sounds[start:]))
            terms.add("".join(sound[0] for sound in sounds[start:]))
        # The surname in full and the rest by initials, as input methods teach it: wangxy.
        terms.update(
            "".join(sounds[:place]) + "".join(sound[0] for sound in sounds[place:]) for place in range(1, len(sounds))
        )
    return _kept(terms)


def phone_terms(phone: str | None) -> frozenset[str]:
    """A number from its beginning, with and without its country, and from its end (`#` and the digits backwards)."""
    digits = re.sub(r"\D", "", phone or "")
    if not digits:
        return frozenset()
    national = digits.removeprefix("86") if (phone or "").startswith("+86") else digits
    # A landline is dialled with a 0 that the international form has not.
    return _kept({digits, national, f"0{national}", f"#{digits[::-1]}"})


def address_terms(address: str) -> frozenset[str]:
    """An address from each character and number on, doors in one form (3栋2单元501 is 3-2-501); its names as read."""
    written = _house(address)
    terms = {written[found.start() :] for found in _STARTS.finditer(written)}
    for run in _HAN_RUN.findall(written):
        for sounds in islice(product(*(_sounds(letter) or (letter,) for letter in run)), HOUSE_READINGS_MAX):
            terms |= {"".join(sounds), "".join(sound[0] for sound in sounds)}
    return _kept(terms)


def prefixes(word: str) -> tuple[str, ...]:
    """What one typed word may be the beginning of, among the terms."""
    typed = plain(word)
    digits = _NOT_DIGITS.sub("", typed)
    found = [_GAPS.sub("", typed), _house(typed)]
    if digits.isascii() and digits.isdigit() and len(digits) >= LAST_DIGITS:
        found += [digits, f"#{digits[::-1]}"]
    return tuple(dict.fromkeys(each[:TERM_MAX] for each in found if each))


def words_of(typed: str) -> list[str]:
    """The words that somebody typed; a telephone number with spaces in it is one word."""
    if re.fullmatch(r"[\d\s\-()+（）]{5,}", plain(typed)) and " " in typed.strip():
        return [re.sub(r"\s+", "", plain(typed))]
    return plain(typed).split()


def after(prefix: str) -> str:
    """The first text that sorts behind everything that begins so."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _house(address: str) -> str:
    return _DOOR.sub("-", _GAPS.sub("", plain(address))).rstrip("-")


def _kept(terms: set[str]) -> frozenset[str]:
    return frozenset(term[:TERM_MAX] for term in terms if term)
