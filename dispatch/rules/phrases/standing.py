"""
What means one thing only where people stand: "五分钟" of somebody who was asked, "走了" of one who was there.

Rows by standing and meaning, in the manner of `chinese.py` and `english.py`. A row is looked at only where the text
says nothing that is possible there without it, and every piece of the text must then be a row of one meaning, or a
courtesy. So a row needs to be unmistakable there, and nowhere else.
"""

import re
from collections.abc import Mapping
from functools import cache

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.chinese_asides import EXCUSE
from dispatch.rules.phrases.chinese_going import OLD_PERSON, SELF
from dispatch.rules.phrases.english_going import I_AM, MINUTES
from dispatch.rules.phrases.making import made
from dispatch.rules.phrases.meaning import Action, Standing
from dispatch.rules.phrases.on_the_spot import with_more
from dispatch.rules.phrases.pinyin import romanised
from dispatch.rules.phrases.reasons import BESIDE_A_YES
from dispatch.rules.phrases.under_way import (
    CANNOT_COME,
    ENDS,
    IN_MINUTES,
    MET,
    MUST_FIRST,
    NOT_COMING,
    ON_THE_ROAD,
    SO_FAR,
    TELLS_ON_ARRIVAL,
    UNDER_WAY,
)  # fmt: skip

_WAIT = "(?:再)?(?:等等|等着|等|稍等|等会|等会儿)(?:我)?(?:一下|一会儿|一会|会儿|几分钟)?"
_GOING = (
    f"(?:那|好|哦|哎|嗯哪)?(?:{SELF}|马上|这就)(?:马上|现在|这就|先|立刻|就|可以|能|飞奔|捎带脚|顺便|跑)*"
    "(?:去|过去|来|到|过来|赶过去|下去|跑一趟|走一趟|去一趟)(?:吧|啦|就行|就好|就可以|一趟|看看|哈|了)*"
)
_BESIDE_GOING = (
    "(?:不休息|不吃饭|不吃|不睡|不管|不上班|不做饭|不打牌|不忙|不远)了?",
    "没事|没事做|没事闲着|闲着|在|没带钥匙|不能让(?:老人|她|他)(?:等|急)|吃着饭呢|放下就去",
    "不用谢|不客气|没别人的话也没关系",
    f"{SELF}?(?:这边|这里|手头|手上)?(?:刚刚|刚|已经|都)(?:忙|弄|做|干)完(?:了)?",
    *BESIDE_A_YES,
    f"(?:今天|今晚|现在)?(?:是)?{SELF}(?:值班|当班|在班)(?:呢|啊)?|(?:该|轮到){SELF}(?:了)?",
    "(?:正好|刚好)?(?:再|在|就在)(?:附近|傍边|旁边|楼下|隔壁|[一二三四五六七八九十0-9]+号楼)",
    (
        "(?:她家|他家)(?:我)?(?:熟|认识|知道)|(?:不用|唔使|不要|别)(?:找|搵|叫|派)(?:别人|人)|不过|但是|但|"
        "巴适|下雨|外面下雨|路有点远|有点远"
    ),
)
_NAME = (
    "(?:小|老)?(?:王|李|张|刘|陈|杨|赵|黄|周|吴|徐|孙|马|朱|胡|林|郭|何|高|罗|郑|宋|许|韩)(?:姐|哥|"
    "师傅|护士|阿姨|大姐|老师)?"
)
_BUSY = "(?:在|正|正在|还在)?"
_DOUBTFUL = ("堵", "开车", "上门", "康复")
_REASONS = tuple(each for each in EXCUSE if not any(word in each for word in _DOUBTFUL))
"""Who drives, is held up or looks after somebody may be on the way or there."""

