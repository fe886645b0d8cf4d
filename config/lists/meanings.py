"""What words in lists mean: levels of ability, kinds of people and canteens, ways to travel, coordinate systems."""

LEVELS = {
    "能力完好": "fit", "完好": "fit", "自理": "fit", "轻度": "mild", "轻度失能": "mild", "中度": "moderate",
    "中度失能": "moderate", "重度": "severe", "重度失能": "severe", "完全失能": "total", "失能": "severe",
}  # fmt: skip
"""The five levels of GB/T 42195-2022, and how lists abbreviate them."""

CATS = {"独居": "living_alone", "空巢": "empty_nest", "孤寡": "no_kin", "低保": "low_income", "特困": "destitute"}
TALK = {"电话": "phone", "听力差": "hard_of_hearing", "耳背": "hard_of_hearing", "不能说话": "no_voice",
        "失智": "dementia", "不要打电话": "do_not_phone"}  # fmt: skip
TALKS = frozenset(TALK.values())
MEANS = {"步行": "foot", "电动车": "ebike", "电瓶车": "ebike", "自行车": "ebike", "汽车": "car", "开车": "car",
         "foot": "foot", "ebike": "ebike", "car": "car"}  # fmt: skip
DATUMS = {"wgs84": "wgs84", "wgs-84": "wgs84", "gcj02": "gcj02", "gcj-02": "gcj02", "火星坐标": "gcj02",
          "高德": "gcj02", "腾讯": "gcj02"}  # fmt: skip

CANTEENS = {"食堂": "canteen", "长者食堂": "canteen", "老年食堂": "canteen", "助餐点": "point", "就餐点": "point",
            "厨房": "kitchen", "中央厨房": "kitchen", "canteen": "canteen", "point": "point",
            "kitchen": "kitchen"}  # fmt: skip
DEVICES = {"呼叫器": "pendant", "吊坠": "pendant", "按钮": "pendant"}
