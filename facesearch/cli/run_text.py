"""One run in full, as text: what `facesearch show` prints."""

import textwrap
from collections.abc import Sequence
from typing import Any

import yaml

from facesearch.cli.run_tables import SHORT_ID, figure, number
from facesearch.cli.text import printable
from facesearch.tracking.rows import figures_of

_SPARKS = 24
# What is told of the curve: the score, and what it is made of.
_CURVES = ("score", "train/loss", "val/")


def facts(detail: Any, width: int) -> list[tuple[str, str]]:
    """Return what a run is, in words, by name; folded for a terminal of so many places."""
    from facesearch.tuning.records import trial_name

    row = detail.row
    told = [
        ("run", row.run_id or "unknown: only MLflow knows it"),
        ("sweep", f"{row.sweep}/{row.name}" if row.sweep else ""),
        ("point", row.point if detail.kind == "trial" else ""),
        ("outcome", row.outcome.replace("_", " ")),
        ("repeats", "" if row.repeat_of is None else f"{trial_name(row.repeat_of)}, another seed"),
        ("message", detail.message),
        ("epochs", str(row.epochs) if detail.kind == "trial" else ""),
        ("score", number(row.score)),
        ("best score", number(row.metrics.get("best/score"))),
        ("training", seconds(row.metrics.get("total_seconds"))),
        ("read from", detail.source),
    ]
    room = max(20, width - 2 - max(len(name) for name, _ in told) - 2)
    return [(name, _folded(value, room)) for name, value in told if value]


def _folded(text: str, width: int) -> str:
    """Return text in lines of so many places; a word that is longer stays whole."""
    lines = printable(text).splitlines()
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in lines
    )


def seconds(value: float | None) -> str:
    """Return a duration; "" for none."""
    from facesearch.tuning.tables import format_seconds

    return "" if value is None else format_seconds(value)


def pairs(rows: Sequence[tuple[str, str]], indent: str = "") -> str:
    """Return names and values, the values below each other; long ones go on below themselves."""
    width = max((len(name) for name, _ in rows), default=0)
    gap = "\n" + indent + " " * (width + 2)
    lines = [f"{indent}{name:<{width}}  {gap.join(value.splitlines())}" for name, value in rows]
    return "\n".join(line.rstrip() for line in lines)


def metrics(detail: Any) -> list[tuple[str, str]]:
    """Return the latest metrics; those of a final model with their intervals."""
    values = detail.row.metrics
    found = {name: figure(ends) for name, ends in figures_of(values).items()}
    plain = {name: f"{value:.4g}" for name, value in values.items() if _is_plain(name, values)}
    return [(printable(name), told) for name, told in sorted({**found, **plain}.items())]


def _is_plain(name: str, values: dict[str, float]) -> bool:
    known = ("score", "epochs", "best/score", "total_seconds", "attempts")
    return not name.startswith("final/") and name not in known and name in values


def curves(detail: Any) -> list[tuple[str, str]]:
    """Return the learning curves as bars, with their ends."""
    from facesearch.tuning.tables import sparkline

    told = []
    for name in sorted(detail.curves, key=lambda name: (name != "score", name)):
        values = [value for value in detail.curves[name] if value == value]
        if len(values) > 1 and name.startswith(_CURVES):
            bars = sparkline(thinned(values), _SPARKS)
            told.append((printable(name), f"{bars}  {values[0]:.4g} -> {values[-1]:.4g}"))
    return told


def thinned(values: Sequence[float], most: int = _SPARKS) -> list[float]:
    """Return so many values at most, evenly chosen, the first and the last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def as_yaml(config: dict[str, Any]) -> str:
    """Return a config as YAML, a part after the other, fit to be written to a file."""
    if not config:
        return ""
    return str(yaml.safe_dump(config, sort_keys=False, default_flow_style=False, width=1000))


def without_defaults(config: dict[str, Any]) -> dict[str, Any]:
    """Return what of a config is not as it comes, and its head; it means the same.

    One that is not understood, as of another version, is returned as it is.
    """
    from pydantic import ValidationError

    from facesearch.config import RunConfig

    try:
        whole = RunConfig.model_validate(config)
        short = whole.model_dump(mode="json", exclude_defaults=True)
        head = {"type": whole.head.type, **short.get("head", {})}
        short = {part: {**short, "head": head}.get(part, {}) for part in config}
        short = {part: values for part, values in short.items() if values}
        return short if RunConfig.model_validate(short) == whole else config
    except ValidationError:
        return config


def commands(detail: Any, again: str = "") -> list[str]:
    """Return what can be typed next; ``again`` are the options that each needs to find it."""
    row, label = detail.row, detail.label
    if detail.kind == "final":
        told = [f"facesearch report {label}", f"facesearch evaluate {label} --data FACES"]
        return [f"{command}{again}" for command in told]
    told = [f"facesearch diff {label} OTHER"]
    if row.is_finalizable:
        told.insert(0, f"facesearch finalize --run-id {row.run_id[:SHORT_ID]}")
    if row.sweep:
        told.append(f"facesearch runs {row.sweep}")
        told += [] if row.run_id else [f"facesearch sync {row.sweep}"]
    return [f"{command}{again}" for command in told]
