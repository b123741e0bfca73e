"""What a command tells of files that it passes over: a line, or all of them with -v."""

from pathlib import Path
from typing import Any

from facesearch.cli.verbosity import level, say_note


def say_left_out(account: Any) -> None:
    """Tell of an account (`facesearch.data.layouts.account.Account`) on the standard error."""
    lines = account.lines() if level() > 0 else [account.line()]
    for line in filter(None, lines):
        say_note(f"{account.root}: {line}")


def say_left_out_of(root: str | None, layout: str = "auto") -> None:
    """Tell of a folder of faces; of generated ones (None) there is nothing to tell.

    Raises:
        InputError: If there is no such folder, or no such layout.

    """
    if root is not None:
        from facesearch.data.layouts.account import account_at

        say_left_out(account_at(Path(root), layout))
