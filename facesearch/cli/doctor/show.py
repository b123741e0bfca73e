"""How the findings are printed."""

import functools
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from facesearch.cli.doctor.finding import Finding

_COLOURS = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def print_findings(findings: Iterable[Finding], *, only_faults: bool = False) -> None:
    """Print a line for each, with what to do below it, and a summary.

    Args:
        findings: What was found.
        only_faults: Leave out what is right.

    """
    from rich.console import Console

    told = list(findings)
    console = Console(highlight=False, soft_wrap=True)
    shown = [finding for finding in told if not only_faults or finding.state != "ok"]
    widths = [max((len(text) for text in cells), default=0) for cells in _firsts(shown)]
    for finding in shown:
        for line in _lines(finding, widths, console.width):
            console.print(line)
    console.print(summary(told))


def _firsts(findings: Sequence[Finding]) -> tuple[list[str], list[str]]:
    return [finding.state for finding in findings], [finding.about for finding in findings]


def _lines(finding: Finding, widths: Sequence[int], width: int) -> Iterator[Any]:
    """Yield the lines of a finding, none wider than the terminal; an address stays whole."""
    from rich.text import Text

    from facesearch.cli.text import printable

    first = Text.assemble(
        (f"{finding.state:<{widths[0]}}", _COLOURS[finding.state]),
        f"  {finding.about:<{widths[1]}}  ",
    )
    fold = functools.partial(
        textwrap.wrap, width=max(20, width - len(first)), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    gap = " " * len(first)
    for number, line in enumerate(fold(printable(finding.found)) or [""]):
        yield Text.assemble(first if number == 0 else gap, line)
    for line in fold(printable(f"mend: {finding.mend}")) if finding.mend else ():
        yield Text.assemble(gap, (line, "bold"))


def summary(findings: Sequence[Finding]) -> str:
    """Return how many things are wrong, in a sentence."""
    wrong = sum(finding.state == "wrong" for finding in findings)
    notes = sum(finding.state == "note" for finding in findings)
    if not wrong and not notes:
        return "all is well"
    more = f"{notes} note{'s' * (notes != 1)}" if notes else "no notes"
    return f"{wrong} thing{'s' * (wrong != 1)} wrong, {more}" if wrong else f"nothing wrong, {more}"
