"""How the findings are printed."""

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
    from rich.table import Table

    told = list(findings)
    console = Console()
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in told:
        if only_faults and finding.state == "ok":
            continue
        for row in _rows(finding):
            table.add_row(*row)
    console.print(table)
    console.print(summary(told), highlight=False)


def _rows(finding: Finding) -> Iterator[Sequence[Any]]:
    from rich.text import Text

    from facesearch.cli.text import printable

    state = Text(finding.state, style=_COLOURS[finding.state])
    yield state, finding.about, Text(printable(finding.found))
    if finding.mend:
        yield "", "", Text(f"mend: {printable(finding.mend)}", style="bold")


def summary(findings: Sequence[Finding]) -> str:
    """Return how many things are wrong, in a sentence."""
    wrong = sum(finding.state == "wrong" for finding in findings)
    notes = sum(finding.state == "note" for finding in findings)
    if not wrong and not notes:
        return "all is well"
    more = f"{notes} note{'s' * (notes != 1)}" if notes else "no notes"
    return f"{wrong} thing{'s' * (wrong != 1)} wrong, {more}" if wrong else f"nothing wrong, {more}"
