"""How much is reserved for the report: by what the folder brings, and how large it is."""

import math
from collections import Counter
from dataclasses import dataclass

from facesearch.config import ReserveConfig
from facesearch.data.layouts import STRANGER, FaceFolder, FaceList
from facesearch.data.split import LEAST_MATCHABLE
from facesearch.errors import InputError

# Fewer identities cannot be parted into some to train on, to fit on and to report on.
LEAST_RESERVABLE = 30
# Images of an identity from which on one of them can be spared for the closed set.
LEAST_IMAGES = 5
IMAGES_FRACTION = 0.15
_DEV, _TEST = 0.1, 0.2
_LEAST_DEV, _LEAST_TEST = 5, 8
# More identities make no interval narrower that anybody would notice.
_MOST_DEV, _MOST_TEST = 500, 1000
# Identities with 2 images that must be left: 2 to train on, and 2 that the search holds out.
LEAST_TRAINED = 2 * LEAST_MATCHABLE
# The course says who is trained on and who is reported on.
_COURSE = ("hw2p2-f22", "hw2p2-s23")
# Images of one identity succeed and fail together: the correlation that is assumed of them.
_CORRELATION = 0.3


@dataclass(frozen=True)
class Sizes:
    """What is reserved: a fraction of each trained identity's images, and counts of identities.

    note says why there is less than there could be; "" if there is nothing to say.
    """

    images: float = 0.0
    dev: int = 0
    test: int = 0
    note: str = ""


def sizes_for(folder: FaceFolder, wanted: ReserveConfig) -> Sizes:
    """Return how much of a folder is reserved.

    Args:
        folder: What was listed.
        wanted: Fractions; None: by what the folder brings and how large it is.

    Raises:
        InputError: If a set was asked for that the folder brings itself, or too little is left.

    """
    brought = brought_sets(folder)
    _refuse_twice(folder, wanted, brought)
    if wanted.is_off:
        return Sizes(note="" if brought else _NOTHING)
    is_course = folder.layout in _COURSE
    count = len(searchable(folder.train))
    dev, test = (0, 0) if is_course else _auto_identities(count)
    needs_closed = not (brought or is_course)
    is_lacking = not (test or is_course or "test" in brought) and wanted.test is None
    sizes = Sizes(
        images=(IMAGES_FRACTION if needs_closed else 0.0) if wanted.images is None
        else wanted.images,
        dev=_wanted_or(0 if "dev" in brought else dev, wanted.dev, count),
        test=_wanted_or(0 if "test" in brought else test, wanted.test, count),
        note=_too_few(count) if is_lacking else "",
    )  # fmt: skip
    left = count - sizes.dev - sizes.test
    if folder.train.paths and left < LEAST_TRAINED and sizes.dev + sizes.test:
        raise InputError(
            f"data.reserve: of {count} identities with 2 images or more {sizes.dev + sizes.test} "
            f"would be reserved and {left} trained on; lower data.reserve.dev and .test."
        )
    return sizes


def searchable(faces: FaceList) -> dict[str, int]:
    """Return the number of images of each identity that has two or more: one to search for."""
    return {name: count for name, count in Counter(faces.identities).items() if count >= 2}


def brought_sets(folder: FaceFolder) -> set[str]:
    """Return which sets a folder brings, as the fields of `ReserveConfig` name them.

    ``images``: labelled images of trained identities beside those of training. ``dev`` and
    ``test``: a gallery with labelled probes. Pairs are none: nobody can be searched for in them.
    """
    sides = {
        "dev": (folder.known, folder.unknown_dev),
        "test": (folder.known_test or folder.known, folder.unknown_test),
    }
    found = {
        name
        for name, (gallery, probes) in sides.items()
        if len(gallery) and set(probes.identities) - {"", STRANGER}
    }
    closed = any(set(part.identities) - {""} for part in (folder.dev, folder.test))
    return found | ({"images"} if closed else set())


def half_width(num_identities: int, images_each: float) -> float:
    """Return about how far off a rate may be, at worst: half of its 95 % interval.

    Args:
        num_identities: Identities that are asked about, a count.
        images_each: Images of each, in the mean.

    Source:
        Normal interval at a rate of 1/2 with the design effect of equal clusters, Kish 1965, Survey
        Sampling, eq. 5.4.1; the correlation within an identity (0.3) is an assumption.

    """
    if not num_identities or images_each <= 0:
        return 1.0
    variance = 0.25 * (_CORRELATION + (1 - _CORRELATION) / images_each) / num_identities
    return min(1.0, 1.96 * math.sqrt(variance))


_NOTHING = (
    "nothing is reserved (data.reserve: none): finalize will have no figure, no threshold and no "
    "interval for these faces, and its model can never become champion."
)


def _too_few(count: int) -> str:
    return (
        f"how well identities are told apart that the network never saw cannot be known: {count} "
        f"identities have 2 images or more, and {LEAST_RESERVABLE} are needed to reserve some of "
        "them. Give more identities, let finalize --cross-validate PARTS train as many networks "
        "more, or write data.reserve: {dev: 0.1, test: 0.2} and accept wide intervals."
    )


def _auto_identities(count: int) -> tuple[int, int]:
    if count < LEAST_RESERVABLE:
        return 0, 0
    dev = min(_MOST_DEV, max(_LEAST_DEV, round(_DEV * count)))
    return dev, min(_MOST_TEST, max(_LEAST_TEST, round(_TEST * count)))


def _wanted_or(count: int, fraction: float | None, num_identities: int) -> int:
    """Return the count, or that of a fraction that was asked for."""
    if fraction is None:
        return count
    return max(2, round(fraction * num_identities)) if fraction else 0


def _refuse_twice(folder: FaceFolder, wanted: ReserveConfig, brought: set[str]) -> None:
    """Refuse to reserve what the folder brings: two sets of one name would be mixed up."""
    for field in sorted(brought):
        if getattr(wanted, field):
            raise InputError(
                f"data.reserve.{field}: {folder.root} (layout {folder.layout}) brings such a set "
                "itself; write 0, or auto for data.reserve."
            )
