"""Searches of made-up embeddings: people with faces around a centre of their own."""

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.report.final_faces import Embedded, Search, search_faces

_IMAGES = np.zeros((1, 4, 4, 3), np.uint8)


def some_search(
    *, people: int = 30, strangers: int = 8, each: int = 4, noise: float = 0.6, seed: int = 0
) -> Search:
    """Return the search of ``each`` faces a person in a gallery of one face a person."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people + strangers, 8))

    def faces(whose: np.ndarray, labels: np.ndarray) -> Embedded:
        rows = centres[whose] + noise * rng.normal(size=(len(whose), 8))
        index = np.zeros(len(whose), np.int64)
        return Embedded(FaceSet(_IMAGES, index, labels), rows.astype(np.float32))

    known = np.arange(people)
    asked = np.repeat(np.arange(people + strangers), each)
    labels = np.where(asked < people, asked, -1)
    return search_faces("unknown_dev", faces(known, known), faces(asked, labels))
