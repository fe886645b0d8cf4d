"""
More rows by standing, class by class: what somebody tells from the place itself, and on the way to it.

`standing.py` takes them beside its own. Each is a whole text: a cry or a doubt behind it keeps it from counting.
"""

from collections.abc import Mapping

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.delays import DELAYS, DELAYS_IN_LETTERS
from dispatch.rules.phrases.english_going import I_AM
from dispatch.rules.phrases.meaning import Action, Standing
from dispatch.rules.phrases.reasons import REASONS_NOT_TO_COME
from dispatch.rules.phrases.under_way import ENDS

_HER = "(?:[她他]|老人家?|奶奶|爷爷|阿姨|大爷|老太太)"
_ME = "(?:[我俺咱]|我们)"
_IN = "[0-9一二两三四五六七八九十几]{1,3}(?:来|多)?分钟(?:左右|后)?"
_OVER = "(?:了|啦|咯|喽|嘞|勒|哒|咧|咗)"
_CLOCK = "[0-9]{1,2}[点,][0-9]{1,2}"

_DENIED = (
    "(?:(?:没(?:有)?(?:送医院|叫120|叫救护车)|(?:不用|不需要)(?:送医院|叫120|120|救护车)|不是误按)"
    "[ ,]+(?:家里处理的[ ,]+)?)?"
)
"""What was not needed before somebody was helped at home."""

_FELL = f"{_HER}?(?:刚才|刚刚|从床上|不小心)*(?:摔|滑|绊|跌)(?:倒|到|下床|下来|了)*(?:一[跤交下])?(?:在地上)?{_OVER}?"
_LIFTED = (
    f"{_ME}?(?:已经|已|给|把|将)*{_HER}?(?:扶|抱|搀|拉|抬)(?:{_HER})?(?:起来|上床|回床上|到床上"
    f"|到沙发上|上去)(?:坐好|坐下|躺下|躺好)?"
    f"(?:{_OVER}(?:擦了药|喂了药|上了药)?|擦了药|喂了药|上了药)"
)
_NO_HARM = "(?:[ ,]*(?:人|腿|头|手|现在)*没(?:有)?(?:啥|什么|大)?(?:受伤|事)(?:了)?)?"
_WITH_HELP = "(?:和|跟|与|同|叫了|喊了)(?:她|他|保安|邻居|女儿|儿子|家属|物业|同事)(?:帮忙)?(?:一起|一块)?"

_NOTHING = "(?:没|木|冒得|莫得|没得|没有|无|呒没)(?:啥|啥子|什么|么|大)?(?:事|事体|是)(?:儿|的|情)?"
_PRESSED = (
    "(?:(?:按|碰|摁|撳|揿|压)错(?:了|哒|咗|脱了|的)?|误[按碰触](?:的|了)?|不小心(?:按|碰|压)(?:到|错|着)(?:的|了)?)"
)
_NO_FALL = "(?:没(?:有)?|不是)(?:摔|摔倒|摔跤|跌倒|叫120|叫救护车)"

_TAKEN = (
    "(?:已经|已|刚|刚刚|给|被|把|将|人|家属|女儿|儿子|120|救护车|急救车|她|他)*(?:来(?:了|过)?[ ,]*)?(?:已经"
    "|把|人|她|他)*"
    "(?:送|拉|接|拖|抬)(?:走|了|到|去|往|上)*(?:人民|中心|市|县|区|第?[一二三四五])*(?:医院"
    "|急诊|院)(?:急诊|检查|抢救|看病|去)*"
    f"{_OVER}"
)
_FETCHED = f"(?:120|救护车|急救车){_HER}?(?:已经|把人|把她|把他)*(?:送|拉|接|抬)(?:走|去医院|医院去){_OVER}"
_ILL_BEFORE = (
    "(?:(?!.*(?:没送|没有送|不送|不肯|要送|要不|准备|等|拒|吗|么|谁|想|快来|叫不))[\\u3400-\\u9fff]{1,8}[ ,]+)"
)
"""What was the matter, where they had been taken away behind it."""

