import random
from pathlib import Path

import pytest

from facesearch.data.gallery import gallery_and_probes
from facesearch.data.layouts import FaceList
from facesearch.data.layouts.folder import only


def faces_of(counts: dict[str, int], root: str = "/faces") -> FaceList:
    rows = [(Path(f"{root}/{name}/{i}.jpg"), name) for name, n in counts.items() for i in range(n)]
    return FaceList(tuple(path for path, _ in rows), tuple(name for _, name in rows))


MANY = {f"p{number}": 2 + number % 5 for number in range(200)}


def test_each_identity_of_the_gallery_is_there_once_and_asked_about_with_the_rest() -> None:
    faces = faces_of(MANY)
    gallery, probes = gallery_and_probes(faces)
    assert len(set(gallery.identities)) == len(gallery)
    assert not set(gallery.paths) & set(probes.paths)
    assert sorted([*gallery.paths, *probes.paths]) == sorted(faces.paths)
    for name in gallery.identities:
        assert probes.identities.count(name) == MANY[name] - 1
    assert len({path.stem for path in gallery.paths}) > 1  # not always the first


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.2, 0.5])
def test_a_share_is_not_in_the_gallery(fraction: float) -> None:
    shares = []
    for seed in range(20):
        gallery, probes = gallery_and_probes(faces_of(MANY), non_mated_fraction=fraction, seed=seed)
        shares.append(len(set(probes.identities) - set(gallery.identities)) / len(MANY))
    mean = sum(shares) / len(shares)
    assert mean == pytest.approx(fraction, abs=0.03)
    assert (len(set(shares)) > 1) == (fraction > 0)


def test_who_has_one_image_is_no_mate_and_who_has_no_label_is_in_neither_set() -> None:
    faces = faces_of({"a": 2, "b": 3, "alone": 1, "": 4})
    gallery, probes = gallery_and_probes(faces)
    assert gallery.identities == ("a", "b")
    assert probes.identities == ("a", "alone", "b", "b")
    assert len(gallery_and_probes(faces_of({"a": 1, "b": 1}))[0]) == 0


def test_neither_the_order_nor_others_nor_the_place_change_anything() -> None:
    faces = faces_of(MANY)
    gallery, probes = gallery_and_probes(faces, seed=3)
    rows = list(range(len(faces)))
    random.Random(0).shuffle(rows)
    assert gallery_and_probes(only(faces, rows), seed=3) == (gallery, probes)
    more, further = gallery_and_probes(faces_of(MANY | {"new": 3, "new too": 1}), seed=3)
    assert set(gallery.paths) == {path for path in more.paths if "new" not in path.parent.name}
    assert set(probes.paths) == {path for path in further.paths if "new" not in path.parent.name}
    moved, _ = gallery_and_probes(faces_of(MANY, "/elsewhere"), seed=3)
    assert [path.parts[-2:] for path in moved.paths] == [path.parts[-2:] for path in gallery.paths]


def test_another_seed_gives_other_sets() -> None:
    first, second = (gallery_and_probes(faces_of(MANY), seed=seed)[0] for seed in (0, 1))
    assert set(first.identities) != set(second.identities)
    both = set(first.identities) & set(second.identities)
    chosen = [
        {p.parent.name: p for p in one.paths if p.parent.name in both} for one in (first, second)
    ]
    assert chosen[0] != chosen[1]


def test_few_identities_all_stay_in_the_gallery_and_of_ten_one_at_least_goes() -> None:
    for seed in range(50):
        few, _ = gallery_and_probes(faces_of(dict.fromkeys("abcd", 2)), seed=seed)
        assert len(few) == 4
        five, _ = gallery_and_probes(
            faces_of(dict.fromkeys("abcde", 2)), non_mated_fraction=0.99, seed=seed
        )
        assert len(five) == 2
        ten, _ = gallery_and_probes(faces_of(dict.fromkeys("abcdefghij", 2)), seed=seed)
        assert 2 <= len(ten) <= 9


def test_groups_are_carried_along() -> None:
    faces = faces_of({"a": 2, "b": 2})
    faces = FaceList(faces.paths, faces.identities, ("x", "x", "y", "y"))
    gallery, probes = gallery_and_probes(faces)
    assert gallery.groups == probes.groups == ("x", "y")


def test_a_name_that_is_no_utf8_has_its_place() -> None:
    gallery, _ = gallery_and_probes(faces_of({"caf\udce9": 2, "b": 2}))
    assert len(gallery) == 2


@pytest.mark.parametrize("fraction", [-0.1, 1.0])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"must be in \[0, 1\), but got"):
        gallery_and_probes(FaceList(), non_mated_fraction=fraction)
