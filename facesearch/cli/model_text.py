"""Final models as text for a terminal, and as JSON."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from facesearch.cli.columns import Column, fitted, lines
from facesearch.cli.run_json import finite
from facesearch.cli.run_tables import figure
from facesearch.cli.text import printable
from facesearch.tracking.rows import SHORT_ID, iso_time

# The figures of the table: of each line the first that a model of the data set has.
_MEASURES = (("unknown_test/rank1", "unknown_dev/rank1", "pairs/accuracy"), ("dev/top1",))


def table(models: Sequence[Any], width: int) -> Iterator[str]:
    """Yield the lines of the final models, those of one data set together.

    Args:
        models: The newest first.
        width: Of the terminal, in places.

    """
    groups: dict[str, list[Any]] = {}
    for model in models:
        groups.setdefault(_data_set(model), []).append(model)
    for title, group in groups.items():
        yield printable(title)
        head, *rows = lines(_columns(group), width - 2)
        yield f"  {head}"
        for model, row in zip(group, rows, strict=True):
            yield f"  {row}"
            what = printable(", ".join(_facts(model)))
            yield f"    {fitted(what, min(len(what), width - 4))}"


def _data_set(model: Any) -> str:
    names = sorted({version.name for version in model.versions})
    return f"{model.faces or 'faces unknown'}   {', '.join(names) or 'not registered'}"


def _columns(group: Sequence[Any]) -> list[Column]:
    known = {name for model in group for name in model.figures}
    shown = [next((name for name in names if name in known), None) for names in _MEASURES]
    return [
        Column("model", [printable(model.name) for model in group]),
        Column("alias", [_alias(model) for model in group]),
        *(
            Column(name, [figure(model.figures.get(name)) for model in group])
            for name in shown
            if name is not None
        ),
    ]


def _alias(model: Any) -> str:
    return ", ".join(model.aliases) or ("" if model.is_measured else "not measured")


def _facts(model: Any) -> list[str]:
    """Return what is told of a model beside its figures, shortly."""
    about = model.about
    if model.problem:
        return [model.problem]
    count = about.get("members", 0)
    told = [
        iso_time(model.made_s)[:16].replace("T", " "),
        f"{count} network{'s' if count > 1 else ''} at {about['image_px']} px" if count else "",
        f"{about['size_mb']:g} MB" if "size_mb" in about else "in MLflow only",
        f"trial {about['trial_run_id'][:SHORT_ID]}" if about.get("trial_run_id") else "",
        str(about.get("trial", "")),
    ]
    return [text for text in told if text]


def details(model: Any) -> Iterator[str]:
    """Yield all that is known of one model, a line a fact."""
    about = dict(model.about)
    thresholds = about.pop("thresholds", {})
    facts = {
        "folder": str(model.folder or "none: in MLflow only"),
        "run": model.run_id or "none",
        "made": iso_time(model.made_s),
        "faces": model.faces,
        "measured": "yes" if model.is_measured else "no figure of it decides",
        **{name.replace("_", " "): _plain(value) for name, value in about.items()},
    }
    if model.problem:
        facts["problem"] = model.problem
    yield printable(f"final model {model.name}")
    for name, text in facts.items():
        if text:
            yield f"  {name:<15}{printable(text)}"
    for version in model.versions:
        alias = f" ({', '.join(version.aliases)})" if version.aliases else " (no alias)"
        yield printable(f"registered: models:/{version.name}/{version.number}{alias}")
        if version.verdict:
            yield printable(f"  {version.verdict}")
    yield from _section("figures", {name: figure(ends) for name, ends in model.figures.items()})
    yield from _section(
        "thresholds",
        {name: f"{one['value']:.4f} on {one['fitted_on']}" for name, one in thresholds.items()},
    )
    yield from (printable(f"note: {note}") for note in model.notes)


def _section(title: str, rows: dict[str, str]) -> Iterator[str]:
    if rows:
        yield title
        width = max(len(name) for name in rows) + 2
        yield from (printable(f"  {name:<{width}}{text}") for name, text in rows.items())


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return "" if value is None else str(value)


def as_object(model: Any) -> dict[str, Any]:
    """Return a model as plain JSON."""
    told = {
        "name": model.name,
        "folder": str(model.folder) if model.folder else None,
        "model": str(model.folder / "model") if model.folder else None,
        "run_id": model.run_id or None,
        "made": iso_time(model.made_s),
        "faces": model.faces,
        "is_measured": model.is_measured,
        "main_figure": model.main,
        "aliases": list(model.aliases),
        "registered": [
            {
                "name": one.name, "version": one.number, "aliases": list(one.aliases),
                "verdict": one.verdict, "reported_on": one.reported_on,
            }
            for one in model.versions
        ],
        "figures": {
            name: dict(zip(("value", "low", "high"), ends, strict=True))
            for name, ends in model.figures.items()
            if not math.isnan(ends[0])
        },
        "about": model.about,
        "notes": list(model.notes),
        "problem": model.problem,
    }  # fmt: skip
    plain: dict[str, Any] = finite(told)
    return plain
