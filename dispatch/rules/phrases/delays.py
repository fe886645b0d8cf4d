"""Who is on the way and will be late: no answer of another kind, and nobody need be asked."""

from dispatch.rules.phrases.chinese_going import SELF
from dispatch.rules.phrases.english_going import I_AM
from dispatch.rules.phrases.under_way import ENDS

_COUNT = "(?:[0-9]{1,2}|[一二两三四五六七八九十几半]{1,3})(?:来|多|几)?(?:个)?"
_FOR = f"(?:{_COUNT}(?:分钟?|刻钟)|半个?(?:小时|钟头)|一?(?:会儿?|点儿?|些|下|阵))"
_MAYBE = (
    "(?:可能|大概|估计|应该|恐怕|多半|会|要|得|需要|还|稍微|稍|有点|有些|路上|来|到|比预计的?|比预期的?|比平时|都|只能|那边|"
    "不好意思|抱歉|对不起|[ ,])*"
)
_LATER = (
    f"(?:{SELF})?{_MAYBE}(?:"
    f"(?:晚|迟|慢)(?:到|来|过来)?(?:个|了)?{_FOR}(?:左右)?(?:才|能|后)*(?:到|来|过来)?|"
    f"(?:耽误|耽搁|延误|延迟|推迟|拖延)(?:到达?)?(?:个|了)?(?:{_FOR})?(?:左右)?"
    f"(?:[ ,]*(?:{_FOR})?(?:之?后)?(?:才|能)*到)?|"
    f"(?:晚到|迟到|晚点|来晚|到晚)){ENDS}(?:[ ,]*(?:不好意思|抱歉|对不起))?"
)
_CAUSE = (
    "(?:路上|前面|这边|那边|现在|今天|外面|还|有点|有些|太|很|好|正|都|我|我的|半路|半道|刚才|刚)*"
    "(?:堵(?:车)?(?:死|住|在路上|得厉害|得很|严重)?|塞车|塞在路上|车多|人多|红灯多?|修路|封路|绕路|绕道|路滑|路不好走|路难走|"
    "下(?:着|起)?(?:大|暴|小)?[雨雪]|[雨雪风](?:太|很|好)?大|起雾|"
    "(?:电动车|电瓶车|电车|自行车|车子|车|车胎|轮胎)(?:半路)?(?:没电|坏|爆胎|抛锚|破|扎|出毛病|没气)|"
    "走错(?:路|楼|门|方向)?|迷路|坐过站|坐反|没赶上(?:公交|车|地铁)|错过(?:公交|车)|"
    "(?:公交|公交车|地铁|电梯|车)(?:还)?(?:没来|晚点|坏|停)|等(?:公交|车|电梯|地铁)|加油|充电|腿脚?不好|走不快|骑不快)"
    "(?:了|着|呢|啊)*(?:[ ,]*(?:在)?(?:走过去|走着去|走路过去|推着走|打车过去|"
    "换车|改走路|走路|改打车|慢慢走|慢慢骑|慢慢开)(?:了)?)?"
)
_STILL = (
    f"(?:大概|估计|可能|我)*(?:还|还要|还得|还需要|还需|要|得|需要|再|再等|再给我|再有)(?:{_COUNT}(?:分钟?|刻钟)|一会儿?)"
    f"(?:左右)?(?:后)?(?:才|能)*(?:到)?{ENDS}"
)
DELAYS = (
    _LATER,
    f"(?:{_CAUSE}[ ,]*){{1,2}}(?:{_LATER}|{_STILL})",
    f"(?:地铁|公交|公交车)晚点{ENDS}",
    f"(?:再|麻烦)?(?:等|给)(?:我|多|着)*{_COUNT}分钟?{ENDS}",
    (
        f"(?:{_CAUSE}[ ,]*)?(?:骑|开|走|会|要|得|可能|有点|来|只能|路上)*"
        f"慢(?:慢)?(?:一)?(?:点|些)(?:骑|开|走|来|到)?{ENDS}"
    ),
    "(?:路上|前面|有点|现在|都|还|正)*(?:堵|塞)(?:车|死|住|得厉害|得很|得不行)*(?:了|着|呢|啊)*",
)
"""In characters; what somebody asks back ("晚点回你") does not end there."""

_SORRY = "(?:(?:so |very )?sorry|apologies|pls wait|please wait)"
_MIN = "(?:about |another |abt )?[0-9]{1,2} ?(?:more )?min(?:ute)?s?"
DELAYS_IN_LETTERS = (
    (
        f"(?:{_SORRY},? ?(?:but |for )?)?(?:{I_AM} |i |ill be |i will be |will be |gonna be |going to be |"
        "may be |might be |"
        f"running |be |a bit |a little |slightly |abit |about |the )*(?:{_MIN} )?(?:late|delay|delayed|behind)"
        f"(?: by)?(?:,? {_MIN})?(?:,? {_SORRY})?"
    ),
    (
        f"(?:{I_AM} )?(?:stuck |caught )?(?:in )?(?:a )?(?:traffic jam|(?:heavy |bad |some )?traffic|jam)"
        f"(?:,? ?{_MIN})?(?:,? {_SORRY})?"
    ),
    f"(?:{_SORRY},? ?)?(?:i )?(?:need|give me) {_MIN}(?:,? {_SORRY})?",
    (
        "(?:lu ?shang ?)?(?:you ?dian ?)?(?:du|sai) ?che(?: ?le)?(?:,? ?(?:yao ?|hui ?|hai ?yao ?)?"
        "(?:(?:wan ?)?(?:[0-9]{1,2}|shi|wu|er ?shi|ji|san|liang) ?fen ?zhong|wan ?(?:yi ?)?dian(?: ?dao)?))?"
    ),
    (
        "(?:ke ?neng ?|hui ?|yao ?|wo ?)*(?:wan|chi) ?(?:dao ?)?"
        "(?:(?:yi ?)?dian ?(?:dao)?|(?:[0-9]{1,2}|shi|wu|er ?shi|ji|san|liang) ?fen ?zhong|dao)(?: ?le)?"
    ),
)
"""In English and in pinyin, which is written out: patterns made from characters would cost the start a twentieth."""
