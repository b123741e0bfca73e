"""The folder of a sweep: which one a command goes on with, and whether it may.

What writes checkpoints is imported where it is needed: it brings torch along, which takes seconds,
and most commands only look.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from facesearch.errors import InputError, no_sweep
from facesearch.space import SearchSpace
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import Event, Ledger, is_open, read_ledger
from facesearch.tuning.question import difference, identity, why_reserved, without_zeros
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.yaml_text import read_yaml

_NUMBERED = re.compile(r"(.+)-(\d{4})")
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
    """Return the space of a sweep as it was asked last, and its folder of faces.

    It is not checked anew: an older sweep stays readable when a check is added.

    Raises:
        InputError: If the folder holds no sweep, or one that is not understood.

    """
    opened = opening(folder)
    document = read_yaml(folder / "space.yaml")
    if not isinstance(document.value, dict):
        raise InputError(f"{document.source}: is no space of a sweep any more.")
    space = SearchSpace(document)
    space.template = opened.get("template", space.template)
    asked = _asked_last(folder, opened)
    space.settings_raw = without_zeros(asked["settings"])
    try:
        space.first_config()
        space.settings  # noqa: B018 - reading them is the check
    except (ValidationError, InputError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{folder}: what it was asked is not understood: {reason}") from None
    return space, asked["root"]


def _asked_last(folder: Path, opened: Event) -> Event:
    """Return the newest event that holds settings and root: of a session, or the first."""
    events = read_ledger(folder)
    sessions = [e for e in events if e["event"] == "session" and "settings" in e]
    return sessions[-1] if sessions else opened


def read_sweep(folder: Path) -> SweepRecord:
    """Return the records of a sweep as it stands; what nobody works on any more is interrupted.

    Raises:
        InputError: If the folder holds no sweep.

    """
    # asked before it is read: who ends meanwhile has written everything by then
    has_worker = is_open(folder)
    sweep = fold(read_ledger(folder))
    if not has_worker:
        sweep.leave()
    return sweep


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
            f"change.{why_reserved(opened, reserved)}"
        )
    return SweepFolder(folder, Ledger(folder), is_new=False)


def _begin(
    space: SearchSpace, fingerprint: str, folder: Path, root: str | None,
    reserved: Mapping[str, Any] | None,
) -> SweepFolder:  # fmt: skip
    from facesearch.training.checkpoint import write_atomically

    folder.mkdir(exist_ok=True)
    text = _text_of(space)
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
        template=space.template,
        root=root,
        space_sha256=hashlib.sha256(text).hexdigest(),
    )
    return SweepFolder(folder, ledger, is_new=True)


def _text_of(space: SearchSpace) -> bytes:
    """Return the file of a space; raises InputError if it is no more as it was read."""
    source = Path(space.document.source)
    text = source.read_bytes()
    if read_yaml(source).value != space.document.value:
        raise InputError(f"{source}: was changed since it was read; give the command again.")
    return text


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
