"""What a model is used for: is it one person (1:1), who of a gallery (1:N), who of the trained.

A score is a cosine, in [-1, 1]; above a threshold two faces count as one person's. Without a
threshold there are scores and no decision.

Shapes: N images, D embedding, P pairs.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from facesearch.data.left_out import PassedOver, contradictions
from facesearch.errors import InputError
from facesearch.final.choose import IDENTIFY_THRESHOLDS, VERIFY_THRESHOLDS, choose_threshold
from facesearch.final.images_in import Images, OneImage, each_image, names_of
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.pictures import (
    accounts_of,
    doubles_of,
    list_gallery,
    named_images,
    without_images,
)
from facesearch.metrics.exact import grid_rows, row_scores
from facesearch.metrics.search import top_k

Decision: TypeAlias = Literal["same", "different", "identified", "unknown", "undecided"]


@dataclass(frozen=True)
class Match:
    """Two images compared.

    Args:
        score: Their cosine.
        threshold: What it was compared with; None: the model has none, so nothing is decided.
        is_same: Whether the score is above it; None without a threshold.
        probability: That both show one person, where the model is calibrated; before the score was
            seen it was a half.
        asked_probability: What the threshold asks for: a pair above the threshold has more.

    """

    score: float
    threshold: Threshold | None
    is_same: bool | None
    probability: float | None
    asked_probability: float | None = None

    @property
    def decision(self) -> Decision:
        """Return ``same``, ``different``, or ``undecided`` without a threshold."""
        if self.is_same is None:
            return "undecided"
        return "same" if self.is_same else "different"


@dataclass(frozen=True)
class Candidate:
    """Somebody known, with the most alike of their pictures and its cosine."""

    identity: str
    score: float
    picture: Path


@dataclass(frozen=True)
class Search:
    """Who an image may be, the likeliest first, each identity once.

    threshold is None where none was asked for and the model has none: then nothing is decided.
    not_in_gallery are those of the gallery's folder of whom no image is read: whoever is one of
    them is ``unknown``, or taken for somebody else.
    """

    candidates: tuple[Candidate, ...]
    threshold: Threshold | None
    not_in_gallery: tuple[str, ...] = ()

    @property
    def decision(self) -> Decision:
        """Return ``identified``, ``unknown``, or ``undecided`` without a threshold."""
        if self.threshold is None:
            return "undecided"
        return "identified" if self.candidates[0].score > self.threshold.value else "unknown"

    @property
    def identity(self) -> str | None:
        """Who it is, if it is ``identified``; None says nothing else than that it is not."""
        return self.candidates[0].identity if self.decision == "identified" else None


@dataclass(frozen=True)
class Guess:
    """An identity that the model was trained on, and its probability: see `FaceModel.classify`."""

    identity: str
    probability: float


def embed_pictures(model: FaceModel, images: Images, views: str | None = None) -> np.ndarray:
    """Return the unit embeddings float32 [N, D] of images, a batch in memory at a time.

    Raises:
        InputError: With all images that cannot be read, or if the model gives no numbers.

    """
    listed = each_image(images)
    embeddings = model.embed(listed, views)
    is_bad = ~np.isfinite(embeddings).all(1)
    if is_bad.any():
        name = names_of(listed)[int(np.flatnonzero(is_bad)[0])]
        raise InputError(f"{name}: the model's embedding of it is not finite; train it again.")
    return embeddings


def verify(
    model: FaceModel,
    first: OneImage,
    second: OneImage,
    *,
    threshold: str | float | None = None,
    views: str | None = None,
) -> Match:
    """Compare two images; arguments and errors are those of `verify_pairs`."""
    return verify_pairs(model, [(first, second)], threshold=threshold, views=views)[0]


def verify_pairs(
    model: FaceModel,
    pairs: Sequence[tuple[OneImage, OneImage]],
    *,
    threshold: str | float | None = None,
    views: str | None = None,
) -> list[Match]:
    """Say of each pair of images whether they show one person.

    Args:
        model: A loaded model.
        pairs: Files, PIL images, arrays: see `facesearch.final.images_in`.
        threshold: See `choose_threshold`; None: even odds if the model is calibrated, else its
            ``accuracy``, else ``eer``, else none: nothing is decided then.
        views: A name in `VIEWS` instead of the model's own.

    Raises:
        InputError: With all images that cannot be read, or for an unknown threshold.

    """
    chosen = choose_threshold(model, threshold, VERIFY_THRESHOLDS)
    images = {_key(image): image for pair in pairs for image in pair}
    row = {key: number for number, key in enumerate(images)}
    unit_ND = grid_rows(embed_pictures(model, list(images.values()), views))
    first, second = ([row[_key(pair[side])] for pair in pairs] for side in (0, 1))
    scores_P = row_scores(unit_ND[first], unit_ND[second])
    return [_match(model, score, chosen) for score in scores_P.tolist()]


def _key(image: OneImage) -> str | int:
    return str(image) if isinstance(image, (str, Path)) else id(image)


def _match(model: FaceModel, score: float, threshold: Threshold | None) -> Match:
    is_same = None if threshold is None else score > threshold.value
    calibration = model.calibration
    if calibration is None or not calibration.is_useful:
        return Match(score, threshold, is_same, None)
    asked = None if threshold is None else calibration.chance(threshold.value)
    return Match(score, threshold, is_same, calibration.chance(score), asked)


class Gallery:
    """People who are known, embedded once, to be searched often.

    faces are the images that were read; passed_over says what of a folder was not, or contradicts
    itself, and not_in_gallery who has no image in it.

    Example:
        >>> gallery = Gallery(model, "known/")            # doctest: +SKIP
        >>> gallery.identify(["visitor.jpg"])[0].identity  # doctest: +SKIP
        'anna'

    """

    def __init__(
        self, model: FaceModel, known: str | Path | Mapping[str, Images], views: str | None = None
    ) -> None:
        """Embed the images of those who are known.

        Args:
            model: A loaded model.
            known: A folder, laid out as `list_gallery` describes; or by identity one image or
                several: see `facesearch.final.images_in`.
            views: A name in `VIEWS` instead of the model's own.

        Raises:
            InputError: If the folder is absent or empty, nobody is known, for names that
                `list_gallery` refuses, or with all images that cannot be read.

        """
        self.model, self.views = model, views
        images: Images
        self.passed_over: PassedOver | None = None
        self.not_in_gallery: tuple[str, ...] = ()
        if isinstance(known, Mapping):
            self.faces, images = named_images(known)
        else:
            self.faces = list_gallery(Path(known))
            images = self.faces.paths
            account = accounts_of([Path(known)])[0]
            self.not_in_gallery = without_images(self.faces, account)
            twice = contradictions(self.faces, doubles_of(self.faces))
            self.passed_over = PassedOver(account, contradictions=tuple(twice))
        self.unit_ND = embed_pictures(model, images, views)

    def identify(
        self,
        images: Images,
        *,
        top: int = 5,
        threshold: str | float | None = None,
    ) -> list[Search]:
        """Search each image among those who are known.

        Of several pictures of one identity the most alike counts. Of equal scores the first
        identity by name stands first.

        Args:
            images: See `facesearch.final.images_in`.
            top: Identities to return, a count; fewer if fewer are known.
            threshold: See `choose_threshold`; None: the model's ``rejection``, else ``fpir_0.1``,
                else none: nothing is decided then.

        Raises:
            InputError: With all images that cannot be read, or for an unknown threshold.
            ValueError: If ``top`` is below 1.

        """
        if top < 1:
            raise ValueError(f"top must be at least 1, but got {top}")
        chosen = choose_threshold(self.model, threshold, IDENTIFY_THRESHOLDS)
        probes_ND = embed_pictures(self.model, images, self.views)
        index, score = top_k(self.unit_ND, probes_ND, self._depth(top))
        return [
            Search(self._candidates(rows, scores, top), chosen, self.not_in_gallery)
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
    model: FaceModel, images: Images, *, top: int = 5, views: str | None = None
) -> list[tuple[Guess, ...]]:
    """Return for each image who of the trained identities it may be, the likeliest first.

    Raises:
        InputError: With all images that cannot be read.

    """
    numbers, shares = model.classify(images, top=top, views=views)
    return [
        tuple(map(Guess, (model.identities[number] for number in row), share))
        for row, share in zip(numbers.tolist(), shares.tolist(), strict=True)
    ]
