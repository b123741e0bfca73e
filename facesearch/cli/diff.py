"""The command that tells what differs between two runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from facesearch.cli.options import RUNS, TRACKING
from facesearch.cli.text import printable
from facesearch.cli.verbosity import say_note

# A name, and what it is in the one and in the other run; None where it is not written.
Change = tuple[str, Any, Any]
# These differ always, and say nothing.
_ALWAYS = ("started", "ended", "trial run")


@click.command()
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@TRACKING
@RUNS
def diff(
    first: str, second: str, is_json: bool, tracking_uri: str | None, runs_dir: Path
) -> None:  # fmt: skip
    """Tell what differs between two runs: config, provenance; and their metrics side by side.

    \b
    facesearch diff 3f2b91c0 88d0e17a
    facesearch diff arcface-0001/017 arcface     a sweep stands for its best trial
    """
    from facesearch.cli.run_sources import open_sources

    sources = open_sources(tracking_uri, runs_dir)
    runs = [sources.one_run(word) for word in (first, second)]
    for note in dict.fromkeys(sources.notes):
        say_note(note)
    click.echo(_as_json(*runs) if is_json else _as_text(*runs))


def changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Change]:
    """Return the leaves that are not the same, in the order of the first, then of the second."""
    from facesearch.tuning.question import flat

    leaves = flat(first), flat(second)
    names = dict.fromkeys([*leaves[0], *leaves[1]])
    found = [(name, leaves[0].get(name), leaves[1].get(name)) for name in names]
    return [
        change
        for change in found
        if change[1] != change[2] or (change[0] in leaves[0]) != (change[0] in leaves[1])
    ]


def _provenance(first: Any, second: Any) -> list[Change]:
    found = changes(first.provenance, second.provenance)
    # a ledger knows less of it than a store: that is no difference
    is_less = not (first.row.run_id and second.row.run_id)
    return [
        change
        for change in found
        if change[0] not in _ALWAYS and not (is_less and None in change[1:])
    ]


def _metrics(first: Any, second: Any) -> list[Change]:
    """Return all metrics of both, the score and its company first."""
    both = []
    for run in (first, second):
        row = run.row
        own = {"score": row.score, "epochs": float(row.epochs)} if run.kind == "trial" else {}
        both.append({**own, **{k: v for k, v in sorted(row.metrics.items()) if k not in own}})
    names = dict.fromkeys([*both[0], *both[1]])
    return [(name, both[0].get(name), both[1].get(name)) for name in names]


def _as_json(first: Any, second: Any) -> str:
    from facesearch.cli.run_json import finite

    def told(found: list[Change]) -> dict[str, list[Any]]:
        return {name: [a, b] for name, a, b in found}

    runs = [{"run": r.row.run_id, "label": r.label, "kind": r.kind, "name": r.name,
             "outcome": r.row.outcome} for r in (first, second)]  # fmt: skip
    parts = {
        "runs": runs, "config": told(changes(first.config, second.config)),
        "provenance": told(_provenance(first, second)), "metrics": told(_metrics(first, second)),
    }  # fmt: skip
    return json.dumps(finite(parts), indent=1, allow_nan=False)


def _as_text(first: Any, second: Any) -> str:
    who = [
        ("trial", first.name.split(" ")[0], second.name.split(" ")[0]),
        ("sweep", first.row.sweep, second.row.sweep),
        ("outcome", first.row.outcome, second.row.outcome),
    ]
    if "final" in (first.kind, second.kind):
        who = [("name", first.name, second.name), who[2]]
    parts = {
        "": who,
        "config": changes(first.config, second.config),
        "provenance": _provenance(first, second),
        "metrics": _metrics(first, second),
    }
    cells = {title: [_cells(change) for change in part] for title, part in parts.items()}
    labels = (first.label, second.label)
    return "\n".join(_lines(cells, labels))


def _cells(change: Change) -> tuple[str, str, str, str]:
    """Return name, both values, and the difference of numbers."""
    name, first, second = change
    delta = ""
    if _is_number(first) and _is_number(second):
        delta = f"{second - first:+.4g}" if first != second else "="
    return printable(name), _word(first), _word(second), delta


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _word(value: Any) -> str:
    if value is None:
        return "-"
    return printable(f"{value:.4g}" if isinstance(value, float) else str(value))


def _lines(cells: dict[str, list[tuple[str, str, str, str]]], labels: tuple[str, str]) -> list[str]:
    from rich.console import Console

    from facesearch.cli.columns import fitted

    rows = [row for part in cells.values() for row in part]
    room = Console().width - 2
    name_width = min(max(len(row[0]) for row in rows), room // 2)
    width = min(max(len(word) for word in (*labels, *(w for r in rows for w in r[1:3]))), 30)
    width = max(8, min(width, (room - name_width - 6) // 2 - 4))

    def line(row: tuple[str, str, str, str]) -> str:
        words = (fitted(row[0], name_width), fitted(row[1], width), fitted(row[2], width), row[3])
        return ("  " + "  ".join(words)).rstrip()

    told = [click.style(line(("", *labels, "")), bold=True)]
    for title, part in cells.items():
        if title:
            told += ["", click.style(title, bold=True)]
        told += [line(row) for row in part] or ["  no difference"]
    return told
