"""Everything that the report of a final model is made of, read from its folder.

    report.json          its figures, notes and tables
    model/               the bundle
    members/*/curve.jsonl    the loss of every epoch of each seed

A bundle alone will do where its faces are at hand, and a report.json alone in any case.
"""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from facesearch.config import as_plain, placeless
from facesearch.errors import InputError
from facesearch.final.bundle import HEADER, MANIFEST, load_bundle
from facesearch.final.figures import Report, read_report
from facesearch.final.folder import BUNDLE, REPORT
from facesearch.final.model import FaceModel
from facesearch.final.verify import verify
from facesearch.report.final_faces import (
    SeenFaces,
    refuse_unlabelled,
    reporting_data,
    see_faces,
)
from facesearch.training.memory import default_device

# Figures of the faces at hand may differ so much from the report's by rounding of another machine.
_ROUNDING = 0.005


@dataclass(frozen=True)
class SeedCurve:
    """The loss of a member by epoch, of all its stages; whether it is the control."""

    seed: int
    loss: tuple[float, ...]
    minutes: float
    is_control: bool


@dataclass(frozen=True)
class FinalSource:
    """What a page is made of.

    Attributes:
        name: Of the folder.
        place: Where a page of it belongs: beside the report, or beside a lone bundle, which takes
            no other file.
        report: Figures, notes and tables.
        model: None where there is a report.json only.
        curves: One a member; none where the training is not at hand.
        seen: Scores on the reporting sets; None where the faces are not at hand.
        why_unseen: A sentence that says why.

    """

    name: str
    place: Path
    report: Report
    model: FaceModel | None
    curves: tuple[SeedCurve, ...]
    seen: SeenFaces | None
    why_unseen: str = ""


def read_final(folder: Path, root: str | None = None) -> FinalSource:
    """Read a final model, and ask it about its reporting sets where they are at hand.

    Args:
        folder: What finalize wrote, with ``report.json``; or a bundle.
        root: The faces; None: where they were when the model was made.

    Raises:
        InputError: If there is neither a report nor a bundle, one is damaged, or the faces that
            are asked for cannot be read.

    """
    folder, bundle = _places(folder)
    model = None
    if bundle is not None:
        model = load_bundle(bundle).to(default_device())
    seen, why = _see(model, bundle, root)
    report = _report(folder, model, seen)
    if seen is not None:
        report = _compared(report, seen)
    curves = () if model is None else _curves(folder / "members", model)
    name, place = folder.resolve().name, folder
    if bundle == folder:
        place = folder.resolve().parent / f"{name}-report"
    return FinalSource(name, place, report, model, curves, seen, why)


def _places(folder: Path) -> tuple[Path, Path | None]:
    """Return the folder of the report, and that of the bundle if there is one."""
    if (folder / MANIFEST).is_file():
        is_inside = folder.resolve().name == BUNDLE and (folder.resolve().parent / REPORT).is_file()
        return (folder.resolve().parent if is_inside else folder), folder
    bundle = folder / BUNDLE
    if (bundle / MANIFEST).is_file():
        return folder, bundle
    if (folder / REPORT).is_file():
        return folder, None
    raise InputError(
        f"{folder}: no final model: neither {REPORT} nor {BUNDLE}/{MANIFEST}. Give the folder that "
        "facesearch finalize wrote, as runs/final-3f2b91c0-5d07a3; facesearch models lists them."
    )


def _see(
    model: FaceModel | None, bundle: Path | None, root: str | None
) -> tuple[SeenFaces | None, str]:
    if model is None or bundle is None:
        return None, "There is no model beside the report, so there are no curves of every score."
    data = reporting_data(model, root)
    if isinstance(data, str):
        return None, data
    try:
        return see_faces(model, data, bundle), ""
    except InputError as error:
        if root is not None:
            raise
        return None, f"The faces cannot be read ({error}), so there are no curves of every score."


