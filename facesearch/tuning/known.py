"""The sweeps of a runs folder by their ids, and what became of those that nobody works on."""

from pathlib import Path

from facesearch.errors import InputError
from facesearch.tuning.folder import opening, read_sweep


def sweep_folders(runs_dir: Path) -> dict[str, Path]:
    """Return the folders of sweeps by the sweeps' ids; damaged ones are left out."""
    found = {}
    for ledger in sorted(runs_dir.glob("*/ledger")):
        try:
            found[str(opening(ledger.parent)["sweep_id"])] = ledger.parent
        except (InputError, OSError):
            continue
    return found


def left_outcomes(runs_dir: Path) -> dict[str, dict[int, str]]:
    """Return the outcomes of trials, by number, of the sweeps that no process has open, by id.

    A driver that was killed could not tell MLflow, which says of its trials that they run. Of
    sweeps of other folders and machines nothing is known here: they are not among them.
    """
    found = {}
    for sweep_id, folder in sweep_folders(runs_dir).items():
        sweep = read_sweep(folder)
        if sweep.is_left:
            found[sweep_id] = {n: sweep.told(trial.outcome) for n, trial in sweep.trials.items()}
    return found
