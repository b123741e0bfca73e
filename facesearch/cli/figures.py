"""The figures of a model, printed."""

from collections.abc import Mapping
from typing import Any

import click

from facesearch.cli.text import printable
from facesearch.cli.verbosity import level, say_hint, say_note

# How the names of the figures end that are printed, beside TAR at one FAR; -v prints all.
_MAIN = (
    "/top1", "/rank1", "/rank10", "/eer", "/dir_at_fpir_0.1_strangers",
    "/accuracy_with_rejection", "/accuracy", "/rank1_as_in_the_search",
)  # fmt: skip


def print_report(report: Any, where: str) -> None:
    """Print the main figures, or all of them with -v, and every note; leaks stand first.

    Args:
        report: What was measured.
        where: In which file all of it is; "" if there is none.

    """
    leaks = [note for note in report.notes if note.startswith("LEAK")]
    for leak in leaks:  # with -q too: without it the figures would be taken for others
        click.echo(printable(leak), err=True)
    fars = _fars(report.figures)
    shown = {
        name: figure
        for name, figure in report.figures.items()
        if level() > 0 or name.endswith(_MAIN) or name in fars
    }
    width = max((len(name) for name in shown), default=0) + 2
    for name, figure in shown.items():
        click.echo(f"{name:<{width}}{figure}")
    if len(shown) < len(report.figures):
        rest = f"{len(report.figures) - len(shown)} more figures"
        say_hint(f"{rest}: {where}, or printed by -v" if where else f"{rest} are printed by -v")
    for note in report.notes:
        if note not in leaks:
            say_note(note)


def _fars(figures: Mapping[str, Any]) -> set[str]:
    """Return the names of the TAR of each set that is shown where only one is."""
    from facesearch.final.figures import headline_tar

    places = {name.partition("/")[0] for name in figures}
    found = ((place, headline_tar(figures, place)) for place in places)
    return {f"{place}/tar_at_far_{tar[0]}" for place, tar in found if tar is not None}
