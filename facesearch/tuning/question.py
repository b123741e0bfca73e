"""What a sweep asks, to be compared: whether another command asks the same of the same faces.

Not here: which sweep a command goes on with (`folder.py`).
"""

import json
from collections.abc import Mapping
from typing import Any

from facesearch.config import SweepSettings
from facesearch.space import SearchSpace
from facesearch.tuning.ledger import Event

# What may differ between two commands of one sweep: how long it goes on is no part of the question.
_BUDGETS = (
    "trials", "time_s", "epochs", "gpu_hours", "patience_trials", "repeat_top", "repeat_seeds",
)  # fmt: skip


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return the leaves of nested mappings and lists by their dotted names."""
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(v, (Mapping, list)) for v in value):
        items = list(enumerate(value))
    else:
        return {name: value}
    leaves: dict[str, Any] = {}
    for key, item in items:
        leaves |= flat(item, f"{name}.{key}" if name else str(key))
    return leaves


_DEFAULTS = flat(SweepSettings().model_dump(include={"name", "search"}))


def identity(space: SearchSpace, fingerprint: str) -> dict[str, Any]:
    """Return what must be the same for a sweep to be continued, as flat JSON."""
    question = {**space.template, **space.settings_raw, "faces": fingerprint}
    # as it counts: a cost is minimised whatever the sign of its weight
    objective = {"objective": space.settings.search.objective}
    question["search"] = {**question.get("search", {}), **objective}
    free = {f"search.{budget}" for budget in _BUDGETS}
    leaves = flat(question)
    # what is reserved shows in the fingerprint, as it is not trained on
    untold = ("resources.", "data.reserve")
    leaves = {k: v for k, v in leaves.items() if k not in free and not k.startswith(untold)}
    if any(name.startswith("model.") and _is_pretrained(leaf) for name, leaf in leaves.items()):
        # a sweep of before gave these networks other pixels: its scores do not compare
        leaves["model.pixels"] = "as torchvision's weights were trained on"
    plain: dict[str, Any] = json.loads(json.dumps(leaves, default=str))
    return plain


def _is_pretrained(leaf: Any) -> bool:
    return leaf == "torchvision" or (isinstance(leaf, list) and "torchvision" in leaf)


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a line for each leaf that is not the same; a setting not written is its default."""
    # a metric of weight 0, which earlier versions took, asks for nothing
    before = {k: v for k, v in before.items() if v != 0 or not k.startswith("search.objective.")}
    before, now = _whole(before), _whole(now)
    names = sorted({*before, *now})
    none = "not written"
    return [
        f"  {name}: was {before.get(name, none)}, is {now.get(name, none)}"
        for name in names
        if before.get(name, none) != now.get(name, none)
    ]


def _whole(leaves: Mapping[str, Any]) -> dict[str, Any]:
    told = {name for name in _DEFAULTS if any(leaf.startswith(f"{name}.") for leaf in leaves)}
    return {**{k: v for k, v in _DEFAULTS.items() if k not in told}, **leaves}


def without_zeros(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of an older sweep without weights of 0, which are refused by now."""
    search = dict(settings.get("search", {}))
    if isinstance(objective := search.get("objective"), dict):
        search["objective"] = {name: weight for name, weight in objective.items() if weight}
    return {**settings, "search": search} if search else dict(settings)


def why_reserved(opened: Event, reserved: Mapping[str, Any] | None) -> str:
    """Say how to continue a sweep of before faces were reserved for the report."""
    if "reserved" in opened or not reserved:
        return ""
    return (
        " This sweep is of before some faces were reserved for the report: data.reserve: none "
        "continues it, without them."
    )
