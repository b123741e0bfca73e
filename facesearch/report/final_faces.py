"""A final model asked once more about its reporting sets, for what no figure holds: every score.

Not here: the drawing, and the figures themselves, which `facesearch.final.verify` has measured.

Shapes: P probes or pairs, D embedding.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facesearch.config import DataConfig
from facesearch.data.left_out import PassedOver
from facesearch.errors import InputError
from facesearch.final.asked_faces import Question, asked_faces
from facesearch.final.leaks import DIGESTS, find_leaks
from facesearch.final.left_out import passed_over_in
from facesearch.final.model import FaceModel
from facesearch.final.one_to_one import (
    Pairs,
    cross_pairs,
    people_of,
    rank_embeddings,
    score_list,
)
from facesearch.final.outcomes import (
    Embedded,
    Labelled,
    classify_set,
    embedded_searches,
    sides_of,
)
from facesearch.final.targets import PairSet, Targets
from facesearch.metrics.all_pairs import PairRanks, rank_scores
from facesearch.metrics.identification import mate_ranks
from facesearch.metrics.open_set import OpenSet, search_open_set


@dataclass(frozen=True)
class PairScores:
    """The 1:1 scores of a set: ranks hold all pairs, pairs all or an even sample of them."""

    name: str
    ranks: PairRanks
    pairs: Pairs


@dataclass(frozen=True)
class Search:
    """A set of probes that was asked about in the gallery.

    Attributes:
        scores: Of all pairs of a probe and a gallery face.
        gallery: The known people.
        probes: Who is asked about.
        searches: The best of the gallery for each probe.
        places: Place of the person of each probe that has one in the gallery, from 1; int64.
        place_ids: Whose they are.

    """

    scores: PairScores
    gallery: Embedded
    probes: Embedded
    searches: OpenSet
    places: np.ndarray
    place_ids: np.ndarray

    @property
    def name(self) -> str:
        """Name of the set of probes."""
        return self.scores.name

    @property
    def num_people(self) -> int:
        """People in the gallery, a count."""
        return len(np.unique(self.gallery.faces.labels_M))


@dataclass(frozen=True)
class PairList:
    """A list of pairs with the score of each."""

    scores: PairScores
    pairs: PairSet
    of_pair: np.ndarray


@dataclass(frozen=True)
class SeenFaces:
    """What the model makes of the reporting sets.

    Attributes:
        source: Short name of the faces.
        is_generated: Whether no real person is on them.
        targets: The sets, without copies of training pictures.
        searches: One for each labelled set of probes.
        listed: The list of pairs, if there is one of both kinds.
        dev: What the heads say of dev, if it is of the trained people.
        left_out: What is passed over of the folder.

    """

    source: str
    is_generated: bool
    targets: Targets
    searches: tuple[Search, ...]
    listed: PairList | None
    dev: Labelled | None
    left_out: tuple[PassedOver, ...] = ()

    @property
    def pair_scores(self) -> list[PairScores]:
        """1:1 scores of every set that has both kinds of pairs."""
        found = [search.scores for search in self.searches]
        if self.listed is not None:
            found.append(self.listed.scores)
        return [one for one in found if one.ranks.num_genuine and one.ranks.num_impostors]


def reporting_data(model: FaceModel, root: str | None) -> DataConfig | str:
    """Return where the reporting sets are, or a sentence that says why they are not at hand.

    Args:
        model: Its config says where its faces were.
        root: Where they are now; None: where they were.

    """
    own = model.config.data
    if root is not None and root != own.root:
        return own.model_copy(update={"root": root, "layout": "auto"})
    if own.root is not None and not Path(own.root).is_dir():
        return (
            "The faces are not where they were when the model was made, so there are no curves "
            "of every score and no pictures here; say where they are with --data."
        )
    return own


def see_faces(model: FaceModel, data: DataConfig, bundle: Path) -> SeenFaces:
    """Ask the model about every labelled reporting set.

    Args:
        model: On the device where it is to work.
        data: Where the faces are.
        bundle: Folder of the model; it says which pictures were trained on.

    Raises:
        InputError: If the faces cannot be read.

    """
    targets = _targets(model, data, bundle)
    dev = targets.labelled("dev")
    is_own = dev is not None and bool((dev.labels_M >= 0).all())
    return SeenFaces(
        source=Path(data.root).name if data.root else "generated faces",
        is_generated=data.root is None,
        targets=targets,
        searches=_searches(model, targets),
        listed=_listed(model, targets),
        dev=classify_set(model, dev) if dev is not None and is_own else None,
        left_out=tuple(passed_over_in(Question(root=data.root), model.config.data)),
    )


def _targets(model: FaceModel, data: DataConfig, bundle: Path) -> Targets:
    """Return the sets without exact copies of what the model was trained on."""
    digests = bundle / DIGESTS
    trained = digests.read_bytes() if digests.exists() else b""
    question = Question(root=data.root)
    faces = asked_faces(model.config.data, model.identities, [trained], question)
    targets = faces.targets(data.image_px, model.identities)
    if faces.folder is None:
        return targets
    return find_leaks(trained, model.identities, faces.folder).without_copies(targets)


def _searches(model: FaceModel, targets: Targets) -> tuple[Search, ...]:
    return tuple(search_faces(*search) for search in embedded_searches(model, targets))


def search_faces(name: str, gallery: Embedded, probes: Embedded) -> Search:
    """Return the scores of all pairs, and what a search of each probe finds."""
    sides = sides_of(gallery, probes)
    places = mate_ranks(*sides)
    mated = places > 0
    return Search(
        scores=PairScores(name, rank_embeddings(*sides), cross_pairs(*sides)),
        gallery=gallery,
        probes=probes,
        searches=search_open_set(*sides),
        places=places[mated],
        place_ids=probes.faces.labels_M[mated],
    )


def _listed(model: FaceModel, targets: Targets) -> PairList | None:
    pairs = targets.pairs
    if pairs is None or pairs.is_same_P.all() or not pairs.is_same_P.any():
        return None
    scores, is_same, person = score_list(model, pairs), pairs.is_same_P, people_of(pairs)
    whose = Pairs(scores, is_same, person[pairs.first_P], person[pairs.second_P])
    ranks = rank_scores(scores[is_same], scores[~is_same])
    return PairList(PairScores("pairs", ranks, whose), pairs, scores)


def refuse_unlabelled(seen: SeenFaces, where: str) -> None:
    """Refuse faces that say nothing about a model.

    Raises:
        InputError: If there is no labelled set at all.

    """
    if not seen.searches and seen.listed is None and seen.dev is None:
        raise InputError(
            f"{where}: no labelled set to report on: it needs dev/ of the people the model was "
            "trained on, known/ with unknown_dev/, or a list of pairs."
        )
