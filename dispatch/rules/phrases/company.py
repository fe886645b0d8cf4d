"""
What may stand beside a plain answer without turning it, for each answer by itself.

"不用再派人了" goes with coming, being there and being done; "请联系家属" with a closed door; "小王离得近" with a
decline. Each pattern is a whole piece between two signs; alone none of them is an answer. `SOFT` pieces may stand only
before a firm answer that comes behind them: "我在忙，但可以过去", "本来想去，现在去不了了".
"""

import re
from collections.abc import Mapping
from functools import cache

from dispatch.rules.phrases.meaning import Action
from dispatch.rules.phrases.pieces import SURNAMES

_N = "(?:[0-9]{1,3}|[一二两三四五六七八九十几半]{1,3})"
_OLD = "(?:老人家?|老太太|老爷子|[王李张刘陈杨赵黄周吴]?(?:奶奶|爷爷|大爷|大妈|阿姨)|她|他)"
_KIN = "(?:家属|家里人|亲属|子女|女儿|儿子|闺女|老伴|保姆|孙子|邻居|她女儿|她儿子|他女儿|他儿子)"
_OTHER = f"(?:他|她|小[一-鿿]|老[{SURNAMES}]|[{SURNAMES}](?:姐|哥|师傅|医生|护士|阿姨|护理|工|总)|同事|别人|其他人|(?<=[让叫派问找给])(?!马上)[{SURNAMES}][一-鿿]{{1,2}})"
_OFFICE = "(?:120|救护车|急救车|急救人员|医生|护士|警察|物业|保安|开锁的?)"

