"""Where the bundle is that somebody names: a folder, an MLflow run, or a registered version.

Not in this module: how it comes from MLflow (`fetch.py`).
"""

import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facesearch.errors import InputError
from facesearch.final.bundle import MANIFEST, load_bundle
from facesearch.final.fetch import fetched
from facesearch.final.folder import BUNDLE, find_final
from facesearch.final.model import FaceModel
from facesearch.tracking.address import said_again
from facesearch.training.memory import default_device
from facesearch.tuning.records import FINALIZABLE, present_word

if TYPE_CHECKING:
    from facesearch.tracking.store import Store

_RUN_ID = re.compile(r"[0-9a-zA-Z]{3,64}")
_VERSION = re.compile(r"models:/([A-Za-z0-9._ -]{1,250})(?:@([A-Za-z0-9._-]{1,250})|/(\d{1,9}))")
_SHOWN = 3


def load_model(
    where: str | Path,
    *,
    tracking_uri: str | None = None,
    runs_dir: str | Path = "runs",
    device: str | None = None,
) -> FaceModel:
    """Return the model that is named, on its device, ready to be used.

    Args:
        where: A bundle's folder, a final run's id, or ``models:/NAME@champion``.
        tracking_uri: The MLflow store of a run; None: ``MLFLOW_TRACKING_URI``, else in runs_dir.
        runs_dir: Holds the default store.
        device: As torch names it; None: the GPU if there is one.

    Raises:
        InputError: If there is no such model, or it is not what was written.

    """
    model = load_bundle(find_bundle(where, tracking_uri=tracking_uri, runs_dir=Path(runs_dir)))
    for member in model.members:
        member.network.to(device or default_device())
        member.head.to(device or default_device())
    return model


def find_bundle(
    where: str | Path,
    store: "Store | None" = None,
    *,
    tracking_uri: str | None = None,
    runs_dir: Path = Path("runs"),
) -> Path:
    """Return the folder of the bundle that is named; one in MLflow is first copied to the cache.

    Args:
        where: The folder of a bundle, or one that finalize wrote, with a bundle in ``model/``, or
            how the name of that begins (in ``runs_dir`` too); the id of a final run, or how it
            begins; ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
            What is there as a file or folder is taken for one, whatever else it could mean.
        store: The MLflow store; None: that of the two others, opened only if it is needed.
        tracking_uri: Its address; None: ``MLFLOW_TRACKING_URI``, else SQLite in runs_dir.
        runs_dir: Holds the default store.

    Raises:
        InputError: If nothing of that name is there, or several; with the nearest ones.

    """
    text = str(where)
    path = _existing(text)
    if path is not None:
        return _bundle_in(path)
    final = find_final(text, runs_dir)
    if final is not None:
        return _bundle_in(final)
    version = _VERSION.fullmatch(text)
    if version is None and text.startswith("models:/"):
        raise InputError(f"'{text[:200]}': write models:/NAME@ALIAS or models:/NAME/VERSION.")
    if isinstance(where, Path) or not (version or _RUN_ID.fullmatch(text)):
        raise InputError(
            f"{text[:200]}: no such folder. Give the folder of a model, the id of a final run, or "
            "models:/NAME@champion; `facesearch models` lists them."
        )
    # mlflow takes seconds to import, and a folder does not need it
    from facesearch.tracking.store import resolve_store
    from facesearch.tracking.telling import telling

    store = store or resolve_store(tracking_uri, runs_dir)
    _refuse_absent(store, text)
    with telling(store):
        client = store.reader()
        experiment = store.experiment(client)
        where_runs = [] if experiment is None else [str(experiment.experiment_id)]
        again = said_again(runs_dir, tracking_uri)
        run_id = (
            _of_version(client, version) if version else _of_final(client, where_runs, text, again)
        )
        return fetched(client, run_id)


# --- folders ----------------------------------------------------------------------------


def _existing(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError) as error:  # too long; the home of nobody
        raise InputError(f"{text[:200]}: no name of a folder ({error}).") from None


def _bundle_in(path: Path) -> Path:
    for folder in (path, path / BUNDLE):
        if (folder / MANIFEST).is_file():
            return folder
    if path.is_dir():
        raise InputError(f"{path}: no model in it: neither {MANIFEST} nor {BUNDLE}/{MANIFEST}.")
    raise InputError(f"{path}: is a file; give the folder of the model, {path.parent}.")


# --- runs and versions ------------------------------------------------------------------


