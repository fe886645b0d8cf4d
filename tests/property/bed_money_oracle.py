"""
Bills, visits and beds of a month counted again from what is exported, by another way than the program's own: plain
rows, decimals, one pass, no code of `schedules/money`.
"""

from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")


def yuan(fen):
    return Decimal(fen) / 100


def rounded(amount):
    return amount.quantize(FEN, ROUND_HALF_UP)


def voucher_month(rule, bills):
    """What each bill gets: rows of `day`, `kind`, `lines` (each `yuan`, `counts`), in the order of their days."""
    left, got = Decimal(rule["month_cap"]), {}
    for bill in sorted(bills, key=lambda each: (each["day"], each["id"])):
        counts = sum((line["yuan"] for line in bill["lines"] if line["counts"]), Decimal(0))
        part = min(left, rounded(counts * Decimal(rule["deduct"].get(bill["kind"], "0"))))
        left -= part
        got[bill["id"]] = part
    return got, left


def fee_month(rule, level, bills):
    """The same by tiers with a ratio and a cap a month: each bill gets what the sum gets more by it."""
    [tier] = [each for each in rule["service_fee_tier"] if level in each["when"]["levels"]] or [None]
    got, sum_, had = {}, Decimal(0), Decimal(0)
    for bill in sorted(bills, key=lambda each: (each["day"], each["id"])):
        sum_ += sum((line["yuan"] for line in bill["lines"] if line["counts"]), Decimal(0))
        due = min(Decimal(tier["cap"]), rounded(sum_ * Decimal(tier["ratio"]))) if tier else Decimal(0)
        got[bill["id"]] = due - had
        had = due
    return got


def bed_month(rule, visits, first, days, began, ended):
    """What a bed's month gets: a visit on each day in service, or nothing; `visits` are (day, begun, finished)."""
    owed = [day for day in range(1, days + 1) if began <= first.replace(day=day) < ended]
    seen = {day.day for day, _, _ in visits}
    return Decimal(rule["operating"]["per_bed_month_up_to"]) if owed and set(owed) <= seen else Decimal(0)
