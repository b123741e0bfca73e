"""Write into MLflow what the ledger of a sweep has and MLflow has not; nothing is trained."""

from collections.abc import Callable
from pathlib import Path

from facesearch.config import absolute_root
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import write_sweep
from facesearch.tuning.folder import load_sweep, opening
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import Ledger
from facesearch.tuning.repeats import config_of


def sync_sweep(folder: Path, store: Store, on_failure: Callable[[str], None]) -> bool:
    """Make MLflow equal to the ledger of a sweep that nobody has open; return whether it is.

    Args:
        folder: Of the sweep.
        store: Where to write.
        on_failure: Called with the reason if the store fails.

    Raises:
        InputError: If it is no sweep, or another process has it open.

    """
    faces = str(opening(folder)["identity"]["faces"])
    space, root = load_sweep(folder)
    with Ledger(folder) as ledger:
        sweep = fold(ledger.events)
        sweep.is_interrupted = any(not trial.has_ended for trial in sweep.trials.values())
        text = (folder / "space.yaml").read_text(encoding="utf-8-sig")
        return write_sweep(
            store, sweep, provenance(text, faces, folder.name),
            lambda trial: absolute_root(config_of(space, trial.point, trial.seed_offset), root),
            on_failure,
        )  # fmt: skip
