"""What a final stage is asked for, and what follows: what is trained, and how its folder is named.

Nothing is trained or written here.
"""

from dataclasses import dataclass, field
from typing import Any

from facesearch.config import DataConfig
from facesearch.final.candidates import (
    ReportingSets,
    refuse_choice_without_faces,
    reporting_sets,
)
from facesearch.final.cross_validation import refuse_folds
from facesearch.final.finalists import Finalist
from facesearch.final.folder import reporting_digest
from facesearch.final.plan import Plan, Stages, in_words, member_stages
from facesearch.final.retrain import Listener, key_of
from facesearch.final.targets import reporting_folder
from facesearch.final.with_reserved import refuse_nothing_reserved


@dataclass(frozen=True)
class Choice:
    """How a final stage is to go.

    Args:
        plan: How each member is trained.
        top_k: Trials that are retrained; the best on the dev sets is kept.
        views: Test-time augmentation, a name in `facesearch.final.views.VIEWS`.
        keeps_all: All seeds together are the model (so many times its cost), or only the first.
        at_once: Members that are trained beside each other, a process each.
        address: HOST:PORT of the Ray cluster for ``plan.workers``, or ``auto``; None: one here.
        has_shift_control: Train one member more, without shifted pictures, to compare with.
        registers: Put the model into MLflow's registry.
        register_as: Name of the registered model; "": that of the data set.
        with_reserved: Train the networks once more, on the reserved faces too.
        folds: Cross-validate over so many parts of the identities; 0 does not.

    """

    plan: Plan = field(default_factory=Plan)
    top_k: int = 1
    views: str = "flip"
    keeps_all: bool = True
    at_once: int = 1
    has_shift_control: bool = False
    registers: bool = True
    register_as: str = ""
    with_reserved: bool = False
    folds: int = 0
    address: str | None = None


@dataclass(frozen=True)
class Planned:
    """What is to be trained of each finalist, and what it is then reported on."""

    finalists: list[Finalist]
    stages: list[list[Stages]]
    sets: dict[DataConfig, ReportingSets]

    @property
    def first_data(self) -> DataConfig:
        """The faces of the first finalist."""
        return self.stages[0][0][-1].data


def plan_final(finalists: list[Finalist], choice: Choice, listener: Listener) -> Planned:
    """Say what is trained of each finalist; refuse what cannot be, before anything is written.

    Args:
        finalists: The trials.
        choice: How they are retrained.
        listener: Who is told.

    Raises:
        InputError: If the faces cannot be read, or lack what was asked for.

    """
    planned = [member_stages(finalist.config, choice.plan) for finalist in finalists]
    control = ", and one without shifted pictures" if choice.has_shift_control else ""
    for finalist, stages in zip(finalists, planned, strict=True):
        listener.on_note(f"{finalist}: {in_words(stages)}{control}")
    every_data = dict.fromkeys(stages[0][-1].data for stages in planned)
    sets = {data: reporting_sets(data) for data in every_data}
    found = Planned(finalists, planned, sets)
    first = sets[found.first_data]
    refuse_choice_without_faces(first, choice.top_k, has_control=choice.has_shift_control)
    if choice.with_reserved:
        refuse_nothing_reserved(found.first_data)
    if choice.folds:
        refuse_folds(found.first_data)
    left_out = [line for one in first.left_out for line in one.lines()]
    for line in [*left_out, *first.leaks.lines()]:
        listener.on_note(line)
    return found


def options_of(planned: Planned, choice: Choice) -> dict[str, Any]:
    """Return all that makes another model or report of a trial, as the name of its folder has it.

    A member's key holds its config, its stages and its faces. Not here: ``with_reserved``, which
    adds a second model and changes nothing of the first one.
    """
    faces = reporting_folder(planned.first_data)
    listed: dict[DataConfig, str] = {}
    return {
        "members": [
            [key_of(stages, choice.plan.workers, listed) for stages in of_one]
            for of_one in planned.stages
        ],
        "reported_on": reporting_digest(faces) if faces is not None else "",
        "views": choice.views,
        "keeps_first": not choice.keeps_all and choice.plan.seeds > 1,
        "has_shift_control": choice.has_shift_control,
        "folds": choice.folds,
    }
