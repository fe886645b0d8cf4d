"""
Slips that sound right: "码上" is "马上", "以经" is "已经". Voice input and pinyin keyboards write them.

Only the words that matter are mended, where the text has their sound and at least one of their signs, and where what
stands there is no word of its own.
"""

import re

_WORDS = (
    "马上 立刻 立即 已经 出发 路上 过去 赶过去 接单 收到 处理 完成 结束 搞定 解决 去不了 去不成 来不了 走不开 没空 "
    "没时间 不能去 到不了 接不了 休息 请假 生病 别人 分钟 小时 现在 正在 敲门 开门 进不去 打不开 密码 门锁 老人 "
    "救护车 到达 到现场 不方便 抱歉 附近 现场 前往 动身 安排 "
)
_READINGS = (
    "an鞍氨安俺按暗岸胺案 bao苞胞包褒薄雹保堡饱宝抱报暴豹鲍爆 bian鞭边编贬扁便变卞辨辩辫遍 bie鳖憋别瘪 "
    "bing兵冰柄丙秉饼炳病并 bu捕哺补埠不布步簿部怖 chang昌猖场尝常偿肠厂敞畅唱倡 che车扯撤掣彻澈 "
    "cheng撑称城橙成呈乘程惩澄诚承逞骋秤 chu初出橱厨躇锄雏滁除楚础储矗搐触处畜 da搭达答瘩打大 "
    "dan耽担丹单郸掸胆旦氮但惮淡诞弹蛋 dao刀捣蹈倒岛祷导到稻悼道盗 ding丁盯叮钉顶鼎锭定订 dong东冬董懂动栋侗恫冻洞 "
    "fa发罚筏伐乏阀法珐 fang坊芳方肪房防妨仿访纺放 fen芬酚吩氛分纷坟焚汾粉奋份忿愤粪 "
    "fu佛夫敷肤孵扶拂辐幅氟符伏俘服浮涪福袱弗甫抚辅俯釜斧腑府腐赴副覆赋复傅付阜父腹负富讣附妇缚咐 "
    "gan干甘杆柑竿肝赶感秆敢赣 gao篙皋高膏羔糕搞镐稿告 guo锅郭国果裹过 hu呼乎忽瑚壶葫胡蝴狐糊湖弧虎唬护互沪户 "
    "ji击圾基机畸稽积箕肌饥迹激讥鸡姬绩缉吉极棘辑籍集及急疾汲即嫉级挤几脊己蓟技冀季伎祭剂悸济寄寂计记既忌际妓继纪藉 "
    "jia嘉枷夹佳家加荚颊贾甲钾假稼价架驾嫁茄 "
    "jian歼监坚尖笺间煎兼肩艰奸缄茧检柬碱硷拣捡简俭剪减荐鉴践贱见键箭件健舰剑饯渐溅涧建 "
    "jie揭接皆秸街阶截劫节杰捷睫竭洁结解姐戒芥界借介疥诫届 jin巾筋斤金今津襟紧锦仅谨进靳晋禁近烬浸尽劲 "
    "jing荆兢茎睛晶鲸京惊精粳经井警景颈静境敬镜径痉靖竟竞净 jiu揪究纠玖韭久灸九酒厩救旧臼舅咎就疚 "
    "jue嚼撅攫抉掘倔爵觉决诀绝 kai开揩楷凯慨 ke坷苛柯棵磕颗科壳咳可渴克刻客课 kong空恐孔控 lai莱来赖 "
    "lao捞劳牢老佬姥酪烙涝潦 li厘梨犁黎篱狸离漓理李里鲤礼莉荔吏栗丽厉励砾历利傈例俐痢立粒沥隶力璃哩 "
    "liao撩聊僚疗燎寥辽了撂镣廖料 lu芦卢颅庐炉掳卤虏鲁麓碌露路赂鹿潞禄录陆戮 ma妈麻玛码蚂马骂嘛吗 "
    "mei玫枚梅酶霉煤没眉媒镁每美昧寐妹媚 men门闷们 mi眯醚靡糜迷谜弥米秘觅泌蜜密幂 neng能 pai拍排牌徘湃派 "
    "qian牵扦钎铅千迁签仟谦乾黔钱钳前潜遣浅谴堑嵌欠歉 qiao橇锹敲悄桥瞧乔侨巧鞘撬翘峭俏窍 "
    "qing青轻氢倾卿清擎晴氰情顷请庆 qu趋区蛆曲躯屈驱渠取娶龋趣去 ren壬仁人忍韧任认刃妊纫 shang墒伤商赏晌上尚裳 "
    "shen砷申呻伸身深娠绅神沈审婶甚肾慎渗什 sheng声生甥牲升绳省盛剩胜圣 "
    "shi匙师失狮施湿诗尸虱十石拾时食蚀实识史矢使屎驶始式示士世柿事拭誓逝势是嗜噬适仕侍释饰氏市恃室视试似 "
    "shou收手首守寿授售受瘦兽 shu蔬枢梳殊抒输叔舒淑疏书赎孰熟薯暑曙署蜀黍鼠属术述树束戍竖墅庶数漱恕 "
    "suo蓑梭唆缩琐索锁所 wan豌弯湾玩顽丸烷完碗挽晚皖惋宛婉万腕 wang汪王亡枉网往旺望忘妄 "
    "xi昔熙析西硒矽晰嘻吸锡牺稀息希悉膝夕惜熄烯溪汐犀檄袭席习媳喜铣洗系隙戏细 "
    "xian掀锨先仙鲜纤咸贤衔舷闲涎弦嫌显险现献县腺馅羡宪陷限线 xiao萧硝霄哮嚣销消宵淆晓小孝校肖啸笑效 "
    "xiu休修羞朽嗅锈秀袖绣 "
    "yi一壹医揖铱依伊衣颐夷遗移仪胰疑沂宜姨彝椅蚁倚已乙矣以艺抑易邑屹亿役臆逸肄疫亦裔意毅忆义益溢诣议谊译异翼翌绎 "
    "zai栽哉灾宰载再在仔 zheng蒸挣睁征狰争怔整拯正政症郑证 zhong中盅忠钟衷终种肿重仲众 zou邹走奏揍 "
)
"""
Each syllable of these words with the common characters that are read so first (level 1 of GB 2312-1980, 3,755
characters; the readings are those of pypinyin, against which a test holds them).
"""

_OWN_WORDS = frozenset({"触发", "出力", "陆上", "一经", "先在", "结单", "借单"})
"""What sounds like one of the words and means itself."""

SOUND = {char: syllable for syllable, chars in re.findall("([a-z]+)([\u4e00-\u9fff]+)", _READINGS) for char in chars}


def _by_sound() -> dict[tuple[str, ...], str]:
    return {tuple(SOUND[char] for char in word): word for word in _WORDS.split()}


_WORD_OF = _by_sound()
_LONGEST = max(map(len, _WORD_OF))


def mended(plain: str) -> str:
    """The tidy text with such slips mended; the longest word first from the left."""
    said, at = "", 0
    while at < len(plain):
        word = _word_at(plain, at) or plain[at]
        said, at = said + word, at + len(word)
    return said


def _word_at(plain: str, at: int) -> str | None:
    for length in range(_LONGEST, 1, -1):
        written = plain[at : at + length]
        word = _WORD_OF.get(tuple(SOUND.get(char, "") for char in written))
        if word and written not in _OWN_WORDS and any(a == b for a, b in zip(word, written, strict=True)):
            return word
    return None
