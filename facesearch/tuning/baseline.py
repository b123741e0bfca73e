"""What a sweep is compared with: random search to the end, and one epoch for all, then the best.

"Is one epoch all you need?" (arXiv:2307.15422) found the second hard to beat.
"""

from pathlib import Path
from typing import Any

from facesearch.space import SearchSpace
from facesearch.tuning.folder import newest_folder, read_sweep

BASELINES: dict[str, dict[str, Any]] = {
    "random": {"sampler": "random", "scheduler": {"type": "none"}},
    "one-epoch": {"sampler": "random", "scheduler": {"type": "one_epoch"}},
}


def as_baseline(space: SearchSpace, name: str) -> SearchSpace:
    """Return the space searched in the way of a baseline, under a name of its own.

    Nothing of it is repeated with other seeds: what is compared is the search.
    """
    changes = {**BASELINES[name], "repeat_top": 0}
    if name == "one-epoch":
        # as many to the end as one in ten, and never fewer than one
        changes["scheduler"] = {
            "type": "one_epoch",
            "keep": max(1, space.settings.search.trials // 10),
        }
    return space.with_settings(name=f"{space.settings.name}-{name}", **changes)


def comparison(runs_dir: Path, name: str) -> list[tuple[str, str, str, str]]:
    """Return a row for the newest sweep of a name and for each of its baselines.

    Returns:
        The sweep's name, its best score, the epochs of all its trials, and its trials; all of the
        search alone, without what repeats of the best added to it.

    """
    rows = []
    for sweep_name in (name, *(f"{name}-{kind}" for kind in BASELINES)):
        folder = newest_folder(runs_dir, sweep_name)
        if folder is None or not (folder / "ledger").is_file():
            rows.append((sweep_name, "not run", "", ""))
            continue
        sweep = read_sweep(folder).without_repeats()
        best = sweep.best
        score = "none" if best is None else f"{best.score:.4f}"
        rows.append((sweep_name, score, str(sweep.epochs_spent), str(len(sweep.trials))))
    return rows