_TELL_THERE = (
    f"(?!到了回复? ?3)(?:(?:好的|好|收到|行|嗯|知道了|ok)[ ,]*)?(?:等|等下|一会儿?|等会儿?|待会儿?)?{_ME}?到了{_ME}?"
    "(?:再|就|会|一定)*"
    "(?:(?:给|跟|和)(?:你|您|你们))?(?:回复? ?3|回(?:你|您|的|复)|告诉(?:你|您)|汇报)(?:的)?"
)
_LATE = (
    "(?:(?:刚才|刚|路上|有点|堵车|塞车|堵|来|晚了(?:点|几分钟)?|走错(?:楼|路|门|小区|单元)?(?:了)?|没?迷路(?:了)?|"
    "不用催|别催)+[ ,]+)"
)
_CALL = (
    "(?:你们|你|请|麻烦)?(?:打给|打电话给|联系|找|叫|让|派|问|问问)(?:[小老][\u4e00-\u9fff]|别人|其他人)"
    "(?:吧|去|问问|看看|好了)*"
)
_LOCKED = "门(?:锁着|锁了|锁|关着)[ ,]*(?:里面|家里)?没(?:有)?人(?:在|应|开)?"
_CALL_ON = "(?:你们|你|请|麻烦)?(?:打给|打电话给|联系|找)[小老][\u4e00-\u9fff]吧"
_WARD = "(?!1[12][0-9](?![0-9]))[1-9][0-9]{2,3}"
"""A door; 110, 119 and 120 are not."""

