"""A sweep's leaderboard from its ledger, for when no MLflow store has it: without the runs' ids."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from facesearch.config import absolute_root, as_plain
from facesearch.errors import InputError
from facesearch.tracking.rows import Board, Detail, Row, plain_value
from facesearch.tracking.targets import status_of
from facesearch.tuning.folder import load_sweep, opening, read_sweep
from facesearch.tuning.outcomes import status_word
from facesearch.tuning.records import SweepRecord, TrialRecord, short_names, trial_name
from facesearch.tuning.repeats import config_of

SOURCE = "the ledger in"


def read_board(folder: Path) -> Board:
    """Return the trials of a sweep as its ledger tells of them.

    Raises:
        InputError: If the folder holds no sweep, or one of another version.

    """
    sweep_id = str(opening(folder)["sweep_id"])
    sweep = read_sweep(folder)
    name = folder.resolve().name
    names = _names(sweep)
    rows = [_row(trial, name, sweep, names) for _, trial in sorted(sweep.trials.items())]
    facts = {"status": status_word(status_of(sweep))}
    return Board(name, sweep_id, f"{SOURCE} {folder}", started_s(folder), rows, facts=facts)


def started_s(folder: Path) -> float:
    """Return when a sweep began, in seconds since 1970: its space was written then."""
    return (folder / "space.yaml").stat().st_mtime


def _names(sweep: SweepRecord) -> dict[str, str]:
    """Return short names by dotted ones as MLflow has them: of equal ones the first is short."""
    names: dict[str, str] = {}
    for _, trial in sorted(sweep.trials.items()):
        for long, short in short_names([trial.point]).items():
            names.setdefault(long, short if short not in names.values() else long)
    return names


def _row(trial: TrialRecord, name: str, sweep: SweepRecord, names: Mapping[str, str]) -> Row:
    last = dict(trial.curve[-1]) if trial.curve else {}
    if last:
        last["best/score"] = max(row["score"] for row in trial.curve)
        last["total_seconds"] = sum(row.get("seconds", 0.0) for row in trial.curve)
    params = {names[name]: plain_value(value) for name, value in trial.point.items()}
    return Row(
        "", name, trial.number, sweep.told(trial.outcome), trial.epochs, trial.score, None,
        params, last, trial.repeat_of,
    )  # fmt: skip


def read_trial(folder: Path, number: int) -> Detail:
    """Return one trial of a sweep in full.

    Raises:
        InputError: If the folder holds no sweep, or the sweep has no such trial.

    """
    opened = opening(folder)
    sweep = read_sweep(folder)
    trial = sweep.trials.get(number)
    if trial is None:
        raise InputError(
            f"{folder} has no trial {trial_name(number)}: it has {len(sweep.trials)}, from "
            f"{trial_name(min(sweep.trials, default=0))} to "
            f"{trial_name(max(sweep.trials, default=0))}."
        )
    space, root = load_sweep(folder)
    name = folder.resolve().name
    told = {
        "folder": name,
        "sweep_id": str(opened["sweep_id"]),
        "faces_sha256": str(opened["identity"]["faces"])[:16],
    }
    told["space_sha256"] = str(opened["space_sha256"])[:16]
    return Detail(
        "trial", trial.title, _row(trial, name, sweep, _names(sweep)), message=trial.message,
        config=as_plain(absolute_root(config_of(space, trial.point, trial.seed_offset), root)),
        provenance=told,
        curves=curves_of(trial.curve), source=f"{SOURCE} {folder}",
    )  # fmt: skip


def curves_of(curve: Iterable[Mapping[str, float]]) -> dict[str, list[float]]:
    """Return the values of the epochs by metric."""
    rows = list(curve)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row[name] for row in rows if name in row] for name in names}
