"""The Chinese patterns once more, as a phone without Chinese writes them."""

import re

_READINGS = (
    "a啊阿 ai哎唉碍 an俺安按案 ba八吧把 bai白 ban办半班 bang帮 bao包报抱爆 bei北呗备被 ben本 bi壁比毕闭 "
    "bian便边 bie别 bing并病 bo拨 bu不步部 cai才 cao操 ce厕测 cha察差查 chan搀 chang场常 che撤车 chen陈 "
    "cheng成程 chi吃 chong重 chou抽 chu出处楚触 chuang床 ci次此 cong从 cuo错 da哒大打答达 dai带待 dan但单担 "
    "dang当 dao到导盗道 de得的 deng等 di地抵滴 dian点电 diao掉 ding定 dong动 dou都 du堵肚 duan断 dui对队 "
    "dun顿 duo多 e呃额 ei欸诶 en嗯恩 er二儿而 fa发法 fan反烦翻饭 fang房放方防 fei非飞 fen分 "
    "fu复夫扶抚服舒负附 gai改概该 gan干感赶 gang刚岗 gao告搞高 ge个隔 gei给 gen跟 gong功工 gou够 gu估顾 "
    "guan关管 guo国过郭 ha哈 hai孩海还 han喊 hao好 he何和喝盒 hen很 hou后 hu呼户护胡 huai坏怀 huan换 huang黄 "
    "hui会回 huo活火 ji几即及基己急机计 jia假家 jian建检见间 jiang将 jiao交叫脚较 jie借接结解 "
    "jin今尽禁紧近进 jing京惊精经警静 jiu九就救酒 ju具拒距 jue决绝 jun均 kai开 kan看 ke刻可客课 ken肯 "
    "kong恐空 kou口 ku苦 kuai快 kuang况 la啦拉 lai来 lao老 le了 lei嘞 li利李理离立里 lia俩 lian联 "
    "liang两良量 liao辽 lie咧 lin临林 ling另铃领 liu六刘溜 lo咯 lou喽楼 lu路 luan乱 lun轮 luo罗 lv驴 "
    "ma嘛妈码马麻 man蛮 mang忙 mao冒锚 me么 mei没 men们门 mi密 mian面 ming命明 mo莫 mu目 na呐拿那 nai奶 "
    "nan难 ne呢 nei内 neng能 ni你 niang娘 nin您 niu钮 nong弄 nv女 o哦噢 pa怕 pai排派 pang旁 pao抛跑 pei培陪 "
    "peng碰 ping平瓶 po婆 qi七其启弃起骑 qian前歉 qiao敲 qie且切 qin亲 qing情清请 qu区去 quan全 que确 ran然 "
    "rang让 ren人任认 ru入 sa撒 sai噻 san三 sha啥沙 shang上伤 shao烧稍 she设 shen什神身 sheng生省 "
    "shi世事匙十士始实室市师拾时是石试适 shou受守手收 shu叔属束 shua刷 shuai摔 shui睡 shun顺 si四思死 song送 "
    "su速 suan算 sui随 sun孙 suo所索锁 ta他她它 tai太态胎 tang趟躺 teng疼腾 ti体题 tian天 tiao调 tie铁 "
    "ting挺 tong同通 tou头 tu途 tui推腿退 tuo妥脱 wa哇 wai外崴 wan婉完晚玩 wang亡往忘王 wei为位喂 wen稳问 "
    "wo喔我 wu五务午吴吾屋无误 xi息洗系 xia下 xian先现 xiang乡想象 xiao小晓消销 xie谢 xin心辛 xing行 xiu休修 "
    "xu徐绪虚需 xue血 xun训 ya压呀 yang恙杨 yao腰药要钥 ye也爷 yi一以医姨已意椅移议驿 yin因 ying应赢 yo哟 "
    "yong用 you右呦有由 yu与于预 yuan元员愿远院 yue约 yun孕晕 zai再哉在 zan咱暂 zao澡 ze责 zen怎 zhan站 "
    "zhang张长 zhao找照赵 zhe着这 zhen真诊针 zheng征整正 zhi之值只直知置 zhong中终钟 zhou周 zhu主住助朱 "
    "zhua抓 zhuan转 zhuang庄状 zhun准 zi子自 zou走 zu组 zui最 zun遵 zuo作做坐左 "
    "ling令 xin信 yuan原 sheng声 zhi指 chou瞅 qiao瞧 duan短 jiang讲 "
)
"""Each syllable with the characters of the patterns that are read so."""

_SOUNDS = {char: syllable for syllable, chars in re.findall("([a-z]+)([\u4e00-\u9fff]+)", _READINGS) for char in chars}
_HAN = re.compile("[\u4e00-\u9fff]")


def romanised(pattern: str) -> str:
    """The same pattern over small letters without tones; a blank may stand behind each syllable, and none need to."""
    return _HAN.sub(lambda found: _SOUNDS.get(found[0], found[0]) + " ?", _apart(pattern.replace("不了", "不辽")))


def _apart(pattern: str) -> str:
    # A repeated or optional sign becomes a group, because its syllable has several letters.
    return re.sub("([\u4e00-\u9fff])([?+*]|\\{)", r"(?:\1)\2", pattern)
