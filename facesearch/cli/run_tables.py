"""Leaderboards as tables for a terminal of any width."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from facesearch.cli.columns import GAP, Column, fitted, taken
from facesearch.cli.text import printable

SHORT_ID = 8
_MOST_METRICS = 4
# Places for what has no column of its own, where not all have one.
_LEAST_REST = 14
# What is told of a final model: known people, and strangers.
FIGURES = ("dev/top1", "unknown_dev/rank1")


def number(value: float | None, digits: int = 4) -> str:
    """Return a number for people; "" for none."""
    return "" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def trial_columns(
    rows: Sequence[Any], width: int, sorted_by: str = "", *, has_sweep: bool = False
) -> list[Column]:
    """Return the columns of a leaderboard.

    What every trial has been searched for gets a column of its own, as far as there is room; the
    rest of the point is told in a few words, the last column. Metrics take what room is left.

    Args:
        rows: In the order of the table.
        width: Of the terminal, in places.
        sorted_by: A field; a metric or a param is shown in any case.
        has_sweep: Name the sweep of each.

    """
    columns = _fixed(rows, has_sweep=has_sweep) + _extra(rows, sorted_by)
    shared = [column for column in _shared(rows) if column.name != sorted_by]
    room = width + GAP - taken(columns)
    known = {sorted_by} & {name for row in rows for name in row.params}
    wide, rest = shared, _rest(rows, known, shared, shared)
    if taken(wide + rest) > room:
        wide = _most_asked(shared, room - _LEAST_REST)
        rest = _rest(rows, known, wide, shared)
    return columns + _metrics(rows, room - taken(wide + rest), sorted_by) + wide + rest


def _most_asked(shared: Sequence[Column], room: int) -> list[Column]:
    """Return the columns for which there is room, in their order: words and lr before others."""
    chosen: list[Column] = []
    for column in sorted(shared, key=lambda column: (column.is_right, column.name != "lr")):
        if taken([*chosen, column]) <= room:
            chosen.append(column)
    return [column for column in shared if column in chosen]


def _rest(
    rows: Sequence[Any], known: set[str], wide: Sequence[Column], shared: Sequence[Column]
) -> list[Column]:
    """Return the column that tells in words what has none; it begins with what all trials have."""
    told = known | {column.name for column in wide}
    places = {column.name: place for place, column in enumerate(shared)}

    def place(name: str) -> tuple[bool, int]:
        return name != "lr" or name not in places, places.get(name, len(places))

    points = [{name: row.params[name] for name in sorted(row.params, key=place)} for row in rows]
    column = Column("and" if told else "point", [_words(point, told) for point in points])
    return [column] if any(column.cells) else []


def _fixed(rows: Sequence[Any], *, has_sweep: bool) -> list[Column]:
    columns = [
        Column("sweep", [printable(row.sweep) for row in rows] if has_sweep else []),
        Column("run", [row.run_id[:SHORT_ID] for row in rows]),
        Column("trial", [row.name for row in rows], is_right=True),
        Column("outcome", [printable(row.outcome.replace("_", " ")) for row in rows]),
        Column("epochs", [str(row.epochs) for row in rows], is_right=True),
        Column("score", [number(row.score) for row in rows], is_right=True),
        *_seeds(rows),
    ]
    return [column for column in columns if any(column.cells)]


def _seeds(rows: Sequence[Any]) -> list[Column]:
    """Return the mean over seeds of what was repeated, and which trial a repeat is again."""
    from facesearch.tracking.query import repeats_of
    from facesearch.tuning.ranking import mean_words, seed_scores
    from facesearch.tuning.records import trial_name

    repeats = repeats_of(rows)
    scores = [seed_scores(row, repeats.get((row.sweep, row.trial), ())) for row in rows]
    again = ["" if row.repeat_of is None else trial_name(row.repeat_of) for row in rows]
    means = [mean_words(of_seeds) if len(of_seeds) > 1 else "" for of_seeds in scores]
    return [Column("mean of seeds", means, is_right=True), Column("again", again, is_right=True)]


def _extra(rows: Sequence[Any], sorted_by: str) -> list[Column]:
    """Return what the table is sorted by, if it would not be seen otherwise."""
    seen = {"sweep", "run", "trial", "outcome", "epochs", "score", ""}
    if sorted_by in seen:
        return []
    values = [row.fields().get(sorted_by) for row in rows]
    return [Column(sorted_by, [_value(value) for value in values], is_right=True)]


def _metrics(rows: Sequence[Any], room: int, sorted_by: str) -> list[Column]:
    names = sorted({name for row in rows for name in row.metrics if name.startswith("val/")})
    columns: list[Column] = []
    for name in [name for name in names if name != sorted_by][:_MOST_METRICS]:
        cells = [number(row.metrics.get(name)) for row in rows]
        column = Column(name.removeprefix("val/"), cells, is_right=True)
        if taken([*columns, column]) <= room:
            columns.append(column)
    return columns


def _shared(rows: Sequence[Any]) -> list[Column]:
    """Return a column for each param that all trials have; words come first."""
    shared = [name for name in rows[0].params if all(name in row.params for row in rows)]
    columns = []
    for name in shared:
        values = [row.params[name] for row in rows]
        is_number = not any(isinstance(value, str) for value in values)
        columns.append(Column(name, [_value(value) for value in values], is_right=is_number))
    return sorted(columns, key=lambda column: column.is_right)


def _words(params: dict[str, Any], known: set[str]) -> str:
    """Return what is not known in a few words, such as ``arcface lr=0.05``; words come first."""
    words, numbers = [], []
    for name, value in params.items():
        if name in known:
            continue
        if isinstance(value, str):
            words.append(printable(value))
        else:
            numbers.append(printable(f"{name.split('.')[-1]}={_value(value)}"))
    return " ".join(words + numbers) or ("" if known else "as written")


def _value(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.3g}"
    return "" if value is None else printable(str(value))


def final_columns(finals: Sequence[Any], trials: dict[str, str]) -> list[Column]:
    """Return the columns of the final models, with the 95 % intervals of their figures.

    Args:
        finals: In the order of the table.
        trials: What to call the trial that each was made of, by its run's id.

    """
    of_trial = [trials.get(one.trial_run_id, one.trial_run_id[:SHORT_ID]) for one in finals]
    return [
        Column("final", [one.run_id[:SHORT_ID] for one in finals]),
        Column("trial", [printable(name) for name in of_trial], is_right=True),
        *(Column(name, [figure(one.figures.get(name)) for one in finals]) for name in FIGURES),
        Column("status", [printable(one.status) for one in finals]),
    ]


def figure(ends: tuple[float, float, float] | None) -> str:
    """Return a figure with its interval, or that it has none; ``-`` for no figure."""
    if ends is None or math.isnan(ends[0]):
        return "-"
    value, low, high = ends
    interval = "no interval" if math.isnan(low) else f"{low:.3f}, {high:.3f}"
    return f"{value:.3f} [{interval}]"


def headline(name: str, rows: Sequence[Any], width: int) -> str:
    """Return what is listed: how many trials, what they cost, how they ended; on two lines."""
    if not rows:
        return f"{name}: no trials yet"
    counts = Counter(row.outcome.replace("_", " ") for row in rows)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    epochs = sum(row.epochs for row in rows)
    title = printable(f"{name}: {len(rows)} trials, {epochs} epochs")
    return f"{title}\n{fitted(printable(told), min(width, len(told)))}"