_CHINESE: Mapping[Standing, Mapping[Action | Outcome, tuple[str, ...]]] = {
    Standing.ASKED: {
        Action.ACCEPT: (
            *UNDER_WAY,
            "(?:嗯|恩)(?:嗯|恩|那|呐|哪|呢)*",
            "(?:走|整|干|来)(?:起|着|你)|冲|上",
            f"(?:让)?{SELF}(?:上|来)(?:吧)?",
            (
                "(?:可|可以|阔以|行|中|妥|妥妥|好|成|确认|确定|得行|没毛病|没问题|木问题|没有问题|没得问题|"
                "木有问题)(?:的|滴|啊|呀|嘛|呗|吧|哈|嘞|哩|咧)*|收到|得令|遵命"
            ),
            "(?:欧|噢|奥|哦)克|(?:欧|哦)了",
            f"{SELF}?(?:也|很|现在)*(?:不忙|不远|不太远|没事做|没事干|闲着|有空|有时间){ENDS}",
            f"(?:正好|刚好){SELF}?(?:没事|没啥事|有空|闲着|不忙){ENDS}",
            (
                f"{SELF}?(?:家)?(?:就|也)*(?:在|住)(?:她|他|{OLD_PERSON})?(?:家)?(?:的)?(?:附近|旁边|隔壁|对面|楼上|"
                f"楼下){ENDS}"
            ),
            f"{SELF}?(?:正好|刚好|就|也|现在)*(?:再|栽|在)(?:附近|付近|旁边|傍边){ENDS}",
            (
                f"老地方{SELF}?(?:知道|认得){ENDS}|{SELF}?(?:知道|认得|认识|熟悉)(?:她家|他家|那家|那里|那儿|地方|"
                f"路|这家){ENDS}"
            ),
            f"(?:已经|已)?(?:在|正在)?(?:穿鞋|穿衣服|换鞋|换衣服){ENDS}",
            "我(?:曲|取|区|趣)",
            TELLS_ON_ARRIVAL,
            MUST_FIRST,
            "没问题的|无问题|(?:你|您)?等着(?:我)?|(?:我来|我)搞定",
            f"(?:已经|已)?(?:出发|动身){ENDS}",
            f"能|(?:你)?(?:等着|等我)(?:{IN_MINUTES})?(?:就好|就到|啊|哈)?",
            f"{SELF}?(?:刚好|正好)?(?:就)?(?:路过|顺路|经过|在这栋楼|在她家楼下|在他家楼下){ENDS}",
            _GOING,
            (
                f"(?:[^去来接没别如要等完再忙谁人,]{{1,8}}(?:吗|么|不|吧|啊|呢|了)[,?]*)(?:那)?{SELF}(?:马上|现在|"
                f"这就|先|立刻)(?:就)?(?:去|过去|来|到|过来)"
            ),
            f"(?:[^去来接没别如要等完再忙谁人,]{{1,8}}不在吗[,?]*)那{SELF}(?:去|过去)",
        ),
        Action.DECLINE: (
            *_REASONS,
            CANNOT_COME,
            *NOT_COMING,
            (
                f"{SELF}?(?:今天|刚|刚刚|才)*(?:做完?(?:了)?手术|动(?:了)?手术|崴(?:了|到)?脚|扭(?:了|到|伤)?(?:脚|腰)|闪(?:了|到)?腰)"
                f"{ENDS}"
            ),
            f"{SELF}?(?:现在|正|还)*在?(?:回|去)(?:老家|娘家|乡下|外地)的?(?:路上|车上|火车上|高铁上){ENDS}",
            f"{SELF}?(?:出去|外出|出门)?旅游(?:去)?(?:了)?(?:[ ,]*(?:人)?不在)?",
            (
                f"{SELF}?(?:这边|这里|家里|手上)?(?:也|还)*有(?:一个|个|一位)?(?:老人|病人|孩子|娃|客户)(?:要|需要|得|等着)?"
                f"(?:照顾|看|带|护理|伺候|服务|管){ENDS}"
            ),
            f"(?:实在|真|很|非常|太)*(?:不好意思|抱歉|对不起|对不住){ENDS}",
            (
                "(?:不是(?:我)?不想去|不是我不去|说了|想去|本来想去|能去就去了|本来能去的)(?:是|但|可|可是|"
                "现在)?[, ]*(?:真的|真|实在|现在)?(?:去不了|去不成|走不开|不行|来不了)"
            ),
            f"{SELF}?(?:现在|还|正)*在(?:别的|另一个|另外一个|其他)(?:老人|客户)(?:家|家里|那里|那边|那儿){ENDS}",
            f"{SELF}?(?:人)?不在(?:上海|北京|广州|深圳|杭州|南京|成都|武汉|重庆|苏州|天津|西安|城里){ENDS}",
            f"{SELF}?没(?:有)?(?:电动车|电瓶车|自行车|车)(?:骑|开)?{ENDS}|不能|别人吧",
            (
                f"{SELF}?(?:离|住)?(?:得|的)?{SELF}?(?:这边|这里|这)?(?:实在|真的|真|离得|离)?太远{ENDS}"
                "(?:[ ,]*(?:要|得|需要|至少|过去要)?[0-9一二两三四五六七八九十半]*个?(?:多|半)?(?:小时|钟头)"
                "(?:以上|呢|多)?)?"
            ),
            "不中|不成|不可|不太行|不大行|够呛(?:能去)?|悬|难|难办|算了|免了",
            f"{SELF}?(?:人)?(?:不|没)在(?:这边|附近|家|家里|本市|本地|市里|这里|这儿)?{ENDS}",
            (
                f"{SELF}?(?:人)?{_BUSY}(?:外地|老家|外面|国外|外省|乡下|飞机场|机场|高铁上|火车上|高铁站|火车站|"
                f"医院|医院里){ENDS}"
            ),
            f"{SELF}?(?:已经|已|刚|刚刚)*(?:上|坐上)(?:高铁|火车|飞机){ENDS}",
            (
                f"{SELF}?{_BUSY}(?:忙|洗澡|睡觉|旅游|出差|开会|上课|上班|吃饭|做饭|休息|休假|打针|输液|考试|培训|"
                f"带孩子|接孩子)(?:着|中)?{ENDS}"
            ),
            (
                f"{SELF}?(?:已经|已|刚|刚刚|今天|现在|都)*(?:睡|睡下|睡着|躺下|下班|收工|请假|离职|辞职|退休|休假|"
                f"轮休|调休|请了假|不干|不做|回家|骨折|喝酒|喝了酒|"
                f"吃了药)(?:犯困)?(?:了)?(?:今天)?{ENDS}"
            ),
            f"{SELF}?(?:本人)?(?:已经|已|早)?(?:离职|辞职|退休|不[干做](?:这个|这行|这份工作|这份活)?|不在这干|不在这里干){ENDS}",
            f"{SELF}?(?:今天|今晚|现在|这两天|这周|这几天)*(?:在)?(?:放假|补休|休年假|休产假|休病假|请病假){ENDS}",
            f"{SELF}?(?:今天|现在|今晚)?(?:没|不|没有|不用)(?:上班|当班|值班|排班){ENDS}",
            "(?:明天|后天|下周|晚上|下午|下个月)(?:才|再)(?:上班|当班|值班|回来|回去)",
            f"{SELF}?(?:的)?(?:腰|腿|脚|头|胃|肚子|牙|手|膝盖)(?:疼|痛|断|伤|扭|崴)(?:犯|得厉害|的厉害)?{ENDS}",
            (
                f"(?:{SELF})?(?:孩子|儿子|女儿|老公|老婆|我妈|我爸|妈妈|爸爸|家里老人)(?:生病|发烧|病|摔|"
                f"住院)?(?:在|了在)?(?:医院|住院)?{ENDS}"
            ),
            f"{SELF}?(?:手上|手头|手里)?(?:还)?有(?:活|事|别的活|别的事|客人|病人|课){ENDS}",
            (
                f"(?:这个|这|她|他|{OLD_PERSON})?(?:老人)?(?:不是|不归|不属于){SELF}?(?:的)?(?:片区|负责|管|管的|"
                f"负责的|区域|辖区){ENDS}"
            ),
            f"{SELF}负责的不是(?:这边|这里|这片|她|他){ENDS}",
            f"(?:以后)?(?:别|不要)(?:再)?(?:叫|找|派|喊|给|发)(?:给)?{SELF}?(?:发|派|打)?(?:短信|电话|消息|单)?{ENDS}",
            (
                f"(?:要不)?(?:让|叫|找|派|请|换|喊|问|问问|通知|联系){_NAME}(?:去|来|过去|看看)?(?:吧|她近|他近|"
                f"他离得近|她离得近|问问)*"
            ),
            "去不乐|去不辣|不曲|不形|去布了|布去",
            "(?:取消|不要|退)(?:接单|单)",
        ),
    },
    Standing.COMING: {
        Action.ACCEPT: (
            *UNDER_WAY,
            *ON_THE_ROAD,
            *SO_FAR,
            _WAIT,
            "(?:嗯|恩)(?:嗯|恩|那|呐|哪|呢)*",
            "(?:好|知道|明白|了解|晓得|收到)(?:了|的|啦|哒|滴)*",
            (
                f"{SELF}?(?:已经|已|刚|刚刚)?到(?:小区|小区门口|路口|巷口|楼下|楼底下){ENDS}(?:找停车位|停车|找车位|"
                f"等电梯|在等电梯|上楼|爬楼)?"
            ),
            "电梯坏了(?:在)?(?:爬楼|走楼梯|爬楼梯)",
        ),
        Action.NO_ENTRY: (
            f"敲(?:了)?(?:半天|好久|很久|好几遍|几遍)(?:的)?门{ENDS}",
            f"(?:门)?(?:从)?(?:里面|里头|屋里)(?:给)?反锁{ENDS}|(?:她|他|老人)?隔着门(?:说)?不(?:给)?开(?:门)?{ENDS}",
        ),
        Action.ARRIVED: (
            *MET,
            f"(?:{OLD_PERSON}|她|他|家属|保姆|里面)?(?:已经|已|刚|刚刚)?(?:来|给|给我)?(?:开门|开了门|把门开|把门打开)(?:了|啦)",
            (
                f"{SELF}?(?:已经|已|刚|刚刚|现在|人)*(?:到|站在|在)(?:了)?(?:{OLD_PERSON}|她|他)?(?:门口|家门口|"
                f"房门口|屋里|身边|旁边|跟前){ENDS}"
            ),
            "到3",
            f"{SELF}?(?:已经|已|人)?(?:在|到)?(?:现场|{OLD_PERSON}家|她家|他家|屋里)了",
            f"{SELF}?(?:已经|已|刚|刚刚)*(?:倒|道|到|刀)(?:了|乐|辣|啦|拉|喽|咯|嘞|咗|哒)",
            f"{SELF}?(?:已经|已|刚|刚刚|现在|人)*(?:到|在)(?:了)?(?:{OLD_PERSON}|她|他)(?:家|家里|家中){ENDS}",
            f"{SELF}?(?:跟|和|与|同)(?:{OLD_PERSON}|她|他)(?:在)?(?:一起|一块|一块儿){ENDS}",
            f"(?:人|{OLD_PERSON})(?:就)?在{SELF}(?:面前|跟前|旁边|身边){ENDS}",
        ),
        Action.DECLINE: (
            CANNOT_COME,
            "(?:取消|退)(?:接单|单)",
            f"(?:取消|算了|退单|退了)吧?[ ,]*{SELF}?(?:去不了|去不成|过不去|来不了|到不了)了?",
            f"{SELF}?(?:现在)?(?:去不了|来不了|不能去|过不去|到不了)了",
            f"(?:换人|换别人|叫别人|找别人)(?:吧)?(?:{SELF})?(?:不行|去不了|来不了)了?",
        ),
    },
    Standing.THERE: {
        Action.DONE: (
            f"(?:都|全|全都|一切)?(?:好了|好啦|好咯|好喽|好嘞|完|结束|弄好|弄完|搞定|正常|妥){ENDS}",
            f"{SELF}?(?:就|先|已经|已|都)*(?:走|撤|回|回去|离开|收工|出来|回来|下楼|回家)(?:了|啦|咯|喽|嘞)",
            "收工|平安",
            (
                "(?:(?:陪|跟|和|给|帮)(?:老人|她|他)(?!.*(?:不|没))[\\u3400-\\u9fff]{1,8}[ ,]+)"
                "(?:我)?(?:就|先|已经|已)*(?:走|撤|回去|离开|出来|回来)(?:了|啦)"
            ),
            (
                "(?:完成|处理完|处理好|弄好|结束|办完|忙完)(?:了)?[ ,]*(?:并|就|已|已经|我)*(?:离开|走|撤|回去|"
                "返回)(?:了|啦)?"
            ),
            f"(?:{OLD_PERSON}|她|他|人)?(?:都|也)*(?:好得很|好着|好好的|好端端的){ENDS}",
            f"没(?:有|得)?(?:啥|什么)?问题{ENDS}",
            (
                "(?:家属|家里人|家人|儿子|女儿|子女)(?:已经|已|都)?(?:来|到)(?:了)?[ ,]*(?:已经|已)?"
                "交给(?:他们|她们|他|她|家属|家人)(?:了)?"
            ),
            "(?:可以|可|请|能)*(?:关单|销单|结案|销案|关闭|关闭报警|关掉报警)(?:了|吧)*|(?:可以|能|请|麻烦)(?:关|结|销)(?:掉)?(?:了|吧)+",
        ),
        Outcome.HELPED: (
            (
                f"(?:{OLD_PERSON}|她|他|人)?(?:啥|什么)(?:事儿|事)都没(?:有)?{ENDS}|"
                f"没(?:有)?(?:乜|什么|啥)?事体{ENDS}|没乜事{ENDS}"
            ),
            f"(?:{OLD_PERSON}|她|他|人)?精神(?:着|得很|很好|好得很){ENDS}",
            (
                f"(?:已经|已|把|将)*(?:{OLD_PERSON}|她|他|人)?(?:弄|抬|抱|扶|搀|背)(?:到|回|上)"
                "(?:床|沙发|椅子|轮椅)(?:上)?(?:去)?了|(?:已经|已)?(?:搀扶|扶|搀|拉|抱)起来(?:了)?"
            ),
            (
                f"(?:{OLD_PERSON}|她|他)?(?:滑|摔|绊|跌)(?:了)?(?:一跤|一下)[ ,]*(?:人)?没(?:有)?"
                "(?:受伤|伤着|摔伤|摔坏)(?:了)?|"
                "(?:滑下床|滑下来|滑到地上)(?:了)?[ ,]*(?:已经|已)?(?:扶|抱|抬)(?:上去|回去|起来)(?:了)?"
            ),
            f"(?:{OLD_PERSON}|她|他|人)?(?:已经|已|自己|都)*(?:起来|站起来|坐起来|爬起来|扶起来)(?:了|啦)",
            (
                f"(?:已经|已|把|将|给)*(?:{OLD_PERSON}|她|他|人)?(?:已经|已)?(?:扶|抱|搀|背)(?:到|上|回|在|去)?"
                "(?:床|椅子|沙发|轮椅|凳子|躺椅)(?:上)?(?:坐|躺|休息|歇)?(?:下|着|好)?(?:了|啦)"
            ),
            (
                "(?:就|只|只是)?(?:擦|磕|蹭|划|碰)?破(?:了)?(?:一)?点皮[ ,]*(?:已经|已|给|都)*"
                "(?:包扎?|处理|贴|擦药|消毒|上药|涂药)好?(?:了|过了)"
            ),
            (
                "(?:血压|体温|血糖|心率|脉搏)?(?:量|测)?(?:了|过|过了)?[ ,]*(?:血压|体温|血糖|心率|脉搏)(?:量|"
                "测)?(?:了|过|过了)?[ ,]*(?:都|也|还|很|比较)*(?:正常|稳定|平稳|不高)(?:的|了)?"
            ),
            f"(?:{OLD_PERSON}|她|他|人)?(?:啥事|什么事|什么|啥)(?:都|也)?没有{ENDS}(?:就是想聊天|想聊天|就是想说话)?",
            f"(?:{OLD_PERSON}|她|他|人)?没(?:有)?(?:摔|摔着|伤|伤着|事|啥事|大事|大碍){ENDS}",
            (
                f"(?:{OLD_PERSON}|她|他)?(?:的)?(?:状态|精神|情况|身体|血压|体温|脸色|情绪)(?:都|也|还|很|挺|比较|"
                f"一切|还算)*(?:好|不错|稳定|正常|可以|平稳|良好){ENDS}"
            ),
        ),
        Outcome.NOBODY_HOME: (
            f"(?:人|{OLD_PERSON}|她|他)(?:都|也)?(?:不|没)在(?:家里|家|屋里|屋)?(?:呢|啊)?",
            f"(?:{OLD_PERSON}|她|他)(?:出去|外出|出门|上街)(?:买菜|遛弯|散步|打牌|串门|锻炼|买东西)?了",
        ),
        Outcome.FALSE_ALARM: (
            f"(?:是|就是|原来是|只是)?(?:一场|一个)?(?:假的|假警报|假报警|虚惊|乌龙|闹乌龙){ENDS}(?:一场)?",
            f"(?:是)?(?:设备|机器|按钮|报警器|电池)(?:的|有)?(?:问题|故障|没电)(?:了)?(?:报警|误报|报的)?{ENDS}",
            (
                f"(?:是)?(?:{OLD_PERSON}|她|他|小孩子|小孩|孩子|孙子|孙女|娃)?(?:是|就是|说)?(?:好奇|睡觉|翻身)(?:按|压|碰)(?:到|着)?"
                f"(?:的|玩|了)?|(?:是|就是)?(?:试一试|试试|试一下)的|(?:{OLD_PERSON}|她|他)(?:在)?试(?:一试|试|一下)?按钮(?:的|了)?"
            ),
            f"(?:小孩子|小孩|孩子|孙子|孙女|娃)(?:乱)?(?:按|摁|碰)(?:着|了)?玩{ENDS}",
            (
                f"(?:{OLD_PERSON}|她|他)?(?:说)?(?:是)?(?:打扫|收拾|搬东西|擦桌子|换电池|换衣服|洗澡|穿衣服|脱衣服|睡觉|翻身|找东西|"
                "拿东西|充电|摆弄)(?:的)?(?:时候|时)?(?:不小心)?(?:碰|按|压|蹭)(?:到|着|了)(?:按钮|按键)?(?:的|了)?"
            ),
            (
                "(?:设备|机器|按钮|报警器|呼叫器|手环)(?:坏|故障|失灵|没电)(?:了)?[ ,]*(?:自己|老|老是|一直|乱)*"
                "(?:响|报警|叫|报)"
                "(?:的|了)?"
            ),
            f"(?:{OLD_PERSON}|她|他)?(?:说)?(?:是)?(?:不小心)?(?:按|摁|碰|压)(?:错|到|着玩){ENDS}",
            (
                f"(?:是)?(?:猫|狗|小猫|小狗|孩子|孙子|孙女|小孩|娃|宠物|机器|设备|按钮)(?:乱|自己)?(?:碰|按|摁|弄|"
                f"压|踩|误报|响|坏)(?:到|着玩|错)?{ENDS}"
            ),
        ),
        Outcome.HOSPITAL: (
            (
                "(?:120|救护车|急救车)(?:已经|已)?(?:来|到)(?:了)?[ ,]*(?:已经|已)?(?:把)?"
                f"(?:{OLD_PERSON}|人|她|他)?(?:拉|接|带|送)走(?:了)?"
            ),
            f"(?:{OLD_PERSON}|她|他|人)?(?:已经|已)?(?:跟|跟着|坐|坐上|上|随)(?:了)?(?:救护车|120|急救车)(?:一起)?(?:走|去医院|去)?(?:了|啦)",
            f"(?:{OLD_PERSON}|她|他|人)?(?:已经|已)?(?:在|到)(?:了)?(?!.*(?:不|没))[\\u3400-\\u9fff]{{0,4}}医院(?:里)?(?:了|啦)",
            "(?:已|已经)?送(?:到|去|往)?(?!.*(?:不|没))[\\u3400-\\u9fff]{0,4}医院",
            f"(?:{OLD_PERSON}|她|他|人)?(?:120|救护车|急救车)(?:来|到)(?:了)?(?:已经)?(?:拉走|接走|带走|送走)(?:了)?",
            f"(?:{OLD_PERSON}|她|他|人)?(?:已经|已)?(?:转|去|送|到)(?:了)?医院了",
        ),
    },
}