_CHINESE: Mapping[Standing, Mapping[Action | Outcome, tuple[str, ...]]] = {
    Standing.ASKED: {
        Action.ACCEPT: (
            (
                f"好啦|由{_ME}(?:处理|去|来|负责)?|{_ME}?现在就(?:走|去)|人?(?:已经|已)?在路上|{_ME}?(?:这边)?马上安排(?:过去)?|"
                f"接手|领了|揽(?:下|了)+|使得|必须的?|麻溜(?:就)?(?:到|去)|即(?:刻)?(?:去|到|来)|{_ME}来处理(?:吧|你们忙)*|{_ME}来{_OVER}|得[嘞勒咧]|"
                f"{_ME}(?:先|这就|马上)?(?:过去|去)[ ,]*"
                f"(?:到了(?:再)?(?:联系|说|回话)|有(?:啥|什么)?(?:情况|事)(?:再|就)?(?:说|联系|汇报))"
            ),
            f"(?:没关系|不要紧|不碍事)[ ,]*{_ME}(?:去|来|过去)(?:吧|就行)*|{_ME}?接得了",
            (
                f"(?!.*(?:别人|她|他|谁))[\\u3400-\\u9fff]{{2,4}}(?:小区|花园|新村){_ME}(?:很)?熟[ ,]*{_ME}"
                f"(?:马上|这就)?(?:去|"
                f"来|过去)(?:吧)?"
            ),
        ),
        Action.DECLINE: (
            f"{_ME}?(?:实在|真的|真|就|所以)*(?:[去来]不了|过不去|走不开|没法去|没空去?){ENDS}",
            *REASONS_NOT_TO_COME,
            f"(?:{_CALL_ON}|{_ME}?没戏){ENDS}",
            f"{_ME}?(?:今天|今晚|现在)*(?:不|没)(?:当班|上班|值班|在班)(?:的)?[ ,]*{_CALL}",
            (
                f"{_ME}?(?:人|正|还|现在)*在医院(?:里)?(?:陪|照顾|看|守)(?:着|护)?(?:我)?(?:家)?"
                f"(?:妈|爸|老公|老婆|孩子|儿子|女儿|婆婆|公公|家人){ENDS}"
            ),
            (
                f"(?!.*(?:不(?:让|许|能|会|是)|如果|要是|怕|别人|她|他|吗|么|谁|哪))(?:{_ME}|家里|就|在)*"
                "[0-9]{1,2}(?:点|楼|个人|号楼)[\\u3400-\\u9fff]{1,9}[ ,]*(?:我)?(?:去不了|走不开|来不了"
                "|过不去)(?:了)?"
            ),
        ),
    },
    Standing.COMING: {
        Action.ACCEPT: (
            _TELL_THERE,
            f"(?:还|暂时)?没(?:有)?到{ENDS}[ ,]+(?:再)?(?:等下|等等|等一下|等会|别(?:再)?派(?:别人|人)?(?:了)?)",
            (
                f"(?:{_IN}|{_CLOCK})?(?:[到去来]不了|赶不到)(?:那么|这么)?(?:快|早|急)?[ ,]+"
                f"(?:还要|还得|要|得|再等|再|大概)*(?:{_IN}|{_CLOCK}到)"
            ),
            (f"(?:仲|还)?在?(?:堵|塞)在路上{ENDS}|塞车[ ,]*等(?:阵|下|一下|等)|{_ME}?要到{ENDS}"),
            f"一会儿?(?:就)?到{ENDS}",
            f"(?:(?:不要|别|不用)催[ ,]*)?{_ME}?(?:在|正在)(?:骑|走|赶|跑)(?:着|车|路)?(?:过去)?{ENDS}",
            f"{_ME}?走错(?:小区|路|楼|门|单元){ENDS}[ ,]*{_ME}?(?:掉头|折回|回头|返回)(?:过来|过去|回来)?{ENDS}",
            (
                "(?:没(?:有)?(?:取消|说不去|不去)|不是(?:去不了|不去|不来))[ ,]+(?:是|只是|就是)?(?:堵车"
                "|堵|路上堵)?[ ,]*"
                f"{_ME}?(?:马上(?:就)?到|在路上|快到|在赶|在骑)(?:了|呢)*"
            ),
            *DELAYS,
            f"电梯(?:太|好|很)?(?:慢|难等)[ ,]*(?:马上|快)(?:就)?(?:到)?{ENDS}|再{_IN}(?:到)?",
        ),
        Action.ARRIVED: (
            f"{_LATE}{_ME}?(?:现在|终于|总算|已经|刚)?到{_OVER}",
            (
                f"(?:[0-9]{{1,2}}(?:号楼|栋|幢|单元))?{_WARD}(?:室|房)?(?:门口)?(?:已经|已)?到(?:了|啦)|"
                f"{_ME}?(?:已经|已)?到{_WARD}(?:室|房)?(?:门口)?(?:了|啦)|"
                f"{_ME}?(?:已经|已)到{_WARD}(?:室|房)?(?:门口)?"
            ),
            f"{_ME}?(?:在|正|正在)?(?:敲门|按门铃)(?:呢|着呢)|到屋(?:头|里)?(?:了|啦){ENDS}",
            f"{_CLOCK}(?:就)?到的|{_ME}?[0-9]{{1,2}}分钟(?:前|以前|之前)(?:就)?(?:已经)?到(?:了|的)",
        ),
        Action.NO_ENTRY: (_LOCKED,),
        Action.DECLINE: ("(?:(?:误接(?:了)?|不好意思|抱歉|对不起)[ ,]*)?取消",),
    },
    Standing.THERE: {
        Action.DONE: (
            (
                f"结束服务|(?:可以|行)[了啦]|(?:处理|弄|搞)(?:ok|o|掂){_OVER}*|嗯?(?:处理|弄|搞|忙)完{_OVER}{_ME}?(?:现在|就"
                f"|先)?(?:回家|回去|走)(?:了)?"
            ),
        ),
        Action.NO_ENTRY: (
            _LOCKED,
            (
                f"{_HER}?(?:不|没)在家[ ,]+(?:敲门)?没(?:有)?人(?:开门|应|开)|"
                f"邻居说{_HER}?[\\u3400-\\u9fff]{{1,8}}[ ,]+(?:家里)?没(?:有)?人(?:在)?(?:家)?"
            ),
            f"(?:喂|{_ME})*敲了(?:好久|半天|很久)(?:的)?门?(?:都)?没(?:有)?人(?:应|开|答应)(?:门)?(?:啊|呢)?",
        ),
        Outcome.HELPED: (
            (
                f"(?:已经|已|以|一|都)*(?:帮助|帮忙|帮组|邦助|帮)(?:好|完|到|过)?{_HER}?{_OVER}|(?:已|以"
                f"|一)(?:帮助|帮组|邦助)"
            ),
            f"{_DENIED}(?:喂[ ,]*)?(?:{_FELL}[ ,]*)?{_LIFTED}{_NO_HARM}",
            f"从地上(?:扶|抱|拉)起来{_OVER}[ ,]*(?:现在)?(?:坐|躺)(?:在)?(?:沙发|床|椅子|轮椅)上?{_OVER}?",
            (
                f"(?:磕|碰|擦|划)(?:了)?(?:一下|破(?:了)?)[ ,]*{_ME}?(?:已经|已|给)?(?:她|他)?(?:擦|涂"
                f"|上)(?:了|过)?药{_OVER}?"
            ),
            (
                f"(?:已经|已|我|在家)*(?:帮|给){_HER}(?:弄|换|处理|包扎|收拾|擦药|洗|擦){{1,2}}好?{_OVER}"
                f"(?:药|包扎好了)*"
            ),
            f"(?:[^,不没]{{1,6}}(?:了|来|动)[ ,]*)?{_ME}?{_WITH_HELP}[ ,]*(?:把(?:她|他))?扶起来{_OVER}",
        ),
        Outcome.FALSE_ALARM: (
            f"(?:是)?{_HER}?睡着(?:了)?(?:按|压|碰)(?:到|着)(?:的|了)?|(?:误|悟)(?:按|安|案)(?:的|了)?|(?:小)?(?:孙子|孙女|孩子|娃)(?:按|碰|摁)的",
            (
                f"(?:嗯)?(?:{_NOTHING}|{_NO_FALL})(?:没事)*[ ,]*(?:{_HER})?(?:就|只)?(?:是)?{_PRESSED}(?:{_ME}"
                f"(?:已经)?(?:回来|"
                f"走|回去)了)?"
            ),
        ),
        Outcome.HOSPITAL: (
            f"{_ILL_BEFORE}?(?:{_TAKEN}|{_FETCHED})(?:[ ,]+(?:120来的|骨折|家属也到了|女儿也跟着去了))?",
            f"叫了120[ ,]*(?:已经|已)?送医院{_OVER}|(?:已到|已经到|在)医院{_OVER}?[ ,]+(?:在急诊|家属也(?:到|来)了)",
            f"(?:人)?(?:拉|接|送)走{_OVER}[ ,]*(?:120|救护车)(?:来的|拉的)?",
        ),
    },
}

