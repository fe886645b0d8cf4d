"""What keeps a tidy text from being an answer, whatever else it says."""

import re

_TWICE_NO = re.compile(
    r"不 ?[去来接到能会可得][^,]{0,2}不(?! ?好 ?意 ?思)|"
    r"(?<![a-z])bu ?(?:qu|lai|jie|dao|neng|hui|ke)[a-z ]{0,9}bu(?! ?hao ?yi)|"
    r"(?:cannot|cant|can not|wont|not|never|dont) (?:say |to |not )*(?:no|not|refuse|decline|reject)(?![a-z])"
)
"""Two noes may be a yes: "不去不行" is "I have to go"."""

_ASKING = re.compile(
    r"[?]|吗|有没有|么(?=,|$)|(?:到|完成|处理好|结束|搞定|办完|好了)(?:了)?嘛|"
    r"(?:了|好|到|去|行|可以|能|会)没(?:有)?(?:啊|呀|呢)?(?=,|$)|"
    r"(?:hao|le|qu|dao|xing|yi|neng|jie|guo|lai) ?ma(?=,|$| (?:thank|please|sir|谢))"
)
_IF = re.compile(
    r"如果|要是|除非|的话|万一|假如|假使|倘若|若[是无没有]|只要|只有|能[去来].{0,2}就(?!是)|有空再|有空去|"
    r"(?:有空|有时间|有车|没人|没空|没事|不忙|顺路|方便|顺便|得空|忙完|下班|吃完).{0,3}(?:就(?!是)|[再才])|"
    r"走得开就|(?:过|等|隔)(?:一)?会儿?(?:再)?(?:去|来|过去)|(?:小时|钟头)(?:以?后|之后)(?:可以|能|有空|行|[再才](?:[去来]|过[去来]))|"
    r"(?<!半)(?<!半个)(?:小时|钟头)(?:以?后|之后)(?:[去来]|过[去来]|出发|动身)|"
    r"(?<![a-z])(?:if|unless|only when|in case)(?![a-z])|(?:可能|也许|或许|说不定|没准)[^,了]{0,7}能[去来]"
)
"""What is said under a condition is no answer yet: "能去我就去"."""

_IF_IN_PINYIN = re.compile(
    r"(?<![a-z])(?:(?:ke ?neng|ye ?xu|huo ?xu)(?!.*(?:bu|mei))|ru ?guo|chu ?fei|"
    r"(?:you ?kong|de ?kong|you ?shi ?jian|mei ?ren|mei ?shi|bu ?mang|shun ?lu|fang ?bian|mang ?wan|xia ?ban|chi ?wan)"
    r"[a-z ]{0,7}?(?:jiu|zai|cai) ?(?:qu|lai|guo|neng|ke ?yi)|"
    r"(?:guo|deng|ge) ?(?:yi ?)?hui ?(?:er ?)?(?:zai ?)?(?:qu|lai|guo ?[ql]))|"
    r"(?:xiao ?shi|zhong ?tou) ?(?:[yz]h?i ?)?hou ?(?:ke ?yi|neng|you ?kong|xing)|"
    r"(?<!ban)(?<!ban )(?<!ban ge )(?:xiao ?shi|zhong ?tou) ?(?:[yz]h?i ?)?hou ?(?:zai ?|cai ?)?(?:qu|lai|guo ?[ql])"
)
"""The same by a phone without Chinese writing."""

_UNSURE = re.compile(
    "(?:可能|大概|估计|恐怕|怕是|也许|或许|好像)(?:[她他人都也就是]|老人|已经|应该)*"
    "(?:没(?:有)?(?:啥|什么|多大|大)?(?:事|问题)|不要紧|无[碍恙])|"
    r"(?<![a-z])(?:ke ?neng|da ?gai|gu ?ji|ye ?xu|huo ?xu|hao ?xiang)[a-z ]{0,8}?"
    "mei ?(?:you ?)?(?:da ?|sha ?)?shi(?![a-z])"
)
"""Who only thinks that nothing is wrong has not looked."""

_OTHER_PEOPLE = re.compile("(?<![让叫派请找排换系知喊个给用到有])(?:其[他它]人|别人|别的人)")
"""What others do is no answer; that others be sent is a decline."""

_NEARLY = re.compile(
    r"(?:马上|快要|快|就要|一会儿?|等会儿?|即将|将要|差不多|立刻|很快|待会)(?:就|要)*"
    r"(?:好|完成?|办完|办好|处理好|处理完|弄好|结束|搞定|忙完|做完|到了|没事)(?!的)|"
    r"(?<![a-z])(?:ma ?shang|kuai ?yao|kuai|jiu ?yao|li ?ke) ?(?:jiu ?)?(?:hao|wan|jie ?shu|gao "
    r"?ding)(?:le| le)?(?![a-z])"
)
"""Nearly over is not over."""


_ASKED_OF_OTHERS = re.compile(
    "收到.{0,2}请.{0,2}回|请.{0,2}回复?(?:收到|好的)|测试.{0,2}收到|收到.{0,3}测试|稍后(?:再|会|给|与|跟|"
    "和|你|您)*(?:回复|联系|回电|回你|回您|答复|打给)"
)
"""What a group is asked to answer is no answer: "收到请回1"."""


