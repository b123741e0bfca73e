"""The winner's curse: what the search promised, and what was found on people it never saw.

The best of many noisy scores is too good by being the best. So the final model is scored as the
search scores its trials (one network, one view, the same number of people in the gallery), on
identities that no trial was trained on or ranked by.
"""

import numpy as np

from facesearch.data.faces import FaceSet, load_faces
from facesearch.final.figures import Figure, Outcome
from facesearch.final.finalists import Finalist
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.targets import Targets
from facesearch.metrics.search import top_k
from facesearch.progress import track

_DRAWS = 200


def score_on_unseen(model: FaceModel, finalist: Finalist, targets: Targets) -> Figure | None:
    """Return rank-1 as in the search, on the strangers of the reporting sets.

    Args:
        model: Retrained; its first member is scored, as a trial is one network.
        finalist: Its config says how many people the search held out.
        targets: The gallery and the probes.

    Returns:
        The mean over draws of as many people as the search had in its gallery (or all, if there
        are fewer); its interval is of whole identities. None if nobody unseen has two pictures.

    """
    probes = targets.labelled("unknown_dev")
    if targets.known is None or probes is None:
        return None
    people = len(np.unique(load_faces(finalist.config.data).strangers.labels_M))
    alone = model.only(0)
    gallery = alone.embed(SetImages(targets.known), "plain")
    asked = alone.embed(SetImages(probes), "plain")
    return _mean_of_draws(gallery, targets.known, asked, probes, people)


def _mean_of_draws(
    gallery_GD: np.ndarray,
    gallery: FaceSet,
    probes_PD: np.ndarray,
    probes: FaceSet,
    people: int,
) -> Figure:
    rng = np.random.default_rng(0)
    with_probes = np.intersect1d(probes.labels_M, gallery.labels_M)
    with_probes = with_probes[with_probes >= 0]
    people = min(people, len(with_probes))
    hits = np.zeros(len(probes))
    asked = np.zeros(len(probes))
    for _ in track(range(_DRAWS), "drawing galleries as in the search"):
        drawn = rng.choice(with_probes, people, replace=False)
        rows = np.flatnonzero(np.isin(gallery.labels_M, drawn))
        mine = np.flatnonzero(np.isin(probes.labels_M, drawn))
        best, _ = top_k(gallery_GD[rows], probes_PD[mine], 1)
        hits[mine] += gallery.labels_M[rows][best[:, 0]] == probes.labels_M[mine]
        asked[mine] += 1
    drawn_at_all = asked > 0
    shares = hits[drawn_at_all] / asked[drawn_at_all]
    return Outcome(shares, probes.labels_M[drawn_at_all]).figure()