def _refuse_absent(store: "Store", text: str) -> None:
    """Refuse a SQLite store that is not there yet: asking would make it."""
    if store.is_absent():
        raise InputError(
            f"'{text}' is no folder, and no run: there is no MLflow store at {store.file}. Give "
            "the folder of a model, or the store with --tracking-uri or --runs."
        )


def _of_final(client: Any, where: Sequence[str], text: str, again: str) -> str:
    """Return the id of the one final run that begins so."""
    begins = _runs(client, where, f"attributes.run_id LIKE '{text}%'", 100)
    finals = [run for run in begins if _kind(run) == "final"]
    if len(finals) == 1:
        return str(finals[0].info.run_id)
    if finals:
        many = f"{len(finals)} final runs begin with '{text}'"
        raise InputError(f"{many}; write more of it: {_named(finals)}.")
    if begins:
        raise InputError(_why_no_model(client, where, begins[0], again))
    known = _runs(client, where, "tags.`facesearch.kind` = 'final'", 1000)
    # the sort is stable: of equally near ones the newest come first
    known.sort(key=lambda run: -_num_alike(run.info.run_id, text))
    has = f"It has: {_named(known)}" if known else "It holds no final runs"
    raise InputError(f"'{text}' is no folder, and no final run in MLflow begins so. {has}.")


def _why_no_model(client: Any, where: Sequence[str], run: Any, again: str) -> str:
    """Say how to come from a trial or a sweep to a model; ``again``: how a command finds it."""
    run_id, kind = run.info.run_id, _kind(run)
    if kind not in ("trial", "sweep"):
        return f"run {run_id[:8]} was not made by facesearch finalize; it holds no model."
    trial = run.data.tags.get("facesearch.best_run_id") if kind == "sweep" else run_id
    of_trial = f"tags.`facesearch.trial_run_id` = '{trial}'"
    finals = _runs(client, where, of_trial, 100) if trial and _RUN_ID.fullmatch(trial) else []
    made = [final for final in finals if _kind(final) == "final"]
    if made:
        return f"run {run_id[:8]} is a {kind}; its final runs, which have models: {_named(made)}."
    outcome = present_word(run.data.tags.get("facesearch.outcome", "running"))
    said = f"run {run_id[:8]} is a {kind}, and has no model yet"
    if kind == "trial" and outcome not in FINALIZABLE:
        return f"{said}; its outcome is '{outcome}', so it can have none."
    if kind == "sweep" and not trial:
        return f"{said}, nor a trial that has ended."
    return f"{said}. Make one: facesearch finalize --run-id {run_id[:8]}{again}"


def _of_version(client: Any, match: re.Match[str]) -> str:
    """Return the id of the final run whose bundle a registered version is."""
    text, name, alias, number = match[0], *match.groups()
    found = {int(v.version): v for v in client.search_model_versions(f"name='{name}'")}
    if not found:
        names = [model.name for model in client.search_registered_models()][:_SHOWN]
        has = f"It has: {', '.join(names)}" if names else "It has none"
        raise InputError(f"{text}: no registered model '{name}' in MLflow. {has}.")
    aliases = client.get_registered_model(name).aliases
    version = found.get(int(number or aliases.get(alias, 0)))
    if version is None:
        newest = ", ".join(map(str, sorted(found, reverse=True)[:_SHOWN]))
        known = ", ".join(sorted(aliases)) or "none"
        raise InputError(f"{text}: not there. Newest versions: {newest}. Aliases: {known}.")
    run_id = version.tags.get("facesearch.final_run_id") or version.run_id or ""
    if not _RUN_ID.fullmatch(run_id):
        raise InputError(f"{text}: does not say which run made it; no model of facesearch.")
    return str(run_id)


def _runs(client: Any, where: Sequence[str], which: str, most: int) -> list[Any]:
    """Return runs, the newest first."""
    if not where:
        return []
    newest = ["attributes.start_time DESC"]
    return list(client.search_runs(list(where), which, order_by=newest, max_results=most))


def _num_alike(first: str, second: str) -> int:
    """Return how many characters both begin with."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return sum(1 for _ in pairs)


def _kind(run: Any) -> str:
    return str(run.data.tags.get("facesearch.kind", "foreign"))


def _named(runs: Sequence[Any]) -> str:
    more = ", ..." if len(runs) > _SHOWN else ""
    return ", ".join(str(run.info.run_id)[:12] for run in runs[:_SHOWN]) + more
