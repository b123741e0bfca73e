"""A model of faces-f22 on faces-s23, as it is and recropped: rank-1 and EER, paired.

    python experiments/crop-geometry/recrop.py BUNDLE FACES-F22 FACES-S23 > recrop.csv

The box is found by `--recrop auto`, from images without any label. The same probes are asked both
times; the intervals of the differences are of 1,000 (EER: 300) draws of identities.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from facesearch.data.geometry import mean_of_faces, parts_of
from facesearch.data.layouts import read_layout
from facesearch.final.bundle import load_bundle
from facesearch.final.outcomes import Embedded, embedded_searches, rank1
from facesearch.final.recrop import plan_crops
from facesearch.final.targets import targets_of
from facesearch.metrics.intervals import paired_difference
from facesearch.metrics.open_set import search_open_set

DRAWS = 300


def eer(scores: np.ndarray, is_same: np.ndarray) -> float:
    """Return the rate at which as many genuine pairs are rejected as others are accepted."""
    genuine, impostor = np.sort(scores[is_same]), np.sort(scores[~is_same])
    rejected = np.arange(len(genuine)) / len(genuine)
    accepted = 1 - np.searchsorted(impostor, genuine) / len(impostor)
    place = int(np.argmax(rejected >= accepted))
    return float((rejected[place] + accepted[place]) / 2)


def paired_eer(plain: np.ndarray, cut: np.ndarray, gallery: Embedded, probes: Embedded):
    """Return both EER, and the interval of their difference over draws of probe identities."""
    labels = probes.faces.labels_M
    is_same = labels[:, None] == gallery.faces.labels_M[None, :]
    owner = np.where(labels >= 0, labels, -1 - np.arange(len(labels)))
    rows_of = [np.flatnonzero(owner == one) for one in np.unique(owner)]
    rng, found = np.random.default_rng(0), []
    for _ in range(DRAWS):
        drawn = np.concatenate([rows_of[i] for i in rng.integers(0, len(rows_of), len(rows_of))])
        found.append(eer(cut[drawn], is_same[drawn]) - eer(plain[drawn], is_same[drawn]))
    low, high = np.percentile(found, [2.5, 97.5])
    return eer(plain, is_same), eer(cut, is_same), float(low), float(high)


def main() -> None:
    """Print a row for each figure."""
    bundle, reference, root = map(Path, sys.argv[1:])
    model = replace(load_bundle(bundle), mean_face=mean_of_faces(read_layout(reference).train))
    folder = read_layout(root)
    crops = plan_crops(model, parts_of(folder), "auto")
    for line in crops.lines:
        print(line, file=sys.stderr)
    sides = []
    for faces in (folder, crops.of_folder(folder)):
        targets = targets_of(faces, model.image_px, model.identities)
        sides.append(next(embedded_searches(model, targets)))
    outcomes, scores = [], []
    for _, gallery, probes in sides:
        searches = search_open_set(
            gallery.rows_ND, gallery.faces.labels_M, probes.rows_ND, probes.faces.labels_M
        )
        outcomes.append(rank1(searches))
        scores.append(probes.rows_ND @ gallery.rows_ND.T)
    plain, cut = outcomes
    out = csv.writer(sys.stdout)
    out.writerow(["figure", "as it is", "recropped", "difference", "low", "high", "p", "probes"])
    found = paired_difference(cut.is_right_N, plain.is_right_N, plain.identities_N)
    values = [plain.is_right_N.mean(), cut.is_right_N.mean()]
    tail = [found.difference, found.low, found.high, found.p_value]
    out.writerow(
        ["unknown_dev/rank1", *(f"{v:.4f}" for v in [*values, *tail]), len(plain.is_right_N)]
    )
    before, after, low, high = paired_eer(*scores, gallery, probes)
    row = [f"{v:.4f}" for v in (before, after, after - before, low, high)]
    out.writerow(["unknown_dev/eer", *row, "", len(probes.faces)])


main()
