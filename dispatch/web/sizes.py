"""Which views take more than a form: a mark that is looked at before the form's token is, which is in the same body."""

from collections.abc import Callable
from typing import Any, TypeVar

LARGEST = "anling_largest"
"""The attribute of such a view: how many bytes its body may have."""

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(most: int) -> Callable[[View], View]:
    """This view may be sent so many bytes; stands below `require` or `either`."""

    def guard(view: View) -> View:
        setattr(view, LARGEST, most)
        return view

    return guard
