"""A finalist from its plan to a model: which members it has, what they are worth, which is best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from facesearch.config import DataConfig
from facesearch.data.faces import load_all_faces, mean_face_of
from facesearch.data.geometry import MeanFace
from facesearch.data.left_out import PassedOver, passed_over_of
from facesearch.errors import InputError
from facesearch.final.figures import Report
from facesearch.final.finalists import Finalist
from facesearch.final.leaks import Leaks, find_leaks, training_digests
from facesearch.final.model import FaceModel
from facesearch.final.outcomes import outcomes_of
from facesearch.final.plan import Stages
from facesearch.final.recrop import tell_of_training
from facesearch.final.retrain import Trained
from facesearch.final.shift import accuracy_by_shift
from facesearch.final.targets import REPORTED, Targets, read_targets, reporting_folder
from facesearch.training.memory import default_device

_SETS = ("dev", "test", "unknown_dev", "unknown_test")


@dataclass(frozen=True)
class ReportingSets:
    """What a candidate is reported on, in its size of pictures: without what was trained on.

    left_out says what was passed over of the folder, training and reporting sets alike.
    """

    targets: Targets
    leaks: Leaks
    digests: bytes
    mean_face: MeanFace | None = None
    differing_crops: Sequence[str] = ()
    left_out: Sequence[PassedOver] = ()

    @property
    def has_faces(self) -> bool:
        """Whether there is a labelled set of faces."""
        return any(self.targets.labelled(name) is not None for name in _SETS)


def reporting_sets(data: DataConfig) -> ReportingSets:
    """Return the reporting sets of a folder of faces, or of generated faces."""
    faces = load_all_faces(data)
    targets, folder = read_targets(data, faces.identities), reporting_folder(data)
    mean = mean_face_of(faces)
    if folder is None:
        return ReportingSets(targets, Leaks({}, {}), b"", mean)
    digests = training_digests(folder.train)
    leaks = find_leaks(digests, faces.identities, folder)
    told = tell_of_training(mean, folder), passed_over_of(data, ("train", *REPORTED))
    return ReportingSets(leaks.without_copies(targets), leaks, digests, mean, *told)


@dataclass(frozen=True)
class Candidate:
    """A finalist that was retrained.

    Args:
        finalist: The trial.
        planned: The stages of each member.
        trained: Those members that came to their end, at least one.
        sets: What it is reported on.
        model: All of them, or the first.

    """

    finalist: Finalist
    planned: Sequence[Stages]
    trained: Sequence[Trained]
    sets: ReportingSets
    model: FaceModel

    def stages_of(self, seed: int) -> Stages:
        """Return the stages of the member of a seed."""
        return next(stages for stages in self.planned if stages[0].train.seed == seed)

    def worth(self) -> float:
        """Return the mean over the dev sets of what is right; 0 without such a set."""
        found = outcomes_of(self.model, self.sets.targets)
        shares = [o.is_right_N.mean() for name, o in found.items() if "_test" not in name]
        return float(np.mean(shares)) if shares else 0.0

    def seeds(self) -> list[dict[str, Any]]:
        """Return a row a seed: its own figures with the model's views, its loss and its minutes."""
        rows = []
        for one in self.trained:
            alone = replace(one.model, views=self.model.views).to(default_device())
            found = outcomes_of(alone, self.sets.targets)
            figures = {name: float(o.is_right_N.mean()) for name, o in found.items()}
            loss = one.curve[-1]["loss"] if one.curve else float("nan")
            rows.append({"seed": one.seed, **figures, "loss": loss, "minutes": one.seconds / 60})
        return rows


def build_candidate(
    finalist: Finalist, planned: Sequence[Stages], trained: Sequence[Trained | None],
    sets: ReportingSets, views: str, keeps_all: bool,
) -> Candidate | None:  # fmt: skip
    """Return a candidate of all members or the first; None if none of them came to its end."""
    done = [one for one in trained if one is not None]
    if not done:
        return None
    kept = done if keeps_all else done[:1]
    model = FaceModel(
        members=tuple(one.model.members[0] for one in kept),
        # where the faces are now, and not where they were when a member was trained
        config=planned[0][-1],
        identities=kept[0].model.identities,
        views=views,
        mean_face=sets.mean_face,
    )
    return Candidate(finalist, planned, done, sets, model.to(default_device()))


def best_of(candidates: Sequence[Candidate], report: Report) -> Candidate:
    """Return the candidate that is worth most; of several it is told how they were compared."""
    if len(candidates) == 1:
        return candidates[0]
    worths = [candidate.worth() for candidate in candidates]
    report.tables["finalists"] = [
        {"trial": one.finalist.name, "mean of the dev sets": worth}
        for one, worth in zip(candidates, worths, strict=True)
    ]
    report.notes.append(
        f"the best of {len(candidates)} finalists was chosen on the dev sets, so its dev figures "
        "are a little too good."
    )
    return candidates[int(np.argmax(worths))]


def without_shift(stages: Stages) -> Stages:
    """Return the stages of the control: the same, but no picture is shifted."""
    still = {"shift_fraction": 0.0}
    return tuple(
        stage.model_copy(update={"augment": stage.augment.model_copy(update=still)})
        for stage in stages
    )


def beside_control(
    own_rows: Sequence[Mapping[str, Any]], control: FaceModel, targets: Targets
) -> list[dict[str, Any]]:
    """Return accuracy by shift of a network and of its control, side by side."""
    rows = []
    others = accuracy_by_shift(control.to(default_device()), targets)
    for own, other in zip(own_rows, others, strict=True):
        row = {"shift": own["shift"]}
        for name in own.keys() - {"shift"}:
            row |= {name: own[name], f"{name}, trained without shift": other[name]}
        rows.append(dict(sorted(row.items(), key=lambda item: (item[0] != "shift", item[0]))))
    return rows


def refuse_choice_without_faces(sets: ReportingSets, top_k: int, *, has_control: bool) -> None:
    """Refuse what needs a reporting set where there is none, before an hour of training.

    Raises:
        InputError: If several finalists were to be compared, or a control to be measured.

    """
    if not sets.has_faces and (top_k > 1 or has_control):
        option = "--top-k" if top_k > 1 else "--shift-control"
        raise InputError(
            f"{option} needs a labelled set to compare on, and these faces have none: no dev/, "
            "and no known/ with unknown_dev/. Leave the option out."
        )
