"""Cities whose rules were held back while the engine was written: data alone, from the table of the references."""

JURONG = """
[eligible]
age_min = 60
[limit]
meal_types = ["lunch"]
per_meal_type_per_day = 1
[[tier]]
when = { age_min = 60, age_max = 74 }
amount = "1.00"
[[tier]]
when = { age_min = 75, age_max = 84 }
amount = "5.00"
[[tier]]
when = { age_min = 85, age_max = 94 }
amount = "8.00"
[[tier]]
when = { age_min = 95 }
amount = "9.00"
[[tier]]
when = { cats_any = ["dibao", "dibao_margin"] }
amount = "8.00"
[[tier]]
when = { cats_any = ["tekun"] }
amount = "9.00"
"""

XIANGYANG = """
[eligible]
age_min = 60
[[tier]]
when = { age_min = 60, age_max = 79 }
ratio = "0.20"
[[tier]]
when = { age_min = 80, age_max = 89 }
ratio = "0.25"
[[tier]]
when = { age_min = 90 }
pay = "0.00"
"""

SONGJIANG = """
[eligible]
age_min = 65
residence = "310117"
[limit]
meals_per_day = 1
[[tier]]
per = "day"
amount = "2.00"
[[tier]]
when = { age_min = 80 }
per = "day"
amount = "4.00"
[[tier]]
when = { cats_any = ["hardship"] }
per = "day"
amount = "4.00"
"""

PUTUO_EARLIER = """
[eligible]
cats_any = ["class_a", "class_b", "class_c"]
[limit]
meals_per_day = 1
[[tier]]
when = { cats_any = ["class_a"] }
per = "day"
amount = "6.00"
min_price = "15.00"
[[tier]]
when = { cats_any = ["class_b"] }
per = "day"
amount = "2.00"
min_price = "15.00"
[[tier]]
when = { cats_any = ["class_c"] }
per = "day"
amount = "3.00"
min_price = "15.00"
[[delivery]]
when = { cats_any = ["care_grade_2", "care_grade_3", "care_grade_4", "care_grade_5", "care_grade_6"] }
amount = "4.00"
"""

DAZU = """
[eligible]
cats_any = ["low_income"]
[limit]
meals_per_day = 1
[[tier]]
per = "day"
amount = "7.00"
min_price = "12.00"
"""

PUTIAN = """
[eligible]
age_min = 60
[[discount]]
when = { age_min = 60 }
rate = "0.90"
stage = "before"
[[quota]]
amount = "50.00"
expires = "month_end"
[[tier]]
up_to = "quota"
"""

CHUZHOU = """
[eligible]
age_min = 60
[limit]
meals_per_day = 1
[[tier]]
when = { age_min = 60, age_max = 69 }
per = "day"
amount = "1.00"
[[tier]]
when = { age_min = 70, age_max = 79 }
per = "day"
amount = "2.00"
[[tier]]
when = { age_min = 80, age_max = 99 }
per = "day"
amount = "3.00"
[[tier]]
when = { age_min = 100 }
per = "day"
amount = "5.00"
"""

QUANZHOU = """
[policy]
id = "quanzhou"
kind = "retrofit"
title = "泉州市居家适老化改造"
grade = "B"
[[service_fee_tier]]
when = { age_min = 60, age_max = 79 }
ratio = "0.50"
[[service_fee_tier]]
when = { age_min = 80 }
ratio = "0.80"
"""

LIAOCHENG = """
[policy]
id = "liaocheng"
kind = "meal_operator"
title = "聊城市助餐运营补贴"
grade = "C"
[slab]
metric = "elder_meals_per_year"
select = "area"
[[slab.table]]
area = "urban"
rates = [ { from = 7000, to = 9999, lump = "10000.00" }, { from = 10000, to = 12999, lump = "15000.00" }, { from = 13000, lump = "20000.00" } ]
[[slab.table]]
area = "rural"
rates = [ { from = 3500, to = 4999, lump = "10000.00" }, { from = 5000, to = 6499, lump = "15000.00" }, { from = 6500, lump = "20000.00" } ]
"""  # noqa: E501

STATION = """
[policy]
id = "station"
kind = "station_operator"
title = "驿站运营补贴"
grade = "D"
[monthly]
urban_per_person = "30.00"
rural_flat = "2000.00"
rural_flat_below = 80
rural_per_person = "26.00"
star_add = { 3 = "500.00", 4 = "1000.00" }
"""  # the shape is real, the amounts are made up

OPERATOR = """
[policy]
id = "operator"
kind = "meal_operator"
title = "助餐点运营补贴"
grade = "D"
[operator]
per_person_day = "3.00"
"""

CITIES = {
    "operator": OPERATOR,
    "jurong": JURONG, "xiangyang": XIANGYANG, "songjiang": SONGJIANG, "putuo-earlier": PUTUO_EARLIER, "dazu": DAZU,
    "putian": PUTIAN, "chuzhou": CHUZHOU, "quanzhou": QUANZHOU, "liaocheng": LIAOCHENG, "station": STATION,
}  # fmt: skip
