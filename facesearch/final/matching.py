"""What a model is used for: is it one person (1:1), who of a gallery (1:N), who of the trained.

A score is a cosine, in [-1, 1]; above a threshold two faces count as one person's.

Shapes: N pictures, D embedding.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facesearch.errors import InputError
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.pictures import list_gallery, picture_batches
from facesearch.metrics.exact import grid_rows, row_scores
from facesearch.metrics.search import top_k

# Which threshold is taken where none is named: the first of these that the model has.
VERIFY_THRESHOLDS = ("accuracy", "eer")
IDENTIFY_THRESHOLDS = ("rejection", "fpir_0.1")


@dataclass(frozen=True)
class Match:
    """Two pictures compared.

    Args:
        score: Their cosine.
        threshold: What it was compared with; None: the model has none.
        is_same: Whether the score is above it; None without a threshold.
        probability: That both show one person, where the model is calibrated.

    """

    score: float
    threshold: Threshold | None
    is_same: bool | None
    probability: float | None


@dataclass(frozen=True)
class Candidate:
    """Somebody known, with the most alike of their pictures and its cosine."""

    identity: str
    score: float
    picture: Path


@dataclass(frozen=True)
class Search:
    """Who a picture may be, the likeliest first, each identity once.

    threshold is None where none was asked for and the model has none.
    """

    candidates: tuple[Candidate, ...]
    threshold: Threshold | None

    @property
    def identity(self) -> str | None:
        """Who it is; None: somebody unknown, as the best score is not above the threshold."""
        best = self.candidates[0]
        is_unknown = self.threshold is not None and best.score <= self.threshold.value
        return None if is_unknown else best.identity


@dataclass(frozen=True)
class Guess:
    """An identity that the model was trained on, with a probability that is not calibrated."""

    identity: str
    probability: float


def choose_threshold(
    model: FaceModel, asked: str | float | None, defaults: Sequence[str]
) -> Threshold | None:
    """Return the threshold to compare with.

    Args:
        model: Its thresholds may be named.
        asked: A name, a cosine as a number or as text, or None.
        defaults: For None: the first of these names that the model has, else no threshold.

    Raises:
        InputError: If it is neither a name that the model has nor a cosine.

    """
    if asked is None:
        return next((model.thresholds[n] for n in defaults if n in model.thresholds), None)
    if asked in model.thresholds:
        return model.thresholds[str(asked)]
    try:
        value = float(asked)
    except ValueError:
        known = ", ".join(sorted(model.thresholds)) or "none"
        raise InputError(
            f"threshold '{asked}': the model has: {known}. Write one of these, or a cosine."
        ) from None
    if not -1 <= value <= 1:  # NaN neither
        raise InputError(f"threshold {asked}: a score is a cosine; write a number from -1 to 1.")
    return Threshold(value, "given", "nothing")


def embed_pictures(model: FaceModel, paths: Sequence[Path], views: str | None = None) -> np.ndarray:
    """Return the unit embeddings float32 [N, D] of picture files, a batch in memory at a time.

    Raises:
        InputError: With all pictures that cannot be read, or if the model gives no numbers.

    """
    parts = [np.empty((0, model.embedding_dim), np.float32)]
    parts += [model.embed(images, views) for images in picture_batches(paths, model.image_px)]
    embeddings = np.concatenate(parts)
    is_bad = ~np.isfinite(embeddings).all(1)
    if is_bad.any():
        path = paths[int(np.flatnonzero(is_bad)[0])]
        raise InputError(f"{path}: the model's embedding of it is not finite; train it again.")
    return embeddings


def verify(
    model: FaceModel,
    first: str | Path,
    second: str | Path,
    *,
    threshold: str | float | None = None,
    views: str | None = None,
) -> Match:
    """Compare two pictures; arguments and errors are those of `verify_pairs`."""
    return verify_pairs(model, [(Path(first), Path(second))], threshold=threshold, views=views)[0]


def verify_pairs(
    model: FaceModel,
    pairs: Sequence[tuple[Path, Path]],
    *,
    threshold: str | float | None = None,
    views: str | None = None,
) -> list[Match]:
    """Say of each pair of pictures whether they show one person.

    Args:
        model: A loaded model.
        pairs: Picture files.
        threshold: See `choose_threshold`; None: the model's ``accuracy``, else ``eer``, else none.
        views: A name in `VIEWS` instead of the model's own.

    Raises:
        InputError: With all pictures that cannot be read, or for an unknown threshold.

    """
    chosen = choose_threshold(model, threshold, VERIFY_THRESHOLDS)
    paths = list(dict.fromkeys(path for pair in pairs for path in pair))
    row = {path: number for number, path in enumerate(paths)}
    unit_ND = grid_rows(embed_pictures(model, paths, views))
    first, second = ([row[pair[side]] for pair in pairs] for side in (0, 1))
    scores_P = row_scores(unit_ND[first], unit_ND[second])
    chances: list[float | None] = [None] * len(pairs)
    if model.calibration is not None:
        chances = [float(chance) for chance in model.calibration.probability(scores_P)]
    return [
        Match(score, chosen, None if chosen is None else score > chosen.value, chance)
        for score, chance in zip(scores_P.tolist(), chances, strict=True)
    ]


class Gallery:
    """People who are known, embedded once, to be searched often.

    Example:
        >>> gallery = Gallery(model, "known/")            # doctest: +SKIP
        >>> gallery.identify(["visitor.jpg"])[0].identity  # doctest: +SKIP
        'anna'

    """

    def __init__(self, model: FaceModel, folder: str | Path, views: str | None = None) -> None:
        """Embed the pictures of a folder, laid out as `list_gallery` describes.

        Args:
            model: A loaded model.
            folder: The known people.
            views: A name in `VIEWS` instead of the model's own.

        Raises:
            InputError: If the folder is absent or empty, or with all pictures that cannot be read.

        """
        self.model, self.views = model, views
        self.faces = list_gallery(Path(folder))
        self.unit_ND = embed_pictures(model, self.faces.paths, views)

    def identify(
        self,
        pictures: Sequence[str | Path],
        *,
        top: int = 5,
        threshold: str | float | None = None,
    ) -> list[Search]:
        """Search each picture among the known people.

        Of several pictures of one identity the most alike counts. Of equal scores the first
        identity by name stands first.

        Args:
            pictures: Picture files.
            top: Identities to return, a count; fewer if fewer are known.
            threshold: See `choose_threshold`; None: the model's ``rejection``, else none.

        Raises:
            InputError: With all pictures that cannot be read, or for an unknown threshold.
            ValueError: If ``top`` is below 1.

        """
        if top < 1:
            raise ValueError(f"top must be at least 1, but got {top}")
        chosen = choose_threshold(self.model, threshold, IDENTIFY_THRESHOLDS)
        probes_ND = embed_pictures(self.model, [Path(p) for p in pictures], self.views)
        index, score = top_k(self.unit_ND, probes_ND, self._depth(top))
        return [
            Search(self._candidates(rows, scores, top), chosen)
            for rows, scores in zip(index.tolist(), score.tolist(), strict=True)
        ]

    def _depth(self, top: int) -> int:
        """Return how many of the best pictures hold ``top`` identities for sure.

        At worst they hold all pictures of the ``top - 1`` identities that have the most.
        """
        most = Counter(self.faces.identities).most_common(top - 1)
        return min(sum(count for _, count in most) + 1, len(self.faces))

    def _candidates(
        self, rows: Sequence[int], scores: Sequence[float], top: int
    ) -> tuple[Candidate, ...]:
        best: dict[str, Candidate] = {}
        for row, score in zip(rows, scores, strict=True):
            name = self.faces.identities[row]
            if name not in best and len(best) < top:
                best[name] = Candidate(name, score, self.faces.paths[row])
        return tuple(best.values())


def classify_pictures(
    model: FaceModel, paths: Sequence[Path], *, top: int = 5, views: str | None = None
) -> list[tuple[Guess, ...]]:
    """Return for each picture who of the trained identities it may be, the likeliest first.

    Raises:
        InputError: With all pictures that cannot be read.

    """
    guesses: list[tuple[Guess, ...]] = []
    for images in picture_batches(paths, model.image_px):
        numbers, shares = model.classify(images, top=top, views=views)
        for row, share in zip(numbers.tolist(), shares.tolist(), strict=True):
            names = (model.identities[number] for number in row)
            guesses.append(tuple(map(Guess, names, share)))
    return guesses
