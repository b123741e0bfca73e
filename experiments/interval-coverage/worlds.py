"""Made-up worlds of faces: identities drawn from one population, whose truth a long run can tell.

An identity is a point near one of six group centres; an image of it is that point with noise. How
much noise differs by identity, by image, and a few images are spoilt. So identities fail together,
errors near the ceiling come from a few, and the genuine scores are skewed, as those of real faces.
"""

from dataclasses import dataclass

import numpy as np

DIMENSION = 64
_GROUPS = np.random.default_rng(99).normal(size=(6, DIMENSION)) * 0.5


@dataclass(frozen=True)
class Setting:
    """A population and how much of it one sees.

    Attributes:
        mated: Identities with a gallery, a count.
        nonmated: Identities with probes only, 1 or 2 of each.
        noise: Of an image, in units of the spread of the identities.
        most_gallery: Gallery images of an identity, 1 to this many.
        most_probes: Probes of an identity, 1 to this many; above 10 they fall off geometrically.
        spoilt: Fraction of images with three times the noise.

    """

    mated: int
    nonmated: int
    noise: float
    most_gallery: int
    most_probes: int
    spoilt: float


SETTINGS = {
    "10 identities, weak": Setting(10, 8, 1.7, 2, 6, 0.0),
    "10 identities, good": Setting(10, 10, 0.8, 2, 6, 0.01),
    "30 identities, middling": Setting(30, 20, 1.3, 2, 6, 0.02),
    "30 identities, good": Setting(30, 20, 0.8, 2, 6, 0.01),
    "30 identities, nearly perfect": Setting(30, 20, 0.65, 2, 6, 0.003),
    "60 identities, unequal counts": Setting(60, 40, 1.0, 3, 20, 0.02),
    "114 identities, middling": Setting(114, 80, 1.1, 1, 3, 0.02),
    "114 identities, good": Setting(114, 80, 0.75, 1, 3, 0.005),
    "300 identities, nearly perfect": Setting(300, 150, 0.65, 1, 2, 0.003),
}


@dataclass(frozen=True)
class World:
    """Unit embeddings, float32, and whose they are; probes of mated identities come first.

    ``centres`` are the true places of the mated identities, as a classifier has learnt them.
    """

    gallery: np.ndarray
    gallery_ids: np.ndarray
    probes: np.ndarray
    probe_ids: np.ndarray
    centres: np.ndarray


def draw_world(setting: Setting, seed: int) -> World:
    """Return a world of this seed."""
    rng = np.random.default_rng([seed, setting.mated, int(1000 * setting.noise)])
    count = setting.mated + setting.nonmated
    centres = rng.normal(size=(count, DIMENSION)) + _GROUPS[rng.integers(0, 6, count)]
    hardness = setting.noise * np.exp(0.3 * rng.normal(size=count))
    num_gallery = rng.integers(1, setting.most_gallery + 1, setting.mated)
    num_probes = rng.integers(1, setting.most_probes + 1, count)
    if setting.most_probes > 10:
        num_probes = np.minimum(1 + rng.geometric(0.25, count), setting.most_probes)
    num_probes[setting.mated :] = np.minimum(num_probes[setting.mated :], 2)

    def images(ids: np.ndarray) -> np.ndarray:
        noise = hardness[ids] * np.exp(0.25 * rng.normal(size=len(ids)))
        noise *= np.where(rng.random(len(ids)) < setting.spoilt, 3.0, 1.0)
        return unit(centres[ids] + noise[:, None] * rng.normal(size=(len(ids), DIMENSION)))

    gallery_ids = np.repeat(np.arange(setting.mated), num_gallery)
    probe_ids = np.repeat(np.arange(count), num_probes)
    return World(
        images(gallery_ids), gallery_ids, images(probe_ids), probe_ids,
        unit(centres[: setting.mated]),
    )  # fmt: skip


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows of length 1, float32."""
    return (rows / np.linalg.norm(rows, axis=1)[:, None]).astype(np.float32)


@dataclass(frozen=True)
class PairList:
    """Pairs in folds of whole identities, as many of one identity as of two."""

    scores: np.ndarray
    is_same: np.ndarray
    folds: np.ndarray
    first: np.ndarray
    second: np.ndarray


def draw_pairs(world: World, seed: int) -> PairList:
    """Return up to three pairs of each identity, and as many with another of its fold."""
    rng = np.random.default_rng([seed, 1])
    count = len(world.centres)
    fold = rng.permutation(count) % (10 if count >= 30 else 5)
    rows = []
    for identity in range(count):
        others = np.flatnonzero((fold == fold[identity]) & (np.arange(count) != identity))
        for probe in np.flatnonzero(world.probe_ids == identity)[:3]:
            for other in (identity, rng.choice(others)):
                image = rng.choice(np.flatnonzero(world.gallery_ids == other))
                rows.append((probe, image, fold[identity]))
    probe, image, folds = np.array(rows).T
    scores = np.einsum("pd,pd->p", world.probes[probe], world.gallery[image])
    first, second = world.probe_ids[probe], world.gallery_ids[image]
    return PairList(scores, first == second, folds, first, second)
