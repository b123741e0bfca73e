"""The folder of a sweep: which one a command goes on with, and whether it may.

What writes checkpoints is imported where it is needed: it brings torch along, which takes seconds,
and most commands only look.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from facesearch.errors import InputError, no_sweep
from facesearch.space import SearchSpace, load_space
from facesearch.tuning.ledger import Event, Ledger, read_ledger
from facesearch.tuning.records import TrialRecord

_NUMBERED = re.compile(r"(.+)-(\d{4})")
# What may differ between two commands of one sweep: how long it goes on is no part of the question.
_BUDGETS = (
    "trials", "time_s", "epochs", "gpu_hours", "patience_trials", "repeat_top", "repeat_seeds",
)  # fmt: skip
_FORMAT = 1


@dataclass(frozen=True)
class SweepFolder:
    """An open sweep: its folder and its locked ledger."""

    path: Path
    ledger: Ledger
    is_new: bool

    @property
    def text(self) -> str:
        """The space as it was written when the sweep began."""
        return (self.path / "space.yaml").read_text(encoding="utf-8-sig")

    @property
    def trials(self) -> Path:
        """Where the checkpoints of the trials are."""
        return self.path / "trials"


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


def identity(space: SearchSpace, fingerprint: str) -> dict[str, Any]:
    """Return what must be the same for a sweep to be continued, as flat JSON."""
    question = {**space.template, **space.settings_raw, "faces": fingerprint}
    free = {f"search.{budget}" for budget in _BUDGETS}
    leaves = flat(question)
    # what is reserved shows in the fingerprint, as it is not trained on
    untold = ("resources.", "data.reserve")
    leaves = {k: v for k, v in leaves.items() if k not in free and not k.startswith(untold)}
    plain: dict[str, Any] = json.loads(json.dumps(leaves, default=str))
    return plain


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a line for each leaf that is not the same."""
    names = sorted({*before, *now})
    none = "not written"
    return [
        f"  {name}: was {before.get(name, none)}, is {now.get(name, none)}"
        for name in names
        if before.get(name, none) != now.get(name, none)
    ]


def open_sweep(
    space: SearchSpace, fingerprint: str, runs_dir: Path, *, root: str | None = None,
    is_fresh: bool = False, reserved: Mapping[str, Any] | None = None,
) -> SweepFolder:  # fmt: skip
    """Open the newest sweep of the space's name, or begin a new one.

    Args:
        space: What is asked.
        fingerprint: Of the faces.
        runs_dir: Where sweeps are.
        root: Folder of the faces, noted for `load_sweep`.
        is_fresh: Begin a new one in any case.
        reserved: What is reserved of the faces for the report, as `Reserve.about` has it.

    Raises:
        InputError: If the newest one asked another question, is open elsewhere, or the folder
            cannot be written.

    """
    name = space.settings.name
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(runs_dir / ".lock", timeout=60):
            newest = newest_folder(runs_dir, name)
            if newest and not is_fresh and _has_ledger(newest):
                return _go_on(space, fingerprint, newest, reserved)
            number = 1 if newest is None else int(newest.name[-4:]) + _is_used(newest)
            path = runs_dir / f"{name}-{number:04d}"
            return _begin(space, fingerprint, path, root, reserved)
    except OSError as error:
        raise InputError(f"{runs_dir}: cannot be written ({error}); use --runs FOLDER.") from None


def newest_folder(runs_dir: Path, name: str) -> Path | None:
    """Return the folder with the highest number of this name, or None."""
    # by comparison: a name may be a path or hold what a pattern would read
    found = [
        path
        for path in (runs_dir.iterdir() if runs_dir.is_dir() else ())
        if (match := _NUMBERED.fullmatch(path.name)) and match[1] == name and path.is_dir()
    ]
    return max(found, default=None, key=lambda path: path.name)


def find_sweep(runs_dir: Path, sweep: str) -> Path:
    """Return the folder that ``sweep`` names: a path, a folder in runs_dir, or a name's newest.

    Raises:
        InputError: If there is none.

    """
    for path in (Path(sweep), runs_dir / sweep):
        if (path / "ledger").is_file():
            return path
    newest = newest_folder(runs_dir, sweep)
    if newest and (newest / "ledger").is_file():
        return newest
    known = sorted(runs_dir.glob("*/ledger"), key=lambda path: path.stat().st_mtime, reverse=True)
    raise InputError(no_sweep(sweep, [path.parent.name for path in known], runs_dir))


