from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facesearch.config import ReserveConfig
from facesearch.data.layouts import FaceFolder, FaceList, FacePairs
from facesearch.data.reserve.sizes import LEAST_RESERVABLE, half_width, sizes_for
from facesearch.errors import InputError

ROOT = Path("/faces")


def folder(identities: int, images: int, layout: str = "identity-folders") -> FaceFolder:
    return FaceFolder(ROOT, layout, train=faces(identities, images))


def faces(identities: int, images: int, part: str = "", first: int = 0) -> FaceList:
    names = [f"p{i:04d}" for i in range(first, first + identities) for _ in range(images)]
    return FaceList(
        tuple(ROOT / part / name / f"{i % images}.jpg" for i, name in enumerate(names)),
        tuple(names),
    )


AUTO = ReserveConfig()


def test_a_folder_without_sets_of_its_own_gets_all_three() -> None:
    sizes = sizes_for(folder(500, 14), AUTO)
    assert (sizes.dev, sizes.test, sizes.note) == (50, 100, "")
    assert sizes.images > 0


def test_more_identities_than_an_interval_needs_stay_in_training() -> None:
    sizes = sizes_for(folder(20_000, 2), AUTO)
    assert sizes.dev == 500 and sizes.test == 1000


def test_too_few_identities_are_said_to_be_too_few() -> None:
    few = sizes_for(folder(LEAST_RESERVABLE - 1, 20), AUTO)
    assert few.dev == few.test == 0 and few.images > 0
    assert "cannot be known" in few.note and str(LEAST_RESERVABLE) in few.note
    enough = sizes_for(folder(LEAST_RESERVABLE, 20), AUTO)
    assert enough.dev > 0 and enough.test > 0 and enough.note == ""


def test_identities_with_one_image_do_not_count() -> None:
    single = faces(100, 1, first=1000)
    both = faces(10, 5)
    train = FaceList(both.paths + single.paths, both.identities + single.identities)
    assert sizes_for(replace(folder(1, 1), train=train), AUTO).test == 0


@pytest.mark.parametrize("layout", ["hw2p2-f22", "hw2p2-s23"])
def test_the_course_brings_its_own(layout: str) -> None:
    sizes = sizes_for(folder(100, 20, layout), AUTO)
    assert (sizes.images, sizes.dev, sizes.test, sizes.note) == (0, 0, 0, "")


def test_own_sets_are_taken_as_they_are() -> None:
    whole = folder(100, 20, "split-folders")
    closed = replace(whole, dev=faces(100, 2, "val"))
    assert sizes_for(closed, AUTO).images == 0 and sizes_for(closed, AUTO).test > 0
    strange = faces(20, 3, "test", first=500)
    opened = replace(whole, known_test=strange, unknown_test=strange)
    assert (sizes_for(opened, AUTO).images, sizes_for(opened, AUTO).test) == (0, 0)


def test_of_dev_and_test_the_one_that_is_lacking_is_reserved() -> None:
    whole, strange = folder(100, 20, "split-folders"), faces(20, 3, "test", first=500)
    tested = sizes_for(replace(whole, known_test=strange, unknown_test=strange), AUTO)
    assert tested.dev > 0 and tested.test == 0
    fitted = sizes_for(replace(whole, known=strange, unknown_dev=strange), AUTO)
    assert fitted.dev == 0 and fitted.test > 0


def test_pairs_are_no_set_in_which_anybody_can_be_searched_for() -> None:
    whole = folder(100, 20)
    pairs = FacePairs((ROOT / "x.jpg",), (ROOT / "y.jpg",), (True,), (0,))
    assert sizes_for(replace(whole, pairs=pairs), AUTO) == sizes_for(whole, AUTO)


def test_none_says_what_is_lost() -> None:
    none = ReserveConfig(images=0.0, dev=0.0, test=0.0)
    sizes = sizes_for(folder(100, 20), none)
    assert (sizes.images, sizes.dev, sizes.test) == (0, 0, 0)
    assert "no figure" in sizes.note and "champion" in sizes.note


def test_fractions_are_of_the_identities() -> None:
    sizes = sizes_for(folder(40, 20), ReserveConfig(dev=0.25, test=0.5))
    assert (sizes.dev, sizes.test) == (10, 20)


def test_a_set_that_the_folder_brings_cannot_be_reserved_as_well() -> None:
    closed = replace(folder(100, 20), dev=faces(100, 2, "val"))
    with pytest.raises(InputError, match=r"data\.reserve\.images: .*brings such a set"):
        sizes_for(closed, ReserveConfig(images=0.2))


def test_somebody_must_be_left_to_train_on() -> None:
    with pytest.raises(InputError, match="8 would be reserved and 2 trained on"):
        sizes_for(folder(10, 20), ReserveConfig(dev=0.3, test=0.5))


def test_the_promised_width_is_that_of_many_simulated_sets() -> None:
    """Beta-binomial hits of identities with the assumed correlation, at the worst rate."""
    rng, worlds, identities, images = np.random.default_rng(0), 4000, 60, 7
    # correlation 1 / (a + b + 1) of a beta(a, a) mixture
    a = (1 / 0.3 - 1) / 2
    chances = rng.beta(a, a, (worlds, identities))
    rates = rng.binomial(images, chances).mean(axis=1) / images
    assert half_width(identities, images) == pytest.approx(1.96 * rates.std(), rel=0.05)
