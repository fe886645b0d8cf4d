"""
Charts as SVG without a script: the same in the page, in print and in the PDF, and always beside their table.

pygal puts a script of a foreign host into its pictures unless told not to (ECOSYSTEM, trap 9).
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

from dispatch.rules.figures.report import Report
from dispatch.web.i18n import N_, Words
from dispatch.web.reports.ticks import whole_ticks

# pygal has every later import of the process look for plugins of its own, in a way that Python warns of; we have none.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__name__ != "PluginImportFixer"]

FONTS = "Noto Sans CJK SC, Noto Sans SC, system-ui, sans-serif"

NAMES: Mapping[str, str] = {
    "hours": N_("Calls by hour of the day"),
    "trend": N_("Valid calls, month by month"),
    "times": N_("Minutes to arrival, month by month"),
}
"""The charts there are."""

Trend = Sequence[tuple[str, Report | None]]


class _Colours(NamedTuple):
    ground: str
    ink: str
    line: str
    first: str
    second: str


THEMES: Mapping[str, _Colours] = {
    "light": _Colours("#ffffff", "#14211f", "#7c8c89", "#0b5d57", "#b34700"),
    "dark": _Colours("#192423", "#eef4f2", "#6f827d", "#5fd0c2", "#ffb454"),
}


def hours(report: Report, said: Words, theme: str = "light") -> bytes:
    """How many calls began in each hour; the numbers stand on the bars."""
    found = {row["of"]: row["figures"]["calls_total"]["n"] for row in report["by"]["hour"]}
    chart = pygal.Bar(show_legend=False, print_values=True, print_values_position="top", **_settings(theme))
    chart.x_labels = [f"{hour:02}" for hour in range(24)]
    counts = [found.get(f"{hour:02}", 0) for hour in range(24)]
    chart.y_labels = whole_ticks(counts)
    chart.add(said.gettext("Calls, total"), counts)
    return _drawn(chart, said.gettext(NAMES["hours"]))


def trend(months: Trend, said: Words, theme: str = "light") -> bytes:
    """Valid calls of twelve months."""
    chart = pygal.Bar(show_legend=False, print_values=True, print_values_position="top", **_settings(theme))
    chart.x_labels = [month for month, _ in months]
    counts = [told["figures"]["calls_valid"]["n"] if told else None for _, told in months]
    chart.y_labels = whole_ticks(counts)
    chart.add(said.gettext("Calls, valid"), counts)
    return _drawn(chart, said.gettext(NAMES["trend"]))


def times(months: Trend, said: Words, theme: str = "light") -> bytes:
    """Half and nine tenths of arrivals, told apart by dashes, by words and by numbers, not by colour alone."""
    chart = pygal.Line(
        legend_at_bottom=True, legend_at_bottom_columns=1, print_values=True, dots_size=4, **_settings(theme)
    )
    chart.x_labels = [month for month, _ in months]
    for key, dashes in (("onsite_p50", None), ("onsite_p90", "8, 5")):
        style = {"width": 3, **({"dasharray": dashes} if dashes else {})}
        line = said.gettext("unbroken") if dashes is None else said.gettext("dashed")
        name = said.gettext("50th percentile") if key == "onsite_p50" else said.gettext("90th percentile")
        chart.add(f"{name} ({line})", [told and told["figures"][key]["minutes"] for _, told in months],
                  stroke_style=style)  # fmt: skip
    return _drawn(chart, said.gettext(NAMES["times"]))


def _settings(theme: str) -> dict[str, Any]:
    colours = THEMES[theme]
    style = Style(
        background=colours.ground, plot_background=colours.ground, foreground=colours.ink,
        foreground_strong=colours.ink, foreground_subtle=colours.line, colors=(colours.first, colours.second),
        opacity="1", opacity_hover="1", font_family=FONTS, label_font_size=15, major_label_font_size=15,
        value_font_size=14, legend_font_size=16, value_colors=(colours.ink, colours.ink), transition="0s",
    )  # fmt: skip
    return {
        "js": [], "style": style, "width": 900, "height": 300, "margin": 8, "margin_right": 44, "show_y_guides": True,
        "x_label_rotation": 0, "truncate_label": -1, "truncate_legend": -1, "no_data_text": "—", "include_x_axis": True,
        "disable_xml_declaration": False, "min_scale": 2, "value_formatter": _number,
    }  # fmt: skip


def _number(value: float | None) -> str:
    """Nothing over a bar of nothing; no decimal that says nothing."""
    return "" if not value else f"{value:g}"


def _drawn(chart: Any, title: str) -> bytes:
    chart.config.title = None
    chart.config.pretty_print = False
    chart.add_xml_filter(_without_scripts)
    picture: bytes = chart.render()
    return picture.replace(b"<title>Pygal</title>", f"<title>{title}</title>".encode())


def _without_scripts(root: Any) -> Any:
    """Told to load no script, pygal still writes one of its own into the picture."""
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    return root
