"""Leaderboards for scripts: as CSV and as JSON."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

_OWN = ("sweep", "run", "trial", "outcome", "epochs", "score", "started")


def as_csv(rows: Sequence[Any], names: Sequence[str]) -> str:
    """Return rows as CSV, with a column for each field; ids are whole."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = row.fields()
        writer.writerow("" if values.get(name) is None else values[name] for name in names)
    return text.getvalue()


def row_objects(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows as plain JSON, params and metrics in objects of their own."""
    told = []
    for row in rows:
        fields = row.fields()
        own = {name: fields[name] for name in _OWN}
        told.append(finite({**own, "params": row.params, "metrics": row.metrics}))
    return told


def final_objects(finals: Sequence[Any]) -> list[dict[str, Any]]:
    """Return final models as plain JSON, each figure with the ends of its interval."""
    told = []
    for final in finals:
        figures = {
            name: dict(zip(("value", "low", "high"), ends, strict=True))
            for name, ends in final.figures.items()
        }
        one = {
            "run": final.run_id, "name": final.name, "trial_run": final.trial_run_id,
            "status": final.status, "figures": figures,
        }  # fmt: skip
        told.append(finite(one))
    return told


def finite(value: Any) -> Any:
    """Return plain JSON in which what is no number is null: JSON has no word for it."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
