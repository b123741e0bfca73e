from collections import Counter
from collections.abc import Sequence

import pytest

from facesearch.data.split import split_faces, split_identities
from facesearch.errors import InputError

NAMES = [f"p{i % 20}" for i in range(120)]


@pytest.mark.parametrize("fraction", [0.01, 0.2, 0.5, 0.99])
def test_no_identity_is_on_both_sides(fraction: float) -> None:
    inside, outside = split_identities(NAMES, fraction, 0)
    trained, strangers = {NAMES[i] for i in inside}, {NAMES[i] for i in outside}
    assert not trained & strangers and sorted(inside + outside) == list(range(120))
    assert len(trained) >= 2 and len(strangers) >= 2


def test_the_split_hangs_on_the_seed_and_not_on_the_order() -> None:
    strangers = {NAMES[i] for i in split_identities(NAMES, 0.3, 1)[1]}
    backwards = NAMES[::-1]
    assert {backwards[i] for i in split_identities(backwards, 0.3, 1)[1]} == strangers
    assert {NAMES[i] for i in split_identities(NAMES, 0.3, 2)[1]} != strangers


def test_strangers_can_be_matched() -> None:
    names = ["a", "b", "c", "d", *"eeffgghh"]
    _, outside = split_identities(names, 0.5, 0)
    assert all(names.count(names[i]) >= 2 for i in outside)


def num_matchable(names: Sequence[str], rows: list[int]) -> int:
    return sum(count >= 2 for count in Counter(names[row] for row in rows).values())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("names", ["aabbccdd", "aabbccddefghijk", "aabbccddeeffgghhi"])
@pytest.mark.parametrize("group_size", [0, 1, 2])
def test_either_side_can_be_matched(
    names: str, fraction: float, seed: int, group_size: int
) -> None:
    groups = [str((ord(name) - 97) // group_size) for name in names] if group_size else []
    for side in split_identities(names, fraction, seed, groups):
        assert num_matchable(names, side) >= 2


@pytest.mark.parametrize("names", ["aabbcd", "aabbccd", "aabbccdefgh"])
def test_fewer_than_two_identities_to_match_on_either_side_are_refused(names: str) -> None:
    for fraction in (0.01, 0.5, 0.99):
        with pytest.raises(InputError, match="needs 4 with 2 faces, 2 for either side"):
            split_identities(names, fraction, 0)


def test_groups_that_leave_a_side_without_pairs_are_refused() -> None:
    names, groups = "aabbccddef", ["x"] * 6 + ["y"] * 2 + ["z"] * 2
    with pytest.raises(InputError, match="leave 2 identities with 2 faces on either side"):
        split_identities(names, 0.2, 0, groups)
    inside, outside = split_identities(names, 0.2, 0, ["x"] * 4 + ["y"] * 4 + ["z"] * 2)
    assert {len(inside), len(outside)} == {4, 6}


def test_too_few_identities_are_refused() -> None:
    with pytest.raises(InputError, match="needs 4 with 2 faces"):
        split_identities(["a", "a", "b", "b", "c"], 0.5, 0)


def test_further_faces_are_of_every_trained_identity_and_never_all() -> None:
    trained, further = split_faces(range(120), NAMES, 0.3, 0)
    assert {NAMES[i] for i in further} == {NAMES[i] for i in trained} == set(NAMES)
    assert len(further) == 40 and not set(trained) & set(further)
    assert split_faces(range(120), NAMES, 0.0, 0) == (list(range(120)), [])
    few, none = split_faces([0, 1], ["a", "a"], 0.5, 0)
    assert few == [0, 1] and none == []