_ROAD = "(?:coming|on (?:my |the )?way|omw|otw|almost there|nearly there|close|near|soon)"
_ENGLISH: Mapping[Standing, Mapping[Action | Outcome, tuple[str, ...]]] = {
    Standing.ASKED: {
        Action.ACCEPT: (
            f"(?!.*(?:hour|sec)){MINUTES}(?: away)?",
            (
                "en(?: ?en)*|k+|ok+|oki+|oc|0k|oke|o了|ojbk|can|can can|ya+ can|can,? ?can|i take|let me go|我go|"
                "ok ?la+h?|我ok|on it|(?:i am |im |i )?(?:nearby|near|"
                "not far|free)"
            ),
        ),
        Action.DECLINE: (
            "er|不ok|no ok|not ok|i quit|i wish i could|(?:i )?(?:no|not|dont) work (?:today|now|anymore)",
            "(?:i )?(?:cannot|cant|can not) (?:leave|get away)(?: now| yet| here| my (?:client|patient|kids?|child))*",
            "(?:so |very |really )*sorry",
            f"(?:{I_AM} )?(?:in|at) (?:the |a )?(?:hospital|church|airport|meeting|school|work)",
        ),
    },
    Standing.COMING: {
        Action.ACCEPT: (
            f"(?:{I_AM} )?(?:still |just )?{_ROAD}",
            f"(?:(?:{I_AM} )?{_ROAD},? ?)?{MINUTES}(?: more| away| left)?",
            f"(?:{I_AM} )?(?:stuck in |in )?(?:heavy )?traffic(?:,? ?{MINUTES})?",
            (
                f"(?:{I_AM} )?(?:in|waiting for|at|on) the (?:lift|elevator|bus|train|mrt|stairs|car|taxi|road|"
                f"traffic light|lobby|gate|car ?park|void deck|block)"
            ),
            f"(?:{I_AM} )?(?:already |just )?downstairs(?: (?:now|already))?",
            f"(?:{I_AM} )?(?:looking for|finding) (?:a )?parking|parking(?: now)?",
            "(?:wait|hold on)(?: for me| please| a moment)?|running late|k+|ok+|noted|thanks?(?: you)?|en+|on it",
        ),
        Action.ARRIVED: (
            f"(?:{I_AM} )?(?:at|outside|in front of|by) (?:her|his|the|their) (?:front )?(?:door|house|flat|home)",
        ),
    },
    Standing.THERE: {
        Action.DONE: (
            "(?:all |ok |okay |job )?done(?: ok)?",
            "(?:all |she is |shes |he is |hes )?(?:ok|okay|fine|good) now",
            f"(?:{I_AM} )?leaving(?: now)?",
            "ok ?(?:了|啦|le|la)|都ok",
        )
    },
}

