"""The command that shows one run, or one sweep, in full."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import click

from facesearch.cli.options import RUNS, TRACKING
from facesearch.cli.text import printable
from facesearch.cli.verbosity import say_note
from facesearch.tracking.address import said_again

_NUM_LEADERS = 5


@click.command()
@click.argument("run")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@TRACKING
@RUNS
def show(run: str, is_json: bool, tracking_uri: str | None, runs_dir: Path) -> None:
    """Show one run in full: config, outcome, scores, curves, where it came from, its files.

    \b
    facesearch show 3f2b91c0           a trial or a final model, by how its id begins
    facesearch show arcface-0001/017   trial 017 of a sweep, with or without MLflow
    facesearch show arcface            a sweep
    """
    from facesearch.cli.run_sources import Known, open_sources

    sources = open_sources(tracking_uri, runs_dir)
    found, again = sources.detail(run), said_again(runs_dir, tracking_uri)
    if isinstance(found, Known):
        board = sources.board(found)
        told = _sweep_json(board, found) if is_json else _sweep_text(board, found, again)
    else:
        told = _run_json(found) if is_json else _run_text(found, again)
    for note in sources.notes:
        say_note(note)
    click.echo(told)


def _run_text(detail: Any, again: str) -> str:
    from rich.console import Console

    from facesearch.cli import run_text
    from facesearch.cli.verbosity import level

    width = Console().width
    kind = "final model" if detail.kind == "final" else detail.kind
    config = detail.config if level() > 0 else run_text.without_defaults(detail.config)
    title = "config" if config == detail.config else "config (without defaults; with them: -v)"
    parts = [
        (f"{kind} {detail.label}", run_text.pairs(run_text.facts(detail, width))),
        ("curves", run_text.pairs(run_text.curves(detail))),
        ("metrics", run_text.pairs(run_text.metrics(detail))),
        (title, printable(run_text.as_yaml(config)).rstrip()),
        ("provenance", run_text.pairs(_printable(detail.provenance))),
        ("artifacts", printable("\n".join(detail.artifacts))),
        ("next", printable("\n".join(run_text.commands(detail, again)))),
    ]
    return _sections(parts)


def _printable(values: dict[str, str]) -> list[tuple[str, str]]:
    return [(printable(name), printable(value)) for name, value in values.items()]


def _sections(parts: list[tuple[str, str]]) -> str:
    """Return the parts that are not empty, each under its title."""
    told = []
    for title, text in parts:
        if text:
            body = "\n".join(f"  {line}" if line else "" for line in text.split("\n"))
            told.append(f"{click.style(title, bold=True)}\n{body}")
    return "\n\n".join(told)


def _run_json(detail: Any) -> str:
    from facesearch.cli.run_json import finite, row_objects

    (row,) = row_objects([detail.row])
    told = {
        "kind": detail.kind, "name": detail.name, **row, "status": detail.status,
        "message": detail.message, "config": detail.config, "curves": detail.curves,
        "provenance": detail.provenance, "artifacts": detail.artifacts, "source": detail.source,
    }  # fmt: skip
    return json.dumps(finite(told), indent=1, allow_nan=False)


def _sweep_text(board: Any, known: Any, again: str) -> str:
    from rich.console import Console

    from facesearch.cli.columns import lines
    from facesearch.cli.run_tables import final_columns, headline, trial_columns
    from facesearch.tracking.query import rank

    width = Console().width - 2
    title, _, outcomes = headline(board.sweep, board.rows, width).partition("\n")
    leaders = rank(board.rows)[:_NUM_LEADERS]
    finals = final_columns(board.finals, {row.run_id: row.name for row in board.rows})
    parts = [
        (f"sweep {title}", _sweep_facts(board, known, outcomes)),
        ("best", "\n".join(lines(trial_columns(leaders, width), width)) if leaders else ""),
        ("final models", "\n".join(lines(finals, width)) if board.finals else ""),
        ("space", printable(_space(known)).rstrip()),
        ("next", printable("\n".join(_sweep_commands(board, again)))),
    ]
    return _sections(parts)


def _sweep_facts(board: Any, known: Any, outcomes: str) -> str:
    from facesearch.cli.run_text import pairs
    from facesearch.tracking.rows import iso_time

    facts = {
        "outcomes": outcomes, "started": iso_time(board.started_s), "sweep id": board.sweep_id,
        **board.facts, "folder": str(known.folder or "not here"), "read from": board.source,
    }  # fmt: skip
    return pairs(_printable({name: value for name, value in facts.items() if value}))


def _space(known: Any) -> str:
    """Return the space as it was asked, if the sweep's folder is here."""
    if known.folder is None:
        return ""
    return str((known.folder / "space.yaml").read_text(encoding="utf-8-sig", errors="replace"))


def _sweep_commands(board: Any, again: str) -> list[str]:
    from facesearch.tracking.query import rank

    told = [f"facesearch runs {board.sweep}", f"facesearch report {board.sweep}"]
    ended = (row for row in rank(board.rows) if row.is_finalizable)
    told += [f"facesearch finalize --run-id {row.run_id[:8]}" for row in islice(ended, 1)]
    return [f"{command}{again}" for command in told]


def _sweep_json(board: Any, known: Any) -> str:
    from facesearch.cli.run_json import final_objects, row_objects
    from facesearch.tracking.query import rank
    from facesearch.tracking.rows import iso_time

    told = {
        "kind": "sweep", "sweep": board.sweep, "sweep_id": board.sweep_id,
        "started": iso_time(board.started_s), "source": board.source,
        **{name.replace(" ", "_"): value for name, value in board.facts.items()},
        "space": _space(known), "runs": row_objects(rank(board.rows)),
        "finals": final_objects(board.finals),
    }  # fmt: skip
    return json.dumps(told, indent=1, allow_nan=False)