def load_sweep(folder: Path) -> tuple[SearchSpace, str | None]:
    """Return the space of a sweep as it was asked, and its folder of faces.

    Raises:
        InputError: If the folder holds no sweep.

    """
    opened = opening(folder)
    space = load_space(folder / "space.yaml")
    space.settings_raw = dict(opened["settings"])
    return space, opened["root"]


def opening(folder: Path) -> Event:
    """Return the first event of a sweep, which says what it asks.

    Raises:
        InputError: If it is damaged, or of a version that is not known here.

    """
    first = next(read_ledger(folder), {})
    if first.get("event") != "opened" or first.get("format") != _FORMAT:
        raise InputError(
            f"{folder / 'ledger'}: its first line is damaged, or of another version of facesearch; "
            "this sweep cannot go on. Give --fresh to begin a new one beside it."
        )
    return first


def _has_ledger(folder: Path) -> bool:
    ledger = folder / "ledger"
    return ledger.is_file() and ledger.stat().st_size > 0


def _is_used(folder: Path) -> bool:
    """Whether there is anything but what a process leaves that was killed at its beginning."""
    beginning = {"lock", "holder", "space.yaml"}
    return _has_ledger(folder) or any(
        p.name not in {*beginning, "ledger"} for p in folder.iterdir()
    )


def _go_on(
    space: SearchSpace, fingerprint: str, folder: Path, reserved: Mapping[str, Any] | None
) -> SweepFolder:
    opened = opening(folder)
    changes = difference(opened["identity"], identity(space, fingerprint))
    if changes:  # before it is opened: a refusal changes nothing
        shown = "\n".join(changes[:20])
        raise InputError(
            f"{space.document.source}: differs from the sweep that it would continue, {folder}:\n"
            f"{shown}\nGive --fresh to begin a new sweep, --name for one beside it, or undo the "
            f"change.{_why_reserved(opened, reserved)}"
        )
    return SweepFolder(folder, Ledger(folder), is_new=False)


def _why_reserved(opened: Event, reserved: Mapping[str, Any] | None) -> str:
    """Say how to continue a sweep of before faces were reserved for the report."""
    if "reserved" in opened or not reserved:
        return ""
    return (
        " This sweep is of before some faces were reserved for the report: data.reserve: none "
        "continues it, without them."
    )


def _begin(
    space: SearchSpace, fingerprint: str, folder: Path, root: str | None,
    reserved: Mapping[str, Any] | None,
) -> SweepFolder:  # fmt: skip
    from facesearch.training.checkpoint import write_atomically

    folder.mkdir(exist_ok=True)
    text = Path(space.document.source).read_bytes()
    write_atomically(folder / "space.yaml", text)
    ledger = Ledger(folder)
    ledger.append(
        "opened",
        format=_FORMAT,
        objective=space.settings.search.objective,
        sweep_id=uuid.uuid4().hex,
        name=space.settings.name,
        max_epochs=space.first_config().train.epochs,
        identity=identity(space, fingerprint),
        reserved=dict(reserved or {}),
        settings=space.settings_raw,
        root=root,
        space_sha256=hashlib.sha256(text).hexdigest(),
    )
    return SweepFolder(folder, ledger, is_new=True)


class CheckpointKeeper:
    """Deletes the checkpoints that nobody will want, as an observer of the sweep.

    Bound on the disk: three files (the last two and the best) for each running or paused trial,
    two for each completed one, none for the others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def trial_started(self, trial: TrialRecord) -> None:
        """The worker keeps its own folder small."""

    def epoch_done(self, trial: TrialRecord) -> None:
        """The worker keeps its own folder small."""

    def trial_ended(self, trial: TrialRecord) -> None:
        """Leave the best and the last of a completed trial, and nothing of one that was stopped."""
        from facesearch.training.retention import forget, keep_final

        folder = self.folder / f"{trial.number:03d}"
        if trial.outcome == "completed":
            keep_final(folder)
        elif trial.has_ended:
            forget(folder)

    def tidy(self, trials: Iterable[TrialRecord], *, is_cut: bool) -> None:
        """Do again what a crash may have prevented.

        Args:
            trials: All of the sweep.
            is_cut: The ledger lost its end: attempts are numbered anew, so fences are taken down.

        """
        for trial in trials:
            self.trial_ended(trial)
        for fence in self.folder.glob("*/attempt") if is_cut else ():
            fence.unlink(missing_ok=True)