_COURTESY = (
    "谢谢(?:您|你|了|啦)?|您好|你好|领导|领导好|麻烦(?:您|你)?了?|辛苦(?:您|你)?了?|放心|别急|别催|"
    "请放心|哦+|噢+|啊|sir|maam|please|"
    "thanks?|thank you|lah?|po"
)


def standing_means(plain: str, standing: Standing) -> Action | Outcome | None:
    """What a whole tidy text means of somebody who stands there; None where no row says it, or two meanings do."""
    rows = (*_rows(standing, latin=False), *(_rows(standing, latin=True) if _LATIN.search(plain) else ()))
    found = {means for means, whole in rows if whole.fullmatch(plain)}
    return next(iter(found)) if len(found) == 1 else None


def learn(*, latin: bool) -> None:
    """Makes the patterns of all standings, unless they are made: for characters, or for what has Latin letters."""
    for each in Standing:
        _rows(each, latin=latin)


def learn_for(text: str) -> None:
    """Makes those that this text, as it was written, may need."""
    learn(latin=False)
    if _LATIN.search(text.casefold()):
        learn(latin=True)


_LATIN = re.compile("[a-z]")


@cache
def _rows(standing: Standing, *, latin: bool) -> tuple[tuple[Action | Outcome, re.Pattern[str]], ...]:
    chinese, english = _CHINESE[standing], with_more(_ENGLISH[standing], standing, english=True)
    said = (
        [*with_more(chinese, standing).items()]
        if not latin
        else [*((means, tuple(map(romanised, rows))) for means, rows in chinese.items()), *english.items()]
    )
    return tuple((means, made(_row(rows, _BESIDE_GOING if _GOING in rows else ()))) for means, rows in said)


def _row(rows: tuple[str, ...], beside: tuple[str, ...]) -> str:
    """
    At least one row, with courtesies, and with what may stand beside it, before and behind it. The rows are in it once:
    twice they would take twice as long to learn.
    """
    said = "|".join(f"(?:{each})" for each in rows)
    near = "|".join(f"(?:{each})" for each in beside) or "(?!)"
    around = f"(?:(?:{_COURTESY})(?:[ ,]+|$)|(?:{near})[ ,]*)"
    behind = f"(?:[ ,]*(?:{near})|[ ,]+(?:{_COURTESY}))"
    return f"{around}*(?:(?:{said}){behind}*(?:$|[ ,]+|(?=我|[去来过]不了|走不开|没法去)))+"
