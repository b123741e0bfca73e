"""What a command tells of files that it passes over: a line, or all of them with -v.

Each function returns the line as well, for JSON.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from facesearch.cli.verbosity import level, say_note


def say_left_out(found: Iterable[Any]) -> list[str]:
    """Tell of some folders (`facesearch.data.left_out.PassedOver`) on the standard error."""
    told: list[str] = []
    for one in found:
        for line in one.lines(is_whole=level() > 0):
            say_note(line)
        told += one.lines()
    return told


def say_left_out_of(root: str | Path | None, layout: str = "auto") -> list[str]:
    """Tell of a folder of faces; of generated ones (None) there is nothing to tell.

    Raises:
        InputError: If there is no such folder, or no such layout.

    """
    if root is None:
        return []
    from facesearch.data.left_out import passed_over

    return say_left_out([passed_over(Path(root), layout)])


def say_left_out_of_search(data: Any, reserve: Any) -> list[str]:
    """Tell of the faces of a search: of its folder, and of unreadable images that it may leave out.

    Args:
        data: A `facesearch.config.DataConfig`.
        reserve: The `Reserve` of its faces; None of generated ones.

    """
    if reserve is None:
        return []
    from facesearch.data.left_out import passed_over_of

    return say_left_out(passed_over_of(data, ("train", *reserve.parts)))


def say_left_out_of_places(places: Sequence[Path]) -> list[str]:
    """Tell of each folder among the places that a command was given."""
    from facesearch.data.left_out import PassedOver
    from facesearch.final.pictures import accounts_of

    return say_left_out(map(PassedOver, accounts_of(places)))
