"""Cross-validation over identities, for folders with too few of them to reserve some.

The identities are parted; for each part a network is trained without it, and asked about it. All
answers together give figures and thresholds of identities that the network never saw. The model
that is shipped is one more training, on all identities: its figures are those of networks like it.

Shapes: P probes or pairs, D embedding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facesearch.config import DataConfig, ReserveConfig
from facesearch.errors import InputError
from facesearch.final.figures import Report
from facesearch.final.model import FaceModel
from facesearch.final.one_to_one import Pairs, cross_pairs, report_pairs
from facesearch.final.open_set import report_open_set
from facesearch.final.operating_points import OperatingPoints, merged, of_pairs, of_searches
from facesearch.final.outcomes import embedded_searches, rank1, sides_of
from facesearch.final.plan import Stages
from facesearch.final.retrain import Workshop
from facesearch.final.targets import read_targets
from facesearch.metrics.all_pairs import rank_scores
from facesearch.metrics.open_set import OpenSet, search_open_set
from facesearch.training.memory import default_device

NAME = "cross_validated"


@dataclass(frozen=True)
class CrossValidation:
    """Figures and thresholds of networks that were each asked about who they never saw."""

    report: Report
    points: OperatingPoints

    def added_to(self, model: FaceModel, report: Report) -> FaceModel:
        """Add the figures to a report, and the thresholds that a model lacks to the model."""
        report.figures |= self.report.figures
        report.tables |= self.report.tables
        report.notes += self.report.notes
        own = model.thresholds
        return replace(self.points.frozen_into(model), thresholds={**self.points.thresholds, **own})


def refuse_folds(data: DataConfig) -> None:
    """Refuse to cross-validate where identities are there that no network has seen.

    Raises:
        InputError: If the faces bring, or reserve, identities of their own to report on.

    """
    targets = read_targets(data, ())
    if data.root is None or any(targets.labelled(n) for n in ("unknown_dev", "unknown_test")):
        raise InputError(
            "--cross-validate: these faces have held-out identities to report on already; leave "
            "it out, or write data.reserve: {dev: 0, test: 0} before the search."
        )


def without_part(stages: Stages, folds: int, fold: int) -> Stages:
    """Return the stages of a network that is trained without one part of the identities."""
    left = ReserveConfig(images=0.0, folds=folds, fold=fold, seed=stages[0].data.reserve.seed)
    return tuple(
        stage.model_copy(update={"data": stage.data.model_copy(update={"reserve": left})})
        for stage in stages
    )


def cross_validate(stages: Stages, folds: int, views: str, workshop: Workshop) -> CrossValidation:
    """Train a network without each part of the identities, and ask it about that part.

    Args:
        stages: Of one member.
        folds: Parts, a count; so many networks are trained.
        views: Test-time augmentation.
        workshop: Where they are trained; killed, the same command resumes.

    Raises:
        TrialFailure: If no training comes to its end.

    """
    members = [without_part(stages, folds, fold) for fold in range(folds)]
    searches, pairs = [], []
    for own, trained in zip(members, workshop.train(members), strict=True):
        if trained is not None:
            model = replace(trained.model, views=views).to(default_device())
            targets = read_targets(own[-1].data, model.identities)
            for _, gallery, probes in embedded_searches(model, targets):
                sides = sides_of(gallery, probes)
                searches.append(search_open_set(*sides))
                pairs.append(cross_pairs(*sides))
    return _measured(_joined_searches(searches), _joined_pairs(pairs), len(searches))


def _measured(searches: OpenSet, pairs: Pairs, num_networks: int) -> CrossValidation:
    report = Report()
    report.figures[f"{NAME}/rank1"] = rank1(searches).figure()
    ranks = rank_scores(pairs.genuine, pairs.impostor)
    report_pairs(NAME, ranks, pairs, report)
    report_open_set(NAME, searches, report)
    report.notes.insert(0, (
        f"{NAME}: of {num_networks} networks, each trained without a part of the identities and "
        "asked about that part, searched among that part alone; scores of different networks are "
        "compared as if of one. The model itself is one more training, on all identities."
    ))  # fmt: skip
    place = "cross-validation over identities"
    return CrossValidation(
        report, merged(of_pairs(ranks, pairs, place), of_searches(searches, place))
    )


def _joined_searches(parts: Sequence[OpenSet]) -> OpenSet:
    """Return the searches of all parts; an identity is in one part only."""
    first, ids = 0, []
    for part in parts:
        known = part.identities_P >= 0
        ids.append(np.where(known, part.identities_P + first, -1))
        first += int(part.identities_P.max(initial=-1)) + 1
    return OpenSet(
        score_P=np.concatenate([part.score_P for part in parts]),
        is_right_P=np.concatenate([part.is_right_P for part in parts]),
        is_mated_P=np.concatenate([part.is_mated_P for part in parts]),
        nonmate_score_P=np.concatenate([part.nonmate_score_P for part in parts]),
        identities_P=np.concatenate(ids),
    )


def _joined_pairs(parts: Sequence[Pairs]) -> Pairs:
    first, moved = 0, []
    for part in parts:
        moved.append(replace(part, first_P=part.first_P + first, second_P=part.second_P + first))
        sides = (part.first_P, part.second_P)
        first += max(int(side.max(initial=-1)) for side in sides) + 1
    return Pairs(
        scores_P=np.concatenate([part.scores_P for part in moved]),
        is_same_P=np.concatenate([part.is_same_P for part in moved]),
        first_P=np.concatenate([part.first_P for part in moved]),
        second_P=np.concatenate([part.second_P for part in moved]),
    )
