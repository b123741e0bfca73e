"""What a sweep and a final training came to, for scripts: the one thing on standard output."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from facesearch.cli.run_json import finite


def sweep_json(result: Any, uri: str, left_out: Sequence[str] = ()) -> str:
    """Return a sweep as JSON.

    Args:
        result: As `facesearch.tuning.tune` returns it.
        uri: Of the MLflow store.
        left_out: What is passed over of the faces, a line a folder.

    """
    sweep, best = result.sweep, result.sweep.best
    told = {
        "sweep": result.folder.name, "folder": str(result.folder), "mlflow": uri,
        "run_id": result.run_id, "is_tracked": result.is_tracked, "halted": result.halted,
        "is_interrupted": sweep.is_interrupted, "epochs": sweep.epochs_spent,
        "left_out": list(left_out),
        "best": _trial(sweep, best) if best else None,
        "trials": [_trial(sweep, trial) for _, trial in sorted(sweep.trials.items())],
    }  # fmt: skip
    return json.dumps(finite(told), indent=1)


def _trial(sweep: Any, trial: Any) -> dict[str, Any]:
    return {
        "number": trial.number, "run_id": trial.run_id, "outcome": sweep.told(trial.outcome),
        "message": trial.message, "epochs": trial.epochs, "score": trial.score,
        "repeat_of": trial.repeat_of,
        "point": trial.point, "metrics": dict(trial.curve[-1]) if trial.curve else {},
    }  # fmt: skip


def final_json(final: Any) -> str:
    """Return a final training as JSON: where it is, and its whole report."""
    registered = None if final.registered is None else asdict(final.registered)
    told = {
        "folder": str(final.folder), "model": str(final.folder / "model"), "run_id": final.run_id,
        "version": registered["version"] if registered else "", "registered": registered,
        "report": json.loads(final.report.as_json()),
    }  # fmt: skip
    return json.dumps(finite(told), indent=1)
