"""Which trials are retrained: the one that was named, or the best of its sweep."""

import json
from dataclasses import dataclass
from typing import Any

from facesearch.config import RunConfig, absolute_root
from facesearch.errors import InputError
from facesearch.tracking.store import Left, Store, find_run, sweep_trials


@dataclass(frozen=True)
class Finalist:
    """A trial that is retrained: its run, its config, and what the search made of it.

    scores are the metrics of its last epoch in the search, which is what it was ranked by, and the
    greatest score of its epochs as ``best/score``; epochs is how many it was trained
    there; trials is how many the best was chosen among. knew_reserve is whether the search kept to
    the faces that are not reserved for the report.
    """

    run_id: str
    name: str
    config: RunConfig
    scores: dict[str, float]
    epochs: int
    trials: int
    knew_reserve: bool = True

    def __str__(self) -> str:
        return f"trial {self.name} (run {self.run_id[:8]})"


def finalists_of(
    store: Store,
    run_id: str,
    top_k: int = 1,
    root: str | None = None,
    left: Left | None = None,
) -> list[Finalist]:
    """Return the trial of a run (of a sweep: its best), and the next best of the same sweep.

    Args:
        store: Where the runs are.
        run_id: A trial's or a sweep's run; a unique beginning is enough.
        top_k: How many; the named one is the first.
        root: The faces, where they are not at the place they had in the sweep.
        left: As of `find_run`.

    Raises:
        InputError: If there is no such run, it holds no config of ours, or the sweep has fewer
            trials with a score.

    """
    first = find_run(store, run_id, left or {})
    trials = sweep_trials(store, first, left or {})
    others = [run for run in trials if run.info.run_id != first.info.run_id]
    chosen = [first, *others[: top_k - 1]]
    if len(chosen) < top_k:
        raise InputError(
            f"--top-k {top_k}: the sweep of run '{run_id}' has {len(chosen)} trials with a score."
        )
    return [_finalist(run, max(1, len(trials)), root) for run in chosen]


def _finalist(run: Any, trials: int, root: str | None) -> Finalist:
    text = run.data.tags.get("facesearch.config")
    if text is None:
        raise InputError(
            f"run '{run.info.run_id}' holds no facesearch config; it was made by another tool."
        )
    told = json.loads(text)
    config = absolute_root(RunConfig.model_validate(told), root)
    scores = {
        name: float(value)
        for name, value in run.data.metrics.items()
        if name.startswith("val/") or name == "best/score"
    }
    name = run.data.tags.get("mlflow.runName", run.info.run_id[:8])
    epochs = int(run.data.metrics.get("epochs", config.train.epochs))
    knew_reserve = "reserve" in told["data"]
    return Finalist(str(run.info.run_id), name, config, scores, epochs, trials, knew_reserve)
