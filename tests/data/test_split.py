import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def chosen_slowly(names: Sequence[str], groups: Sequence[str], wanted: int, seed: int) -> set[str]:
    """Choose strangers group by group, in the order of those who have 2 faces, with sets alone."""
    pairs = sorted(name for name, count in Counter(names).items() if count >= 2)
    random.Random(f"identities {seed}").shuffle(pairs)
    group_of = dict(zip(names, groups, strict=True))
    strangers: set[str] = set()
    for name in pairs:
        larger = strangers | {other for other in names if group_of[other] == group_of[name]}
        is_enough = len(strangers) >= wanted and len(strangers & set(pairs)) >= 2
        if not is_enough and len(set(pairs) - larger) >= 2:
            strangers = larger
    return strangers if len(strangers & set(pairs)) >= 2 else set()


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 3)), min_size=4, max_size=60),
    st.integers(1, 99),
    st.integers(0, 3),
)
def test_groups_are_chosen_as_if_sets_were_compared(
    people: list[tuple[int, int]], percent: int, seed: int
) -> None:
    """People of some groups, the larger ones of several, with 1 to 3 faces each."""
    faces = [
        (f"p{i}", f"g{group if group < 9 else i}")
        for i, (group, count) in enumerate(people)
        for _ in range(count)
    ]
    names, groups = [name for name, _ in faces], [group for _, group in faces]
    num_pairs = sum(count >= 2 for _, count in people)
    wanted = min(max(2, round(percent / 100 * len(people))), num_pairs - 2)
    expected = chosen_slowly(names, groups, wanted, seed)
    if num_pairs < 4 or not expected:
        with pytest.raises(InputError):
            split_identities(names, percent / 100, seed, groups)
        return
    inside, outside = split_identities(names, percent / 100, seed, groups)
    assert {names[row] for row in outside} == expected
    assert sorted(inside + outside) == list(range(len(names)))


def test_many_groups_are_chosen_among_in_one_pass() -> None:
    """Compared as sets, group by group, so many would take minutes."""
    names = [f"p{i}" for i in range(60_000) for _ in range(2)]
    inside, outside = split_identities(names, 0.2, 0, [name[:-1] for name in names])
    assert abs(len(outside) - 24_000) <= 20
    assert not {names[i][:-1] for i in inside} & {names[i][:-1] for i in outside}


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