_ENGLISH: Mapping[Standing, Mapping[Action | Outcome, tuple[str, ...]]] = {
    Standing.ASKED: {
        Action.ACCEPT: (
            "i accept (?:the|this) (?:case|call|job|task|alarm|order|one)|mine",
            "confirm(?:ed|ing)?|right away(?: sir| maam)?",
        ),
        Action.DECLINE: (
            f"(?:so |very )*sorry,? ?(?:{I_AM} |i )busy(?: now)?",
            "(?:next|another|someone else|another person)(?: one)? (?:please|pls)|(?:on )?(?:sick|annual) leave",
            "(?:regret|apologies),? ?(?:i )?(?:cannot|cant|can not)(?: come| make it)?",
            (
                "i (?:would like|want|wish)(?: to)?(?: (?:go|come|help))?,? ?but,? ?(?:sorry )?i (?:really )?(?:cant|"
                "cannot|can not)(?: (?:go|come))?"
            ),
        ),
    },
    Standing.COMING: {
        Action.ACCEPT: (
            f"(?:sorry,? ?)?(?:{I_AM} |will be )?late,? ?[0-9]{{1,2}} ?min(?:ute)?s?(?:,? ?sorry)?",
            *DELAYS_IN_LETTERS,
            "(?:i |i have |im |i am )?not (?:yet )?(?:arrived?|there|reach(?:ed)?)(?: yet)?",
            f"(?:{I_AM} )?still (?:on|in) (?:the )?(?:bus|train|mrt|taxi|car|way)|[0-9]{{1,2}} more min(?:ute)?s?",
            (
                "(?:ok,? ?)?(?:(?:i )?will |ill )reply 3(?: when (?:there|i (?:arrive|reach)|arrived))?|"
                "(?:ok,? ?)?reply 3 when (?:there|"
                "i (?:arrive|reach)|arrived)"
            ),
        ),
        Action.ARRIVED: (
            f"(?:{I_AM} )?there now",
            "(?:i )?(?:arrive|arrived|reach|reached)(?: already| now)?|(?:here,? ?)?knocking|at (?:the )?door now",
        ),
    },
    Standing.THERE: {
        Action.DONE: ("(?:mission|task|job|work|service)(?: is)? (?:completed?|done|finished|over)|all clear",),
        Action.NO_ENTRY: (
            "knock(?:ed|ing)?(?: for)? [0-9]{1,2} min(?:ute)?s?,? ?no (?:answer|one|body|response)",
            "door (?:is )?lock(?:ed)?,? ?no ?(?:one|body)(?: home)?|no entry",
        ),
        Outcome.HELPED: (
            "(?:i )?help(?:ed)? (?:her|him)(?: stand)? up,? ?(?:ok|fine) now",
            "gave medicine,? ?(?:she )?ok now|help finish(?:ed)?",
        ),
        Outcome.FALSE_ALARM: (
            (
                "(?:(?:nothing (?:happen(?:ed)?|wrong)|no problem),? ?)?(?:she |he )?press(?:ed)? (?:it )?(?:wrong|"
                "by mistake)"
            ),
            "mistake press|(?:no problem,? ?)?false al[ar]{1,2}m",
        ),
        Outcome.HOSPITAL: (
            (
                "(?:the )?(?:ambulance|120|son|daughter|family) (?:has )?(?:take|took|sent|drive|drove"
                "|brought) (?:her|"
                "him) (?:to )?(?:the )?hospital"
            ),
            "sent (?:her |him )?(?:to )?(?:the )?hospital|(?:she|he) is (?:in|at) (?:the )?hospital now",
        ),
    },
}  # fmt: skip


Rows = Mapping[Action | Outcome, tuple[str, ...]]


def with_more(rows: Rows, standing: Standing, *, english: bool = False) -> Rows:
    """
    The rows of one standing, characters or English, with these beside them. There is no pinyin of these: to learn it
    would cost what all of them cost, and of 1,000 hard forms one needs it.
    """
    beside = (_ENGLISH if english else _CHINESE)[standing]
    return {means: (*rows.get(means, ()), *beside.get(means, ())) for means in dict.fromkeys((*rows, *beside))}
