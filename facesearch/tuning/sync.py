"""Write into MLflow what the ledger of a sweep has and MLflow has not; nothing is trained."""

import json
from collections.abc import Callable
from pathlib import Path

from facesearch.config import absolute_root
from facesearch.space import SearchSpace
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store
from facesearch.tracking.targets import SEARCH
from facesearch.tracking.tracker import write_sweep
from facesearch.tuning.folder import load_sweep, opening
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import Ledger
from facesearch.tuning.repeats import config_of

# MLflow takes no more in a tag.
_MOST_LETTERS = 5000


def sweep_tags(space: SearchSpace, text: str, faces: str, folder: str) -> dict[str, str]:
    """Return what ties the runs of a sweep to where they came from.

    Args:
        space: With the settings in force, which may be others than those of the file.
        text: Of the file.
        faces: Fingerprint of the faces.
        folder: Name of the sweep's folder.

    """
    search = space.settings.search.model_dump(exclude_defaults=True, exclude={"first_points"})
    return {**provenance(text, faces, folder), SEARCH: json.dumps(search)[:_MOST_LETTERS]}


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
        sweep.leave()
        text = (folder / "space.yaml").read_text(encoding="utf-8-sig")
        return write_sweep(
            store, sweep, sweep_tags(space, text, faces, folder.name),
            lambda trial: absolute_root(config_of(space, trial.point, trial.seed_offset), root),
            on_failure,
        )  # fmt: skip
