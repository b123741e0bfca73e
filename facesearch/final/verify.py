"""What a final model is worth on the reporting sets, with intervals, and its submissions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facesearch.final.submission import write_classification, write_verification
from facesearch.final.targets import Targets
from facesearch.metrics.identification import nearest
from facesearch.metrics.intervals import wilson
from facesearch.training.evaluate import embed, predict
from facesearch.training.fit import Training


@dataclass(frozen=True)
class Figure:
    """A fraction with its 95 % interval, and how many faces it rests on."""

    value: float
    low: float
    high: float
    num_faces: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] of {self.num_faces}"


def fraction(is_right: np.ndarray) -> Figure:
    """Return how many are right, with a Wilson interval."""
    right, count = int(is_right.sum()), len(is_right)
    return Figure(right / count, *wilson(right, count), count)


def verify(training: Training, targets: Targets, folder: Path) -> dict[str, Figure]:
    """Evaluate on dev and unknown_dev; write the submissions that the folder's faces allow.

    Args:
        training: The finished training.
        targets: The reporting sets.
        folder: Where ``classification.csv`` and ``verification.csv`` go.

    Returns:
        ``dev/top1`` and ``unknown_dev/rank1``, as far as there are such faces.

    """
    figures: dict[str, Figure] = {}
    network, cast = training.best_network, training.autocast
    if targets.dev is not None:
        vectors = embed(network, targets.dev, cast, has_mirror=True)
        figures["dev/top1"] = fraction(predict(training.head, vectors) == targets.dev.labels_M)
    if targets.test is not None:
        vectors = embed(network, targets.test, cast, has_mirror=True)
        labels = predict(training.head, vectors)
        write_classification(folder / "classification.csv", targets.test_files, labels)
    if targets.known is None:
        return figures
    gallery = embed(network, targets.known, cast, has_mirror=True).numpy()
    whose = targets.known.labels_M
    if targets.unknown_dev is not None:
        probes = embed(network, targets.unknown_dev, cast, has_mirror=True).numpy()
        has_mate = targets.unknown_dev.labels_M >= 0
        found = whose[nearest(gallery, probes)[0]]
        is_right = (found == targets.unknown_dev.labels_M)[has_mate]
        figures["unknown_dev/rank1"] = fraction(is_right)
    if targets.unknown_test is not None:
        probes = embed(network, targets.unknown_test, cast, has_mirror=True).numpy()
        names = (targets.gallery_names[whose[i]] for i in nearest(gallery, probes)[0])
        write_verification(folder / "verification.csv", names)
    return figures
