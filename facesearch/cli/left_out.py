"""What a command tells of files that it passes over: a line, or all of them with -v.

Each function returns the line as well, for JSON.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facesearch.cli.verbosity import level, say_note


def say_left_out(account: Any, unreadable: Sequence[Path] = ()) -> list[str]:
    """Tell of an account (`facesearch.data.layouts.account.Account`) on the standard error."""
    from facesearch.data.left_out import left_out_lines

    for line in left_out_lines(account, unreadable, is_whole=level() > 0):
        say_note(line)
    return left_out_lines(account, unreadable)


def say_left_out_of(root: str | Path | None, layout: str = "auto") -> list[str]:
    """Tell of a folder of faces; of generated ones (None) there is nothing to tell.

    Raises:
        InputError: If there is no such folder, or no such layout.

    """
    if root is None:
        return []
    from facesearch.data.layouts.account import account_at

    return say_left_out(account_at(Path(root), layout))


def say_left_out_of_search(data: Any, reserve: Any) -> list[str]:
    """Tell of the faces of a search: of its folder, and of unreadable images that it may leave out.

    Args:
        data: A `facesearch.config.DataConfig`.
        reserve: The folder without what is reserved (`Reserve`); None of generated faces.

    """
    if data.root is None or reserve is None:
        return []
    from facesearch.data.layouts.account import account_at
    from facesearch.data.left_out import unreadable_in

    unreadable = unreadable_in(reserve.folder, ("train", *reserve.parts), data)
    return say_left_out(account_at(Path(data.root), data.layout), unreadable)


def say_left_out_of_places(places: Sequence[Path]) -> list[str]:
    """Tell of each folder among the places that a command was given, in one list."""
    from facesearch.final.pictures import accounts_of

    return [line for account in accounts_of(places) for line in say_left_out(account)]
