"""What a model makes of each single face of the reporting sets: the ground of all comparisons.

Shapes: N faces of a set, K best identities, G gallery faces, P probes, D embedding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.final.figures import Outcome
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.targets import Targets
from facesearch.metrics.open_set import OpenSet, search_open_set

# The sets that are searched in a gallery, in the order in which they are measured.
PROBE_SETS = ("unknown_dev", "unknown_test")


@dataclass(frozen=True)
class Labelled:
    """A set of the closed task with what the model says: its best identities, NK, best first."""

    labels_N: np.ndarray
    best_NK: np.ndarray
    share_NK: np.ndarray

    def top(self, k: int) -> Outcome:
        """Whether the right identity is among the ``k`` best."""
        is_hit = (self.best_NK[:, :k] == self.labels_N[:, None]).any(1)
        return Outcome(is_hit.astype(np.float64), self.labels_N)


@dataclass(frozen=True)
class Embedded:
    """A set with the embeddings of its faces, float32 [N, D]."""

    faces: FaceSet
    rows_ND: np.ndarray


class Sides(NamedTuple):
    """What a search is of, in the order in which `facesearch.metrics` asks for it.

    Embeddings float32 [G, D] and [P, D], labels int64 [G] and [P].
    """

    gallery_GD: np.ndarray
    gallery_labels_G: np.ndarray
    probes_PD: np.ndarray
    probe_labels_P: np.ndarray


def sides_of(gallery: Embedded, probes: Embedded) -> Sides:
    """Return a gallery and its probes as four arrays."""
    return Sides(gallery.rows_ND, gallery.faces.labels_M, probes.rows_ND, probes.faces.labels_M)


def embedded_searches(
    model: FaceModel, targets: Targets, views: str | None = None
) -> Iterator[tuple[str, Embedded, Embedded]]:
    """Yield the name of each labelled set of probes, its gallery and the probes, embedded.

    Sets that share a gallery get the same one, embedded once.
    """
    galleries: dict[int, Embedded] = {}
    for name in PROBE_SETS:
        faces, gallery = targets.labelled(name), targets.gallery_of(name)
        if faces is None or gallery is None:
            continue
        if id(gallery) not in galleries:
            galleries[id(gallery)] = Embedded(gallery, model.embed(SetImages(gallery), views))
        yield name, galleries[id(gallery)], Embedded(faces, model.embed(SetImages(faces), views))


def classify_set(model: FaceModel, faces: FaceSet, views: str | None = None) -> Labelled:
    """Return what the heads say of a set whose identities they know."""
    best, share = model.classify(SetImages(faces), top=5, views=views)
    return Labelled(faces.labels_M, best, share)


def search_set(
    model: FaceModel, known_GD: np.ndarray, gallery: FaceSet, probes: FaceSet,
    views: str | None = None,
) -> OpenSet:  # fmt: skip
    """Return the searches of labelled probes in a gallery, whose embeddings are ``known_GD``."""
    asked = model.embed(SetImages(probes), views)
    return search_open_set(known_GD, gallery.labels_M, asked, probes.labels_M)


def outcomes_of(model: FaceModel, targets: Targets) -> dict[str, Outcome]:
    """Return what is right and wrong on each labelled set that the model can be asked about.

    Returns:
        ``dev/top1`` of the closed task; ``unknown_dev/rank1`` and, where it is labelled,
        ``unknown_test/rank1`` of the probes with a mate in the gallery. What no face decides is
        left out.

    """
    found: dict[str, Outcome] = {}
    if targets.dev is not None:
        found["dev/top1"] = classify_set(model, targets.dev).top(1)
    for name, gallery, probes in embedded_searches(model, targets):
        found[f"{name}/rank1"] = rank1(search_open_set(*sides_of(gallery, probes)))
    return {name: outcome for name, outcome in found.items() if len(outcome.is_right_N)}


def rank1(searches: OpenSet) -> Outcome:
    """Return whether the best of the gallery is the mate, of the probes that have one."""
    mated = searches.is_mated_P
    return Outcome(searches.is_right_P[mated].astype(np.float64), searches.identities_P[mated])