def _report(folder: Path, model: FaceModel | None, seen: SeenFaces | None) -> Report:
    """Return the report as it was written; of a bundle alone it is measured here."""
    path = folder / REPORT
    if path.is_file():
        try:
            return _with_nan(read_report(path))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not a report of facesearch ({error!r:.100}).") from None
    if model is None or seen is None:
        raise InputError(
            f"{folder}: a model without {REPORT}, and its faces are not at hand. Give them with "
            "--data FACES."
        )
    refuse_unlabelled(seen, seen.source)
    _, report = verify(model, seen.targets, is_refitted=False, source=seen.source)
    report.notes.insert(0, f"measured just now, on {seen.source}: there was no {REPORT}.")
    return report


def _with_nan(report: Report) -> Report:
    """Return it as it was before it became JSON, which has no NaN."""
    tables = {
        name: [{k: math.nan if v is None else v for k, v in row.items()} for row in rows]
        for name, rows in report.tables.items()
    }
    return replace(report, tables=tables)


def _compared(report: Report, seen: SeenFaces) -> Report:
    """Return it with a note on every main figure that the faces at hand do not give.

    And on what is passed over of them.
    """
    found = {}
    for search in seen.searches:
        if len(search.places):
            found[f"{search.name}/rank1"] = float((search.places <= 1).mean())
    if seen.dev is not None:
        found["dev/top1"] = float(seen.dev.top(1).is_right_N.mean())
    notes = [
        f"{name} is {report.figures[name].value:.3f} in the report, but {value:.3f} with the "
        f"faces of {seen.source}: they are others. The curves are of these, the figures are not."
        for name, value in found.items()
        if name in report.figures and abs(report.figures[name].value - value) > _ROUNDING
    ]
    # a report says what was passed over when it was made
    told = [line for one in seen.left_out for line in one.counts()]
    more = [line for line in told if line not in report.notes]
    return replace(report, notes=[*notes, *report.notes, *more])


# --- training -----------------------------------------------------------------------------


def _curves(folder: Path, model: FaceModel) -> tuple[SeedCurve, ...]:
    """Return the curves of the model's members and of their control, by seed."""
    own, found = _recipe(as_plain(model.config)), []
    still = {**own, "augment": {**own["augment"], "shift_fraction": 0.0}}
    for path in sorted(folder.glob("*/curve.jsonl")):
        config = _config_of(path.parent)
        recipe = _recipe(config) if config else None
        if config is None or recipe not in (own, still):
            continue  # of another plan, or another finalist
        rows = _rows(path)
        minutes = sum(seconds for _, seconds in rows) / 60
        loss = tuple(loss for loss, _ in rows)
        if loss:
            found.append(SeedCurve(config["train"]["seed"], loss, minutes, recipe != own))
    return tuple(sorted(found, key=lambda curve: (curve.is_control, curve.seed)))


def _recipe(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config without what members differ in: the place of the faces, and the seed."""
    plain: dict[str, Any] = placeless(config)
    train = {name: value for name, value in plain["train"].items() if name != "seed"}
    return {**plain, "train": train}


def _config_of(member: Path) -> dict[str, Any] | None:
    """Return the config of a member's last stage; None if it was not trained to its end."""
    for stage in sorted(member.glob("stage*"), reverse=True):
        try:
            config: dict[str, Any] = json.loads((stage / BUNDLE / HEADER).read_text())["config"]
            return config if {"train", "augment", "data"} <= config.keys() else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return None


def _rows(path: Path) -> list[tuple[float, float]]:
    """Return loss and seconds of each epoch; one that was trained again counts once."""
    rows: dict[tuple[int, int], tuple[float, float]] = {}
    for line in path.read_text().splitlines():
        try:
            row = json.loads(line)
            at = int(row["stage"]), int(row["epoch"])
            rows[at] = float(row["loss"]), float(row["seconds"])
        except (ValueError, LookupError, TypeError):
            continue  # torn by a kill
    return [rows[at] for at in sorted(rows)]