_PROMISED = re.compile(
    "(?:了|完|好|后|的时候|再|就会|会|(?:等|待)(?:一)?(?:下|会儿?)|一会儿?|稍后|晚点|回头|给[你您])"
    "(?:[我再就会]|一定|给[你您])*(?:回复?|按) ?[1-4](?:哈|啊|的|哦)*(?=,|$)|"
    "(?<![a-z])(?:will|ill|later) (?:reply|press|text|send) ?[1-4](?![0-9])|"
    "(?<![a-z])(?:reply|press|text|send) ?[1-4] (?:when|once|after|later|then)(?![a-z])"
)
"""Who says which digit they will send has not sent it: "收到，处理完回4"; nor have our own words."""

_WAITED_FOR = re.compile("等(?!了|到|来)着?(?:120|救护车|急救车|医生|家属|女儿|儿子|开锁|民警|警察|消防)|没(?:有)?人送")
"""What ends it is still to come: "等120拉走"."""

_AFTER_THAT = re.compile(
    "等(?!了|到|来)(?:[我俺她他])?(?:先|把|这边|手头)?[^,]{0,4}(?:忙|弄|做|处理|办|搞|吃|洗)(?:完|好|妥)"
)
"""What they finish first is not over: "等我忙完"."""

_WHEN_FREE = re.compile(
    "(?<![刚好经才都])(?:收了?工|下了班|下了?[夜晚]班|交完?班|[干做弄忙办吃]完)(?:了|班|饭|活)?(?:我|俺)?"
    "(?:马上|就|再|才)*(?:去|来|过去|过来)(?=$|[ ,看哈啊吧哦])"
)
"""Who comes when they have finished something else has not said when."""

_NO_DOOR = re.compile(
    "(?:打不开|开不了|点不开|进不去)(?:链接|网页|网址|页面|图片|短信|手机|软件|系统|app)|"
    "(?:链接|网页|网址|页面|图片|短信|手机|软件|系统|app)(?:都|也|还是|怎么)*(?:打不开|开不了|点不开|进不去)"
)
"""What does not open is on a screen."""

_NOT_SO_SOON = re.compile(
    "(?:[到去来]不了|赶不到|不能[到去来]?)(?:那么|这么|恁|嘎)(?:快|早|急|及时)|"
    "(?:到不了|赶不到)[ ,]+(?:还要|还得|要|得|再等|再|大概)*[0-9一二两三四五六七八九十几]{1,3}分钟"
)
"""A delay in the words of a refusal."""

_OWN_KIN_GOES = re.compile(
    "(?:叫|让|喊|请|派|安排)(?:我|俺|咱)?(?:家)?(?:的)?(?:老公|老婆|爱人|老伴|媳妇|儿子|女儿|闺女|妹妹|姐姐|弟弟|"
    "哥哥|妈妈?|爸爸?|嫂子|朋友|邻居)(?:她|他)?(?:马上|先|已经|替我|帮我)*(?:去|来|过[去来]|赶)"
)
"""Who sends somebody of their own is not coming, and nobody here knows who is."""

_TAKEN_BACK = re.compile(
    r"骗你|骗人|骗您|玩笑|逗你|说错了|才怪|假装|差点|以为|(?<![a-z])(?:kidding|joking|jk|not really|(?:he|"
    r"she|they) said)(?![a-z])|"
    r"(?:告诉|转告)[他她](?!们?我|们?别|们?不|放心|一声|一下|说|,|$)|(?:不要|别|没|不是|为什么|"
    r"怎么)(?=抱歉|不好意思|对不起|好的|收到)"
)
"""What takes back all that was said, or tells others to do it."""


_ALWAYS = (_TWICE_NO, _IF, _IF_IN_PINYIN, _UNSURE, _ASKED_OF_OTHERS, _TAKEN_BACK, _WHEN_FREE, _NO_DOOR)
_WHOLE = (
    _ASKING,
    _NEARLY,
    _OTHER_PEOPLE,
    _PROMISED,
    _WAITED_FOR,
    _AFTER_THAT,
    _WHEN_FREE,
    _NO_DOOR,
    _NOT_SO_SOON,
    _OWN_KIN_GOES,
    *_ALWAYS,
)


def is_held(plain: str) -> bool:
    """Whether it asks, sets a condition, has two noes, tells of others, or of what is still to come."""
    return any(each.search(plain) for each in _WHOLE)


_TRAILING = re.compile(r"(?:[.。…·]{2,}|[~～]{2,}|⋯+)\s*$")
_NEARLY_OVER = re.compile(
    "(?:马上|快要?|就要?|立刻|很快).{0,2}(?:好|完|结束|搞定|没事)|[完好]了?[就再](?:走|回去"
    "|回家)$|(?<![a-z])(?:ma ?shang|kuai|"
    "jiu|(?:hai ?)?mei) ?(?:yao ?)?(?:hao|wan)"
)


def is_wavering(text: str, plain: str) -> bool:
    """
    Whether somebody of whom it is known where they stand thinks aloud or asks: dots behind a nod ("嗯。。。"), a
    condition, a question that comes last, an end that is still to come. To be there nearly is an answer here.
    """
    last = plain.rsplit(",", 1)[-1]
    return bool(_TRAILING.search(text) or _ASKING.search(last)) or any(
        each.search(plain) for each in (*_ALWAYS, _NEARLY_OVER)
    )
