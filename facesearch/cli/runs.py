"""The leaderboard of a sweep in the terminal."""

import json
from pathlib import Path
from typing import Any

import click

from facesearch.cli.options import RUNS, TRACKING
from facesearch.cli.verbosity import say_detail, say_hint, say_note
from facesearch.errors import InputError
from facesearch.tracking.address import said_again

_FEW_ROWS = 25
_FEW_SWEEPS = 5
_STYLES = {"completed": "green", "diverged": "red", "out_of_memory": "red", "failed": "red"}


@click.command()
@click.argument("sweep", required=False)
@click.option(
    "--sort", "key", metavar="KEY",
    help="A metric, a param, score, epochs, started or outcome; -KEY the other way round. "
    "Default: longer trained first, then by score.",
)  # fmt: skip
@click.option(
    "--where", "conditions", multiple=True, metavar="EXPR",
    help="Only such runs: 'head=arcface', 'score>0.5', 'outcome!=pruned', 'lr<=0.1'; repeatable.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(1), metavar="N",
    help=f"So many runs at most; default: {_FEW_ROWS} in a table, else all.",
)  # fmt: skip
@click.option("--all", "is_all", is_flag=True, help="The runs of all sweeps.")
@click.option("--csv", "is_csv", is_flag=True, help="Print CSV, with a column for each field.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@TRACKING
@RUNS
def runs(  # noqa: PLR0913 - one argument an option
    sweep: str | None, key: str | None, conditions: tuple[str, ...], limit: int | None,
    is_all: bool, is_csv: bool, is_json: bool, tracking_uri: str | None, runs_dir: Path,
) -> None:  # fmt: skip
    """List the trials of a sweep, the best first, and the models that were made of them.

    \b
    facesearch runs                          the newest sweep
    facesearch runs arcface --sort lr        the newest of this name; or a folder
    facesearch runs --where 'head=cosface' --where 'lr<=0.1'
    facesearch runs --all --csv > runs.csv   every trial there is

    They come from MLflow; where it does not answer, from the sweep's ledger. The ids of runs may be
    pasted into finalize, show, diff and report as they are.
    """
    from facesearch.cli.run_sources import open_sources
    from facesearch.tracking.query import sort, where

    if sweep and is_all:
        raise InputError("runs: give a SWEEP or --all, not both.")
    if is_csv and is_json:
        raise InputError("runs: give --csv or --json, not both.")
    sources = open_sources(tracking_uri, runs_dir)
    boards, others = _boards(sources, sweep, is_all=is_all)
    rows = [row for board in boards for row in board.rows]
    chosen = sort(where(rows, conditions), key) if rows else []
    shown = chosen[: limit or (len(chosen) if is_csv or is_json else _FEW_ROWS)]
    for note in sources.notes:
        say_note(note)
    for board in boards:
        say_detail(f"{board.sweep}: read from {board.source}")
    if is_csv or is_json:
        _write(boards, shown, others, is_csv=is_csv)
        return
    _print(boards, shown, len(chosen), key)
    _tell_next(shown, said_again(runs_dir, tracking_uri))
    _tell_others(others)


def _write(boards: list[Any], shown: list[Any], others: list[str], *, is_csv: bool) -> None:
    if is_csv:
        from facesearch.cli.run_json import as_csv
        from facesearch.tracking.query import field_names

        rows = [row for board in boards for row in board.rows]
        click.echo(as_csv(shown, field_names(rows)), nl=False)
    else:
        _print_json(boards, shown, others)


def _boards(sources: Any, sweep: str | None, *, is_all: bool) -> tuple[list[Any], list[str]]:
    """Return the sweeps that are asked for, and the names of the others, the newest first."""
    if sweep:
        return [sources.board(sources.find(sweep))], []
    known = sources.known()
    if not known:
        raise InputError(
            f"runs: no sweep in {sources.runs_dir} and none in MLflow. Run `facesearch tune SPACE` "
            "first, or say where they are with --runs FOLDER or --tracking-uri URI."
        )
    if is_all:
        return [sources.board(one) for one in known], []
    return [sources.board(known[0])], [one.name for one in known[1:]]


def _print_json(boards: list[Any], shown: list[Any], others: list[str]) -> None:
    from facesearch.cli.run_json import final_objects, row_objects

    finals = [final for board in boards for final in board.finals]
    told = {
        "sweeps": [{"sweep": board.sweep, "source": board.source} for board in boards],
        "other_sweeps": others, "runs": row_objects(shown), "finals": final_objects(finals),
    }  # fmt: skip
    click.echo(json.dumps(told, indent=1, allow_nan=False))


def _print(boards: list[Any], shown: list[Any], num_chosen: int, key: str | None) -> None:
    from rich.console import Console

    from facesearch.cli.columns import lines
    from facesearch.cli.run_tables import final_columns, headline, trial_columns
    from facesearch.tracking.query import find_key

    console = Console(highlight=False, markup=False, soft_wrap=True)
    rows = [row for board in boards for row in board.rows]
    is_all = len(boards) > 1
    what = f"{len(boards)} sweeps" if is_all else boards[0].sweep
    console.print(headline(what, rows, console.width))
    if shown:
        sorted_by = find_key(key.removeprefix("-"), rows, "--sort") if key else ""
        columns = trial_columns(shown, console.width, sorted_by, has_sweep=is_all)
        head, *others = lines(columns, console.width)
        console.print(f"\n{head}", style="bold")
        for row, line in zip(shown, others, strict=True):
            console.print(line, style=_STYLES.get(row.outcome, ""))
    elif rows:
        console.print("none of them fits --where")
    if len(shown) < num_chosen:
        console.print(f"... {num_chosen - len(shown)} more: --limit {num_chosen}", style="dim")
    finals = [final for board in boards for final in board.finals]
    if finals:
        names = {row.run_id: _name(row, is_all=is_all) for row in rows}
        head, *others = lines(final_columns(finals, names), console.width)
        console.print(f"\n{head}", style="bold")
        console.print("\n".join(others))


def _name(row: Any, *, is_all: bool) -> str:
    return f"{row.sweep}/{row.name}" if is_all else row.name


def _tell_next(shown: list[Any], again: str) -> None:
    """Say what can be typed with the best of those in the table, whatever it is sorted by."""
    from facesearch.tracking.query import rank

    if not shown:
        return
    first = rank(shown)[0]
    label = first.run_id[:8] or f"{first.sweep}/{first.name}"
    say_hint(f"\nnext:  facesearch show {label}{again}")
    best = next((row for row in rank(shown) if row.is_finalizable), None)
    if best is not None:
        say_hint(f"       facesearch finalize --run-id {best.run_id[:8]}{again}")


def _tell_others(others: list[str]) -> None:
    if others:
        more = f" and {len(others) - _FEW_SWEEPS} more" if len(others) > _FEW_SWEEPS else ""
        names = ", ".join(others[:_FEW_SWEEPS])
        say_hint(f"other sweeps: {names}{more}; all in one table: --all")
