"""Where the commands that look at runs find them: in MLflow first, else in the sweeps' ledgers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from facesearch.errors import InputError, no_sweep


@dataclass(frozen=True)
class Known:
    """A sweep that there is: in the store, on this disk, or both."""

    name: str
    started_s: float
    run: Any = None
    folder: Path | None = None


@dataclass
class Sources:
    """The store, if it answers, and the folder of sweeps.

    Args:
        runs_dir: Holds the folders of sweeps.
        reader: Of the store, or None.
        notes: What is to be told of where things came from.
        again: Options by which a further command finds the same.

    """

    runs_dir: Path
    reader: Any
    notes: list[str] = field(default_factory=list)
    again: str = ""

    def known(self) -> list[Known]:
        """Return all sweeps of the store and of the disk, the newest first."""
        from facesearch.tuning.known import sweep_folders

        folders = sweep_folders(self.runs_dir)
        found = []
        for run in self.reader.sweeps() if self.reader else []:
            folder = folders.pop(run.sweep_id, None)
            found.append(Known(run.names[0], run.started_s, run, folder))
        found += [self._on_disk(folder) for folder in folders.values()]
        return sorted(found, key=lambda known: known.started_s, reverse=True)

    def _on_disk(self, folder: Path) -> Known:
        from facesearch.tuning.board import started_s

        return Known(folder.resolve().name, started_s(folder), None, folder)

    def find(self, name: str) -> Known:
        """Return the sweep of a name, a folder or a folder's name.

        Raises:
            InputError: If neither the disk nor the store has it.

        """
        from facesearch.tuning.folder import find_sweep, opening

        try:
            folder = find_sweep(self.runs_dir, name)
        except InputError:
            if self.reader is None:
                raise
            return self._in_store(name)
        sweep_id = str(opening(folder)["sweep_id"])
        sweeps = self.reader.sweeps() if self.reader else []
        run = next((run for run in sweeps if run.sweep_id == sweep_id), None)
        if run is None:
            return self._on_disk(folder)
        return Known(folder.resolve().name, run.started_s, run, folder)

    def _in_store(self, name: str) -> Known:
        run = next((run for run in self.reader.sweeps() if Path(name).name in run.names), None)
        if run is not None:
            return Known(run.names[0], run.started_s, run)
        known = dict.fromkeys(one.name for one in self.known())
        where = f"{self.runs_dir} and in MLflow at {self.reader.store.place}"
        raise InputError(no_sweep(name, known, where))

    def board(self, known: Known) -> Any:
        """Return a sweep's trials, from the store; what it was not told, from the ledger."""
        from facesearch.tracking.rows import with_ledger
        from facesearch.tuning.board import read_board

        if known.run is None:
            assert known.folder is not None
            board = read_board(known.folder)
            if self.reader is not None:
                self.notes.append(
                    f"{known.name} is not in MLflow: read from its ledger. "
                    f"`facesearch sync {known.name}{self.again}` writes it there."
                )
            return board
        board = self.reader.board(known.run)
        on_disk = read_board(known.folder) if known.folder else board
        missing = len(on_disk.rows) - len(board.rows)
        board, num_behind = with_ledger(board, on_disk)
        if missing > 0:
            self.notes.append(
                f"{missing} of {len(on_disk.rows)} trials of {known.name} are not in MLflow (yet); "
                f"once the sweep has ended, `facesearch sync {known.name}{self.again}` writes them."
            )
        if num_behind:
            self._note_behind(num_behind, known.name)
        return board

    def _note_behind(self, num_behind: int, name: str) -> None:
        what = "a trial" if num_behind == 1 else f"{num_behind} trials"
        self.notes.append(
            f"MLflow was not told all of {what} of {name}: read from its ledger. "
            f"`facesearch sync {name}{self.again}` writes it there."
        )

    def detail(self, word: str) -> Any:
        """Return what a word names: a run in full, or the sweep that it is the name of.

        Raises:
            InputError: If there is none, or several.

        """
        from facesearch.tracking.lookup import only_run, split_number

        numbered = split_number(word)
        if numbered and not (Path(word) / "ledger").is_file():
            return self._trial(self.find(numbered[0]), numbered[1])
        try:  # a name that is exact goes before the beginning of an id
            return self.find(word)
        except InputError as error:
            why = str(error)
        run = only_run(self.reader, word) if self.reader else None
        if run is None:
            raise InputError(f"{why} {self._about_ids(word)}")
        if run.data.tags.get("facesearch.kind") != "sweep":
            return self._run(run)
        sweeps = [known for known in self.known() if known.run is not None]
        return next(known for known in sweeps if known.run.run.info.run_id == run.info.run_id)

    def _about_ids(self, word: str) -> str:
        from facesearch.tracking.lookup import is_too_short

        if self.reader is None:
            return "Only MLflow knows the ids of runs."
        if is_too_short(word):
            return "Write at least 3 characters of a run's id."
        return "No run's id begins so; `facesearch runs` lists them."

    def one_run(self, word: str) -> Any:
        """Return a run in full; a sweep stands for its best trial, as in finalize.

        Raises:
            InputError: If there is none, several, or a sweep without a trial.

        """
        from facesearch.tracking.query import rank

        found = self.detail(word)
        if not isinstance(found, Known):
            return found
        rows = rank(self.board(found).rows)
        if not rows or not rows[0].is_ranked:
            raise InputError(f"'{word}' is a sweep without a trial that has a score; name a trial.")
        return self._trial(found, rows[0].trial)

    def _trial(self, known: Known, number: int) -> Any:
        from facesearch.tracking.lookup import trial_run
        from facesearch.tuning.board import read_trial

        if known.run is not None:
            try:
                return self._run(trial_run(self.reader, known.run, number))
            except InputError:
                if known.folder is None:
                    raise
        assert known.folder is not None
        return read_trial(known.folder, number)

    def _run(self, run: Any) -> Any:
        """Return a run in full; what the store was not told of a trial, from the ledger."""
        from facesearch.tracking.lookup import detail_of
        from facesearch.tracking.rows import with_ledger
        from facesearch.tuning.board import read_board, read_trial
        from facesearch.tuning.known import sweep_folders
        from facesearch.tuning.outcomes import OUTCOMES

        detail = detail_of(self.reader, run)
        sweep_id = run.data.tags.get("facesearch.sweep_id", "")
        folder = sweep_folders(self.runs_dir).get(sweep_id) if detail.kind == "trial" else None
        if folder is None:
            return detail
        on_disk = read_board(folder)
        told, num_behind = with_ledger(replace(on_disk, rows=[detail.row]), on_disk)
        (row,) = told.rows
        if row != detail.row:
            detail = replace(
                detail, row=row, status=row.outcome if row.outcome not in OUTCOMES else ""
            )
        if num_behind:
            self._note_behind(num_behind, folder.name)
            full = read_trial(folder, row.trial)
            detail = replace(detail, message=full.message, curves=full.curves)
        return detail


def open_sources(tracking_uri: str | None, runs_dir: Path) -> Sources:
    """Ask the store whether it answers; it is no fault if it does not.

    Raises:
        InputError: If the address of the store cannot be one.

    """
    from facesearch.tracking.address import said_again
    from facesearch.tracking.boards import StoreReader
    from facesearch.tracking.store import resolve_store

    store, again = resolve_store(tracking_uri, runs_dir), said_again(runs_dir, tracking_uri)
    try:
        return Sources(runs_dir, StoreReader(store), again=again)
    except InputError as error:
        if not list(runs_dir.glob("*/ledger")):
            raise
        reason = str(error).rstrip(".")
        return Sources(runs_dir, None, [f"{reason}. Read from the ledgers in {runs_dir}."], again)
