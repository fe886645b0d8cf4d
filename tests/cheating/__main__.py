"""`python -m tests.cheating --seed 1 --visits 10000 [--zone NAME]`: a month of visits with its truth, as JSON lines."""

import argparse
import sys
from datetime import date

from tests.cheating.month import generate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cheating", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument("--first", type=date.fromisoformat, default=date(2026, 10, 1), help="first day of the month")
    parser.add_argument("--zone", default="Asia/Shanghai")
    asked = parser.parse_args()
    sys.stdout.writelines(f"{line}\n" for line in generate(
        asked.seed, asked.visits, first=asked.first, zone=asked.zone,
    ).lines())  # fmt: skip


main()
