"""What the report of a sweep is made from: its ledger, its space, and its baselines beside it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facesearch.space import SearchSpace
from facesearch.space.holes import Hole
from facesearch.tuning.baseline import BASELINES
from facesearch.tuning.folder import load_sweep, newest_folder, opening, read_sweep
from facesearch.tuning.ledger import Event, read_ledger
from facesearch.tuning.records import FAILED, SweepRecord, TrialRecord, short_names, trial_name


@dataclass(frozen=True)
class SweepSource:
    """A sweep as it stands in its folder.

    Args:
        folder: Of the sweep.
        space: What was asked.
        sweep: What became of it.
        events: The ledger.
        holes: What was searched, in the order of the space.
        baselines: Events of the sweeps that it is compared with, by a word for each.

    """

    folder: Path
    space: SearchSpace
    sweep: SweepRecord
    events: list[Event]
    holes: list[Hole]
    baselines: dict[str, list[Event]]

    @property
    def root(self) -> str | None:
        """Folder of the faces: as a command gave it last, else as the space has it; None: made.

        An absolute path or one from where the command was typed.
        """
        told = next((e["root"] for e in reversed(self.events) if e.get("root")), None)
        return told or self.space.first_config().data.root

    @property
    def names(self) -> dict[str, str]:
        """Short names of the holes, by their dotted ones."""
        points = [{hole.name: None for hole in self.holes}]
        return short_names(points) if self.holes else {}

    def scored(self) -> list[TrialRecord]:
        """Return the trials to compare, best first, as the sweep itself ranks them."""
        return self.sweep.ranked()

    def searched(self) -> list[TrialRecord]:
        """Return all trials of the search by number; not the repeats of the best."""
        return sorted(self.sweep.searched(), key=lambda t: t.number)

    def common_epoch(self) -> int:
        """Return the last epoch that at least nine in ten of the scored trials have reached."""
        reached = sorted((t.epochs for t in self.scored()), reverse=True)
        return reached[math.ceil(0.9 * len(reached)) - 1] if reached else 0

    def failed(self) -> list[TrialRecord]:
        """Return the trials that failed, by number."""
        trials = sorted(self.sweep.trials.values(), key=lambda t: t.number)
        return [t for t in trials if t.outcome in FAILED]

    def group_of(self, trial: TrialRecord) -> str:
        """Return what trials are coloured by: the head, else the first choice that is searched."""
        for hole in sorted(self.holes, key=lambda h: h.name != "head"):
            if hole.kind == "choice" and not hole.under and hole.name in trial.point:
                return str(trial.point[hole.name])
        return "all trials"

    def groups(self) -> list[str]:
        """Return all groups, by name."""
        return sorted({self.group_of(t) for t in self.sweep.trials.values()})


def read_source(folder: Path) -> SweepSource:
    """Read a sweep's folder, and those of its baselines beside it.

    Raises:
        InputError: If it holds no sweep, or one of another version.

    """
    opening(folder)
    space, _ = load_sweep(folder)
    events = list(read_ledger(folder))
    sweep = read_sweep(folder)
    baselines = {}
    for kind in BASELINES:
        other = newest_folder(folder.parent, f"{sweep.name}-{kind}")
        if other is not None and (other / "ledger").is_file():
            baselines[kind] = list(read_ledger(other))
    return SweepSource(folder, space, sweep, events, space.holes(), baselines)


def best_so_far(events: list[Event]) -> list[dict[str, Any]]:
    """Return a row for each epoch that changed the leader's score: epochs spent, score, trial.

    The leader is who would be finalized if the search ended there, by the order of `ranking`: of
    those that were trained for longest, the one with the greatest last score. So the score falls
    where a longer training takes the lead with a lower one, and ends as that of the best trial.
    """
    rows: list[dict[str, Any]] = []
    spent = 0
    standing: dict[int, tuple[int, float, int]] = {}
    leader: tuple[int, float, int] | None = None
    repeats = {event["trial"] for event in events if event["event"] == "repeated"}
    for event in events:
        number = int(event.get("trial", -1)) if event["event"] in ("epoch", "ended") else -1
        if event["event"] == "epoch" and number not in repeats:
            spent += 1
            epochs = standing[number][0] + 1 if number in standing else 1
            standing[number] = epochs, float(event["values"]["score"]), -number
            leader = max(leader or standing[number], standing[number])
        elif event.get("outcome") in FAILED and standing.pop(number, None) == leader:
            leader = max(standing.values(), default=None)
        if leader and (not rows or rows[-1]["best score"] != leader[1]):
            row = {"best score": leader[1], "trial": trial_name(-leader[2])}
            rows.append({"epochs spent": spent, **row})
    if rows and rows[-1]["epochs spent"] < spent:
        rows.append({**rows[-1], "epochs spent": spent})
    return rows
