"""Addresses of views: how one is put together is worked out when it is first put together."""

from collections.abc import Callable

from werkzeug.routing import Rule

Build = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """
    werkzeug's, without writing two functions for every address at the start: for each of some 570 it puts together and
    compiles source code, a quarter of a second of processor time, and most are never asked for.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Build:
        compile_builder = super()._compile_builder
        made: list[Build] = []

        def build(rule: "LateRule", **values: object) -> tuple[str, str]:
            # Two threads that come first at once make the same twice.
            if not made:
                made.append(compile_builder(append_unknown))
            return made[0](rule, **values)

        return build