_CALM = (
    f"(?:你们|您|大家)?(?:不用|不必|别|不要|无需|不需要|甭)(?:再|又|另外|着急)*"
    f"(?:找|派|叫|换|安排|喊|通知|联系|打|催|等|让|麻烦|来|担心|急)"
    f"(?:我|其他人|别的人|别人|电话|人|{_OTHER}|救护车|120|护士)?(?:去|来|过去|过来|换|接)?(?:了|啦|吧|哈|啊)*",
    "(?:不需要|不用|无需|不必)(?:叫|要|等|派)?(?:救护车|支援|120|送医|送医院|其他人|别人|增援|帮忙|帮助|人手)(?:了|啦)?",
    f"(?:让|叫|告诉|跟|通知)?{_OTHER}(?:说)?(?:就)?(?:不用|别|不必)(?:再)?(?:去|来|过去|接|跑|出发)(?:了|啦)?",
    "no need (?:for|to (?:call|send|ask|find|get)) (?:anyone|anybody|someone|others|another|an? ambulance|help)(?: else)?",
    "dont (?:call|send|bother) (?:anyone|anybody|others|someone)(?: else)?|no (?:ambulance|one else|help) needed",
)
_WAY = (
    "(?:路上|外面|这边|那边|前面|现在|今天|有点儿?|有些|比较|很|稍微|正|在|又|太|路|就是)*"
    "(?:堵车|堵得?很?|下着?大?雨|下大?雪|路滑|滑|天黑|红灯|红绿灯多?|修路|封路|人多|车多|风大|雪大|雨大|远|难走|有雾)"
    "(?:路滑|了|啊|的|点|一点|着|呢)*",
    f"(?:我|可能|会|要|得|稍微?|估计|恐怕|大概|或许)*(?:晚|慢|迟|耽误)(?:到)?(?:点|一点|一会儿?|一下|{_N}分钟|几分钟|半小时)?(?:到|了|哈)*",
    "(?:再|请|麻烦)?(?:稍等|等我|等等|不急|别急|莫急|稍等一下|等一下|等我一下)(?:啊|哈|下)*|安排|得咯",
    "(?:我)?(?:得|会|要)?(?:慢点|慢慢|小心)(?:骑|开|走)(?:过去|去)?",
    f"(?:我|预计|大概|大约|估计|约)*(?:[01]?[0-9]|2[0-3])点(?:[0-5][0-9]|半)?分?(?:左右|前|以前)?(?:能|可以)?(?:到|到达|赶到)",
    "traffic(?: is|s)? (?:so |very |really )?(?:bad|heavy|terrible|slow|jammed)|heavy traffic|stuck in traffic|bit of traffic",
    "(?:im |i am |i will be |ill be |might be |may be )?(?:running |just |only )?(?:a bit |a little |slightly )?(?:late|slow)",
    "(?:i )?was (?:in the shower|asleep|driving|cooking|on the phone)|rain(?:ing)? here",
    "(?:its )?(?:raining|snowing|rush hour)(?: here| hard)?",
)
_TOLD = (
    "(?:先)?(?:稳住|安抚好?|安慰|照顾好?|看好|陪着?)(?:一下)?" + _OLD,
    f"(?:先|请|麻烦|帮我|帮忙|你们)*(?:让|叫|告诉|转告|跟|和|通知|对|给)(?:一下)?(?:{_OLD}|{_KIN})(?:们)?"
    "(?:说一声|说一下|说声|说|讲|先|一声|一下)*(?:别|不要|不用)?(?:着急|急|害怕|怕|担心|乱动|动|慌|等等|等我|坚持住?|放心|躺好)?(?:啊|哈)*",
    f"{_OLD}(?:先)?(?:别|不要)(?:着急|急|害怕|怕|担心|乱动|动|慌)(?:啊|哈)*",
    "(?:please )?(?:tell|let) (?:her|him|them|(?:mrs|mr|ms|miss) [a-z]+)(?: know)?(?: that)?(?: to (?:wait|stay calm|hold on))?",
)
_READY = (
    "(?:我)?(?:正在|正|在|先)?(?:穿|换|拿|找|取|收拾|带|锁|推)(?:好|个|上|一下)?"
    "(?:鞋子?|衣服|外套|钥匙|药箱|工具|血压计|急救包|东西|车子?)(?:呢|了|着)?",
    f"(?:我)?(?:刚刚|刚才|刚|才|正好|已经)*(?:忙完|送完|干完|做完|吃完|洗完|下课|交接完)"
    f"(?:这边|这里|手头的?|手上的?|这单|这家|饭|餐|澡|班|孩子)*(?:了)?",
    "(?:ive |i have |i |have )?just (?:now )?(?:finished|done)(?: here| work| lunch| dinner| up| eating)*",
    "(?:ive |i have )?(?:just )?(?:getting|got) (?:my )?(?:coat|shoes|bag|keys|bike|ready|dressed)(?: on)?(?: now)?",
)
_AT_WORK = (
    "(?:我)?(?:现在|今天|今晚|也|已经|正|都|虽然|尽管|虽|是|刚刚|刚|还|就|本来|原来|正在|在|有点|正好|刚好)*"
    "(?:不忙|有空|休息|下班|很忙|忙|吃饭|值班|轮休|调休|在家|睡觉|睡了|不当班|不值班|买菜|做饭|上班|下夜班|交班|放假|没车|有点累|累)"
    "(?:着|了|呢|的)*",
    "(?:我)?(?:的)?(?:电动车|电瓶车|自行车|电驴|车子?|手机)(?:没电|坏|爆胎|没油)了",
    f"{_OTHER}(?:现在|今天|说|也|他|她|正|还)*(?:去不了|来不了|没空|不去|不来|没时间|走不开|接不了|不在|在忙|忙|休息|请假|过不去|"
    "赶不到|不能去|不能来|有事|下班|生病|病)(?:了|呢)?",
    "(?:i am |im |a bit |very |quite |really |though |although |even though )*(?:busy|tired|off duty|off today|on break|far|not close)(?: today| now)?",
    "(?!i |we )[a-z]+ (?:cant|cannot|can not|couldnt|isnt able to|wont)(?: go| come| make it| do it| attend)?",
)
_SEND = (
    f"(?:请|可以|麻烦|你们|还是|就|要不|或者|建议|看看)*(?:让|叫|派|找|问问|问下|问一下|问|联系|请|换|给|安排)?{_OTHER}"
    "(?:离得|住得|比较|更|也|就|能|可以|有空|应该|现在|比我|那边|在|正好|说|是|有|离)*"
    "(?:去|来|近|接|接单|处理|过去|试试|看看|有空|行|可以|顺路|附近|没事|有时间|能去|能来)*(?:吧|了|的|呢|点)*",
    "(?:我|俺)?家?的?(?:老公|老婆|爱人|老伴|婆婆|公公|我?妈妈?|我?爸爸?|孩子|小孩|家里|儿子|女儿|孙子)[^,不没说让]{0,3}"
    "(?:不在家|不在|没人看|没人带|没人管|没人照顾|住院|生病|病|发烧|要接|要送|上学|放学)(?:了|呢)?",
    f"(?:赶|走|骑|开车|坐车)*(?:过去|过来|去)?(?:要|得|需要|至少|起码|大概|我|还要|估计|可能)*{_N}个?(?:多|半)?(?:小时|钟头|钟)(?:以后|之后|后|多)?(?:才能?(?:到|行|去|过去|赶到))?",
    f"(?:我)?(?:刚刚|刚才|刚|已经|手上|手头|正|还)*(?:接|有|在做|在跑|做)(?:了|着)?(?:别的|另外的?|其他的?|另一个|一个|别人的)(?:单子?|任务|老人|活|订单)(?:了)?",
    "(?:我)?(?:看到|看见|收到|知道|听到)(?:了|消息|信息|短信|通知)*",
    "(?:我|人)?不在(?:家|本地|附近|市里|单位)?|(?:路上)?堵死了?|(?:这么|太|都这么|都)(?:晚|远|早)了?",
    "(?!i |we )[a-z]+ (?:can|could|will|might|is|s) (?:go|come|help|do it|take it|closer|nearer|free|available|nearby|near)(?: instead| by)?",
    "(?!i |we )[a-z]+ can|(?:please |pls )?(?:send|ask|try|get|call) [a-z]+(?: instead| please)?",
    "(?:my )?(?:car|bike|van)(?: has| is|s)? (?:broke|broken|broken down|broke down|wont start|in the garage)",
)
_TAKEN_BACK = (
    "(?:我)?(?:本来|原本|倒是|倒|是|很|真|也|挺|其实|非常|确实|都)*(?:想|愿意|打算|能|可以|要|准备|答应)(?:要|去|来|接|帮忙|过去|帮)+(?:的|了)?",
    "(?:说好|讲好|答应好)(?:要)?(?:去|来|接)(?:的)?",
    "(?:去|来|能去|想去|可以|行|能|接|愿意)是(?:能去|想去|可以去|可以|行|能|想|能接|愿意|想接|想来)(?:的|去)?",
    "(?:我)?(?:刚才|刚刚|之前|刚|先前|刚还|早上)+(?:是)?(?:说|答应|接|接单|回|点|按|选|同意)(?:了|的|过|单)*(?:去|来|1|接单|能去|可以|好|收到|了)*",
    "(?:我)?(?:刚才|刚刚|是|不小心|手滑|一不小心|误)*(?:接|按|点|选|回|发|接单)(?:错|误)了?(?:单)?",
    "(?:i )?(?:would|d) (?:really )?(?:love|like) to(?: go| help| come)?|(?:i )?(?:really )?(?:want|wanted) to(?: go| help| come)?|i would(?: go| come)?|(?:i )?wish i could(?: go| help| come)?|(?:id|i would) (?:go|come|help)",
    "(?:i )?(?:accepted|pressed|said yes|pressed 1|replied)(?: it| yes)? by (?:mistake|accident)",
)
_THERE = (
    "(?:大|房|单元)?门(?:是|就|一直|本来)?(?:开着|没锁|没关|虚掩|虚掩着)(?:的|呢)?",
    f"(?:{_KIN}|{_OFFICE}|{_OLD})(?:帮忙|帮我|来|给我|给|过来|自己)*(?:开的门|开了门|开门了)",
    f"(?:我|现在|我们)?(?:正在|在|正|开始|先)(?:询问|问|了解|安抚|观察|处理|检查|测|量|急救|扶|查看|看|等(?={_OFFICE}|{_KIN})|给|帮|陪|联系(?={_KIN}|{_OFFICE}))"
    "[^不没未别怎哪吗,]{0,9}",
    "(?:不好意思|抱歉)?(?:来|到)?(?:得)?晚了",
    f"(?:{_OLD})?(?:的)?(?:精神|情绪|状态|意识|神志|情况|气色)(?:还|很|比较|都|挺|也|算|基本)*(?:好|可以|稳定|清醒|不错|正常|清楚|行)(?:的)?",
    f"{_OLD}(?:还|也|都)*(?:能|会|可以)(?:自己)?(?:说话|走动?|动|坐|站|交流|沟通|回答|应)(?:的|了)?",
    f"{_OLD}?(?:无|没有|没|暂无)(?:明显|什么)?(?:外伤|受伤|大碍|骨折|伤|疼痛|不适)",
    "在(?:和|跟|与|同)[^不没未别怎哪吗,]{1,9}",
    f"(?:{_OFFICE}|{_KIN})(?:也|都|已经|已|还|刚|马上|快|正在|在)*(?:没|没有)?(?:到|来|在路上|赶来|过来|在场|在)(?:的路上)?(?:了)?",
    "(?:不好意思)?(?:路上)?堵车?(?:了|得)?(?:晚了?(?:点|一点|一会儿?|几分钟)?)?|晚了(?:点|一点|几分钟|一会儿?)?",
    f"{_OLD}(?:就|还|现在|正)*(?:坐|躺|站|趴)?(?:在|着)[^不没未别里外,]{{1,7}}",
    "(?:she|he|the lady|the man|the resident|mrs [a-z]+|mr [a-z]+) ?(?:is|was|s) (?:on the (?:floor|ground|bed|sofa|chair)|in (?:bed|the bathroom|the kitchen)|sitting|awake|conscious|talking|up|alert)(?: up| down| now)?",
    "(?:now |just )?(?:helping|assisting|checking)(?: now)?",
    "(?:now |just )?(?:helping|checking on|looking after|talking to|assisting|assessing|examining|calming) (?:her|him|them|the resident)(?: up| down| now)?",
    "(?:the )?door (?:was|is) (?:open|unlocked)|waiting for (?:the |an )?(?:ambulance|family|paramedics|doctor|her family|his family)",
    "(?:the |an )?ambulance (?:is )?(?:on (?:the|its) way|coming|called|here)|at [0-9]{1,2}点[0-9]{2}",
)
_OVER = (
    f"(?:已|已经|也|都)*(?:跟|和|与|向|由|经|同)?(?:{_OLD}|{_KIN})?(?:本人)?(?:确认|核实|说明|沟通)(?:过|好|了|无误)*",
    f"{_KIN}(?:已经|已|也|都|在|来|正|现在|过来)*(?:陪同|陪护|陪着|陪|到|来|在|接手|照顾|照看|在场|在家)(?:了|中|呢|着)*",
    f"{_OLD}?(?:自己)?说(?:是|她|他)*(?:按错|不小心|误按|误碰|碰到|没事|没什么事|不用)[^不没未,]{{0,4}}",
    f"(?:已经|已|都|也)?(?:帮|给|为|替)?{_OLD}?(?:换|修|装|充|调|喂|洗|擦|翻|量|做|买|倒|清理|收拾|打扫)(?:好|了|完|过)+[^不没未坏,]{{0,6}}",
    "(?:设备|按钮|机器|呼叫器|手环|线路|电池|腕表|报警器)(?:故障|误报|没电|坏|松动|接触不良|老化|有问题|误触)(?:了|引起|导致|的)*(?:误报|报警)?",
    f"{_OLD}?(?:自己|已经)*(?:起来|站起来|坐起来|爬起来)(?:走动|坐下)?了?",
    "(?:she|he) ?(?:is|was|s) (?:up|ok|fine|resting|asleep|sitting|in bed|with (?:her|his) (?:son|daughter|family))(?: now| again)?",
)
_OUTSIDE = (
    f"(?:请|麻烦|快|赶紧|能|你们|帮我|帮忙|得|需要|要)*(?:联系|通知|找|叫|问|打给|打电话给|让|给)(?:一下|下)?"
    f"(?:{_KIN}|{_OFFICE}|{_OLD}|站长)(?:一下|下)?(?:打电话|打个电话|回电|来开门|开门|开一下门|过来|送钥匙|送钥匙来|问密码|来|来一趟)*(?:吧)?",
    "(?:请|麻烦|快|帮我)*(?:给|发|送|告诉|告知|提供|问|要)(?:我|一下|下|个|把)*(?:密码|钥匙|门禁|门卡|门禁卡|门禁密码|开门密码|单元门密码)(?:来|过来|吧|一下)*",
    "(?:门禁|开门)?密码(?:是)?(?:多少|几|什么)|钥匙在(?:哪|哪里|哪儿)",
    "(?:需要|要|得|只能|必须|请|是不是要|要不要|要不)(?:叫|找|请|打)?(?:个)?(?:开锁|钥匙|密码|门禁卡|门卡|撬门|破门|报警|人开门|等家属)(?:的|师傅|公司|人员|吗)*",
    "(?:现在|这|那|我|该|应该)*(?:怎么办|咋办|怎么进|怎么进去|咋整|怎么弄|等指示|如何处理)(?:好|啊|呀|呢)*",
    f"(?:给|打)?(?:{_OLD}|家里|座机)?(?:的)?(?:打)?(?:电话|手机|座机)(?:也|都|一直|打了)*(?:没人接|打不通|不接|没接|关机|无人接听|没人应|无人接)(?:了|听)?",
    "(?:我)?(?:现在|已经|已|人|就)*(?:在|到|到了)(?:她家|他家|老人家)?(?:的)?(?:门口|楼下|单元门口|小区门口|单元门|门外|大门口)(?:了|呢)*",
    f"(?:{_OLD}|里面|屋里|家里)(?:好像|似乎|应该|可能|一个人|人|是|就|还|现在)*(?:在里面|在家|在屋里|在里头|听不见|听不到|耳背|耳朵不好|睡着了?|睡了|"
    "有人|有动静|有声音|没人|没动静|没声音|没反应)(?:喊|叫|说话|应|的|呢|了)*",
    "(?:i am |im )?(?:outside|at (?:the |her |his )?(?:front )?door)(?: now)?|(?:nobody|no one)(?: is|s)? (?:at )?home",
    "(?:i )?need (?:the |a |an )?(?:door |entry |gate )?(?:code|key|keys|locksmith)(?: please)?|what (?:should|shall|do|can) i do(?: now)?",
    "(?:please |pls )?(?:call|contact|phone|ring) (?:the |her |his )?(?:family|son|daughter|neighbour|neighbor|relatives)(?: please)?",
    "(?:i )?(?:can|could) (?:hear|see) (?:her|him|someone|the tv)(?: inside| in there| calling)?|(?:the )?(?:light|lights|tv) (?:is|are) on",
    "(?:she|he)(?: is|s)? (?:inside|not answering(?: (?:the|her|his) phone)?)|no answer(?: on the phone)?",
)

_BESIDE: Mapping[Action, tuple[str, ...]] = {
    Action.ACCEPT: (*_CALM, *_WAY, *_TOLD, *_READY),
    Action.DECLINE: _SEND,
    Action.ARRIVED: (*_CALM, *_THERE),
    Action.DONE: (*_CALM, *_OVER),
    Action.NO_ENTRY: _OUTSIDE,
}
_SOFT: Mapping[Action, tuple[str, ...]] = {Action.ACCEPT: _AT_WORK, Action.DECLINE: _TAKEN_BACK}

PIECE_MAX = 40
"""Signs of such a piece."""


@cache
def _patterns() -> Mapping[tuple[Action, bool], re.Pattern[str]]:
    """Made when the first text needs them: after every other way of reading it."""
    sets = ((said, soft) for said, soft in ((_BESIDE, False), (_SOFT, True)))
    return {(action, soft): re.compile("|".join(said[action])) for said, soft in sets for action in said}


def stands_beside(action: Action, piece: str, *, soft: bool = False) -> bool:
    """Whether this piece may stand beside such an answer; `soft`, whether only before a firm one."""
    pattern = _patterns().get((action, soft))
    return pattern is not None and len(piece) <= PIECE_MAX and pattern.fullmatch(piece) is not None
