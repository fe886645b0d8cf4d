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
    "bai拜百 ban板 bao保 beng甭 bi必 bian遍 bin滨 bo伯 bu补 cai蔡 can参 cang沧 cao曹 ceng曾 "
    "cha插 chan产 chang昌 chao超 cheng城 chi迟 chong冲 chuan穿 chun春 ci伺辞 cui催崔 cun村 "
    "da搭 dai戴 dan耽郸 dang挡 dao倒岛 deng邓 di低第 dian店 diao吊 ding丁顶 diu丢 dong东栋董 du度杜 "
    "duan段 er尔 fan樊范返 fei肥 feng冯风 fu付傅福赴 ge各哥葛 gong公龚 gu骨 gua刮挂 guang广 gui归贵 "
    "hai嗨 han憾汉涵邯韩 hang杭 hao号郝 he合呵贺 hei嘿黑 heng衡 hou侯候 hua滑话 huang皇 ji既济 jia加贾 "
    "jian件 jiang姜江蒋 jie姐 jin劲津金 jing敬竟 jiu久 jue觉 ka卡 kang康 kao考 kong孔 kou扣 kun昆 "
    "lan兰拦 lao劳姥 lei雷 leng冷 li力 lian连 liang梁谅辆 liao料疗 ling灵 long龙 lu卢陆 luo络落 "
    "lv吕虑 man慢满 mao毛 mei妹 meng孟 mi米 min敏 mo摩 nan南 nao闹 nian年 ning宁拧 niu扭牛 nong农 "
    "pai拍 pan潘 pei配 peng彭 pi匹 qian千签遣钱 qin秦 qing庆青 qiu邱 qu取 quan权 re热 ri日 sha厦 "
    "shan善山闪 shang裳 shao邵 she舍 shen婶沈深 sheng剩 shi使史失施 shu恕暑术输 shuan拴闩 shui水 "
    "shuo说 song宋 su宿苏诉 sui虽 tai台 tan探谭 tang唐汤烫 tao陶 ti提 tian添田 tiao条 ting听 tuo托 "
    "wan万 wang望汪网 wei卫微慰胃魏 wen文温纹 wu武物 xi席悉西 xia夏 xian县闲 xiang向响箱 xiao效肖 xie些鞋 "
    "xin新 xing幸邢醒 xiong熊 xu许 xue薛雪 ya亚牙 yan严盐眼阎 yang样阳 yao姚 ye业叶液 yi衣遗 yin尹音 "
    "ying影 yong拥 you又 yu余雨 yuan圆援袁 yue月 zao早 zha扎 zhao招 zhe折 zhen圳 zheng证郑 "
    "zhi吱志支职至 zhou州 zhu注 zong总 zou邹 zu租 "
    "ca擦 qi戚 wa娃 "
    "jie街 "
    "ban伴 bo搏膊 chuang幢 gai盖 ge胳 hai害 he核 ju居 li厉 lin邻 lv率 mai脉 mu姆 suan酸 tai抬 "
    "tang糖 tong痛 xi膝 zhong肿 "
    "ban般 ben奔 gan敢 gui闺 qi齐 wu勿 xuan选 xun寻 ye夜 ze择 "
    "ai爱 chi池 chong充 dai代 dang档 di底 fu妇 gou沟 huan环 hun婚 ji纪 kuai筷 lei勒 liao撂 "
    "ling龄 lv旅 peng朋 qi器期 reng扔 sang丧 shi释 shu数 sui岁 wan碗 xi习媳 xian线 xie写 xue学 "
    "you友游 zai载 zhuang装 zi字 "
    "kuai块 shu熟 zhuan专 "
    "ji挤 "
)
"""Each syllable with the characters of the patterns that are read so."""

READ_SO = {char: syllable for syllable, chars in re.findall("([a-z]+)([\u4e00-\u9fff]+)", _READINGS) for char in chars}
"""Characters of the patterns with their syllables."""

_HAN = re.compile("[\u4e00-\u9fff]")


def romanised(pattern: str) -> str:
    """The same pattern over small letters without tones; a blank may stand behind each syllable, and none need to."""
    return _HAN.sub(lambda found: READ_SO.get(found[0], found[0]) + " ?", _apart(pattern.replace("不了", "不辽")))


def _apart(pattern: str) -> str:
    # A repeated or optional sign becomes a group, because its syllable has several letters.
    return re.sub("([\u4e00-\u9fff])([?+*]|\\{)", r"(?:\1)\2", pattern)
