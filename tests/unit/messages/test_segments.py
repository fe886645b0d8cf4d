"""The segment counter against the worked texts of the messaging reference and against an independent counter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smsutil import split  # type: ignore[import-untyped]

from dispatch.messages.segments import segments

_GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCÄÖÑÜ§¿abcäöñüà"
_ESCAPED = "^{}\\[~]|€"
_BEYOND_GSM = "急救王秀英𠮷𠀀🚑😀`\t’\u00a0ç"

_NEAR_THE_EDGES = st.one_of(
    st.text(alphabet=_GSM + _ESCAPED, max_size=500),
    st.text(alphabet=_BEYOND_GSM, max_size=300),
    st.text(alphabet=_GSM + _ESCAPED + _BEYOND_GSM, max_size=300),
    st.builds(lambda lead, tail: "a" * lead + tail, st.integers(140, 320), st.text(alphabet=_ESCAPED, max_size=12)),
    st.builds(lambda lead, tail: "急" * lead + tail, st.integers(60, 140), st.text(alphabet=_BEYOND_GSM, max_size=12)),
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 20, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("急" * 70, 1),
        ("急" * 71, 2),
        ("急" * 134, 2),
        ("急" * 135, 3),
        ("🚑" * 35, 1),
        ("🚑" * 36, 2),
        ("急" * 66 + "𠮷" + "急" * 10, 2),
        ("急" * 66 + "𠮷" + "急" * 65, 2),
        ("急" * 66 + "𠮷" + "急" * 66, 3),
        ("a" * 100 + "’", 2),
        ("【安护】紧急求助 王秀英 85岁 3号楼2单元501 跌倒 回1接单 2拒绝 码12", 1),
        ("【安护】紧急!王秀英(85岁)跌倒 朝阳区幸福里3号楼2单元501 门禁1234# 回复:12-1接单 12-2拒绝", 1),
        ("ALERT 12: Wang Xiuying, 85, fall. 3-2-501 Xingfuli. Reply 1 accept 2 decline 3 arrived 4 done", 1),
    ],
)
def test_a_text_is_cut_into_so_many_parts(text: str, parts: int) -> None:
    assert segments(text) == parts


@given(_NEAR_THE_EDGES)
@settings(max_examples=1500, deadline=None)
def test_an_independent_counter_agrees(text: str) -> None:
    if not text:  # smsutil counts an empty text as one part; nothing is sent for it.
        assert segments(text) == 0
        return
    assert segments(text) == len(split(text).parts)


@given(_NEAR_THE_EDGES, st.sampled_from(_GSM + _BEYOND_GSM))
def test_a_longer_text_never_takes_fewer_parts(text: str, char: str) -> None:
    assert segments(text + char) >= segments(text)
