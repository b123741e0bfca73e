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
    names = ["a", "b", "c", "d", "e", "e", "f", "f", "g", "g"]
    _, outside = split_identities(names, 0.5, 0)
    assert all(names.count(names[i]) >= 2 for i in outside)


def test_too_few_identities_are_refused() -> None:
    with pytest.raises(InputError, match="needs 4 identities"):
        split_identities(["a", "a", "b", "b", "c"], 0.5, 0)


def test_further_faces_are_of_every_trained_identity_and_never_all() -> None:
    trained, further = split_faces(range(120), NAMES, 0.3, 0)
    assert {NAMES[i] for i in further} == {NAMES[i] for i in trained} == set(NAMES)
    assert len(further) == 40 and not set(trained) & set(further)
    assert split_faces(range(120), NAMES, 0.0, 0) == (list(range(120)), [])
    few, none = split_faces([0, 1], ["a", "a"], 0.5, 0)
    assert few == [0, 1] and none == []
