"""How a page looks in this browser: dark or light, and how large. Kept in a cookie, so that no script is needed."""

from dataclasses import dataclass, replace

from dispatch.web.i18n import N_

THEMES = {"auto": N_("As the computer"), "light": N_("Light"), "dark": N_("Dark")}
SIZES = (100, 125, 150, 200)
"""Per cent; up to the 30 px of running text that age-friendly pages have to reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One browser's choice."""

    theme: str = "auto"
    size: int = 100

    @property
    def classes(self) -> str:
        """What stands at the root of every page."""
        return f"theme-{self.theme} size-{self.size}"

    @property
    def cookie(self) -> str:
        return f"{self.theme}-{self.size}"

    def changed(self, *, theme: str | None, size: str | None) -> "Look":
        """The look with whatever of this was really offered."""
        sizes = {str(each): each for each in SIZES}
        return replace(
            self,
            theme=theme if theme is not None and theme in THEMES else self.theme,
            size=sizes.get(size or "", self.size),
        )


def look_of(cookie: str | None) -> Look:
    """The look a cookie tells of; the plain one where it tells nothing that makes sense."""
    theme, _, size = (cookie or "").partition("-")
    return Look().changed(theme=theme, size=size)
