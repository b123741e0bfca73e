"""All final models of some runs: from their folders, and from MLflow where it answers.

A folder and a run belong together where they hold the same bundle. Nothing is written, and no
network is loaded.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from facesearch.errors import InputError
from facesearch.final.bundle import HEADER, MANIFEST, WEIGHTS, model_digest
from facesearch.final.champion import CHAMPION, FACES_TAG, MODEL_TAG, versions_of
from facesearch.final.compare import MAIN_FIGURES
from facesearch.final.figures import read_report
from facesearch.final.folder import BUNDLE, REPORT, final_folders, find_final
from facesearch.final.registry import VERDICT_TAG
from facesearch.final.tracking import FOLDER_TAG
from facesearch.tracking.boards import StoreReader
from facesearch.tracking.rows import figures_of
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling

# Characters of a run's id that are enough, and models that a message names.
_LEAST_ID, _SHOWN = 3, 5
# A figure with the ends of its interval.
Ends = tuple[float, float, float]


@dataclass(frozen=True)
class Version:
    """A version of a registered model; reported_on says which faces decide, "" for none."""

    name: str
    number: str
    aliases: tuple[str, ...]
    verdict: str
    reported_on: str

    @property
    def address(self) -> str:
        """What finds it, by its alias if it is the champion."""
        is_champion = CHAMPION in self.aliases
        end = f"@{CHAMPION}" if is_champion else f"/{self.number}"
        return f"models:/{self.name}{end}"


@dataclass(frozen=True)
class FinalModel:
    """A final model.

    Attributes:
        name: Of its folder; without one, how the id of its run begins.
        folder: None where it is in MLflow only.
        run_id: Its run in MLflow, "" for none.
        digest: Of its bundle; "" if there is none.
        made_s: Seconds since 1970.
        faces: What it was trained on: the name of a folder, or ``generated faces``.
        about: What else is known of it: trial, seeds, network, sizes, thresholds, ...
        figures: By name, each with the ends of its interval.
        versions: Of registered models that are this bundle.
        notes: Of its report.
        problem: Why it cannot be read, "" if it can.

    """

    name: str
    folder: Path | None = None
    run_id: str = ""
    digest: str = ""
    made_s: float | None = None
    faces: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Ends] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether it has a figure that can decide between two models."""
        return self.main is not None

    @property
    def main(self) -> str | None:
        """The name of the figure that decides, None if it has none."""
        known = (name for name in MAIN_FIGURES if name in self.figures)
        return next((name for name in known if not math.isnan(self.figures[name][0])), None)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliases of all its versions."""
        return tuple(dict.fromkeys(name for one in self.versions for name in one.aliases))


def final_models(runs_dir: Path, store: Store | None) -> list[FinalModel]:
    """Return all final models, the newest first.

    Args:
        runs_dir: Where their folders are.
        store: Where their runs and versions are; None: of the folders alone.

    Raises:
        InputError: If the store does not answer.

    """
    models = [_of_folder(folder) for folder in final_folders(runs_dir)]
    if store is not None:
        models = _joined(models, store)
    return sorted(models, key=lambda one: (-(one.made_s or 0), one.name))


def find_model(word: str, models: Sequence[FinalModel], runs_dir: Path) -> FinalModel:
    """Return the one model that a word stands for.

    Args:
        word: Its folder or how the name of that begins, how the id of its run begins, or
            ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        models: All that there are.
        runs_dir: Where their folders are.

    Raises:
        InputError: If none is it, or several; with those that there are.

    """
    folder = find_final(word, runs_dir)
    if folder is not None:
        place = folder.resolve()
        found = [one for one in models if one.folder and one.folder.resolve() == place]
    elif word.startswith("models:/"):
        found = [one for one in models if any(word in _addresses(v) for v in one.versions)]
    else:
        found = [one for one in models if len(word) >= _LEAST_ID and one.run_id.startswith(word)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name for one in (found or models)[:_SHOWN]) or "none"
    if found:
        raise InputError(f"'{word[:200]}' may be {len(found)} final models: {names}; write which.")
    raise InputError(f"'{word[:200]}': no final model in {runs_dir} or in MLflow; known: {names}.")


def _addresses(version: Version) -> list[str]:
    ends = [f"/{version.number}", *(f"@{alias}" for alias in version.aliases)]
    return [f"models:/{version.name}{end}" for end in ends]


# --- folders ------------------------------------------------------------------------------


def _of_folder(folder: Path) -> FinalModel:
    model = FinalModel(folder.name, folder)
    bundle = folder / BUNDLE
    try:
        if (bundle / MANIFEST).is_file():
            header = json.loads((bundle / HEADER).read_text())
            model = replace(
                model,
                digest=model_digest(bundle),
                made_s=(bundle / MANIFEST).stat().st_mtime,
                faces=_faces(header["config"]),
                about=_about(header) | {"size_mb": _size_mb(bundle)},
            )
        if (folder / REPORT).is_file():
            report = read_report(folder / REPORT)
            figures = {name: (f.value, f.low, f.high) for name, f in report.figures.items()}
            model = replace(model, figures=figures, notes=tuple(report.notes))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return replace(model, problem=f"cannot be read ({type(error).__name__})")
    return model


def _size_mb(bundle: Path) -> float:
    """Return the size of the weights in 10^6 bytes."""
    return round((bundle / WEIGHTS).stat().st_size / 1e6, 2)


def _faces(config: dict[str, Any]) -> str:
    root = config["data"].get("root")
    return Path(root).name if root else "generated faces"


def _about(header: dict[str, Any]) -> dict[str, Any]:
    config, told = header["config"], header["provenance"]
    return {
        "trial": told.get("trial", ""),
        "trial_run_id": told.get("trial_run_id", ""),
        "root": config["data"].get("root"),
        "fingerprint": told.get("faces", ""),
        "reserved": told.get("reserved", {}),
        "identities": len(header["identities"]),
        "network": config["model"].get("network", ""),
        "head": config["head"]["type"],
        "image_px": config["data"]["image_px"],
        "members": header["num_members"],
        "seeds": told.get("seeds", []),
        "epochs": told.get("epochs", []),
        "views": header["views"],
        "thresholds": header["thresholds"],
    }


# --- MLflow -------------------------------------------------------------------------------


def _joined(models: list[FinalModel], store: Store) -> list[FinalModel]:
    """Return the models with their runs and versions, and those that are in MLflow only."""
    reader = StoreReader(store)
    runs = [
        run for run in reader.runs("tags.`facesearch.kind` = 'final'") if MODEL_TAG in run.data.tags
    ]
    # of the runs of one bundle the finished one is it, else the newest
    runs.sort(key=lambda run: run.info.status == "FINISHED", reverse=True)
    with telling(store):
        versions = list(_versions(reader.client))
    by_digest: dict[str, Any] = {}
    for run in runs:
        by_digest.setdefault(run.data.tags[MODEL_TAG], run)
    here = {model.digest for model in models}
    models = [_with_run(model, by_digest.get(model.digest)) for model in models]
    models += [_of_run(run) for digest, run in by_digest.items() if digest not in here]
    return [_with_versions(model, versions) for model in models]


def _with_run(model: FinalModel, run: Any) -> FinalModel:
    if run is None or not model.digest:
        return model
    made_s = run.info.start_time / 1000
    return replace(model, run_id=str(run.info.run_id), made_s=made_s)


def _of_run(run: Any) -> FinalModel:
    tags = run.data.tags
    about = {
        "trial": tags.get("facesearch.trial", ""),
        "trial_run_id": tags.get("facesearch.trial_run_id", ""),
        "fingerprint": tags.get("facesearch.faces", ""),
        "folder_name": tags.get(FOLDER_TAG, ""),
    }
    model = FinalModel(
        str(run.info.run_id)[:8],
        run_id=str(run.info.run_id),
        digest=tags[MODEL_TAG],
        made_s=run.info.start_time / 1000,
        about={name: value for name, value in about.items() if value},
        figures=figures_of(run.data.metrics),
    )
    try:
        return replace(model, faces=_faces(json.loads(tags["facesearch.config"])))
    except (ValueError, LookupError, TypeError, AttributeError):
        return replace(model, problem="its run does not say how it was trained")


def _versions(client: Any) -> Iterable[tuple[str, Version]]:
    """Yield every version of every registered model that says which bundle it is, with that."""
    token = None
    while True:
        page = client.search_registered_models(page_token=token)
        for registered in page:
            yield from _versions_of(client, registered)
        token = page.token
        if not token:
            return


def _versions_of(client: Any, registered: Any) -> Iterable[tuple[str, Version]]:
    aliases = {alias: str(number) for alias, number in registered.aliases.items()}
    for version in versions_of(client, registered.name):
        number, tags = str(version.version), version.tags
        own = tuple(sorted(alias for alias, whose in aliases.items() if whose == number))
        if MODEL_TAG in tags:
            verdict, faces = tags.get(VERDICT_TAG, ""), tags.get(FACES_TAG, "")
            yield tags[MODEL_TAG], Version(registered.name, number, own, verdict, faces)


def _with_versions(model: FinalModel, versions: list[tuple[str, Version]]) -> FinalModel:
    own = [one for digest, one in versions if digest == model.digest]
    return replace(model, versions=tuple(own)) if model.digest else model
