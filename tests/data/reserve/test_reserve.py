from dataclasses import replace
from pathlib import Path

import pytest

from facesearch.config import DataConfig, ReserveConfig
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.reserve import PARTS, reserve_faces
from facesearch.data.split import split_identities
from facesearch.errors import InputError

ROOT = Path("/faces")


def folder(identities: int = 60, images: int = 8, group_of: int = 1) -> FaceFolder:
    """Identities with images; of groups of so many identities each."""
    names = [f"p{i:04d}" for i in range(identities) for _ in range(images)]
    paths = tuple(ROOT / name / f"{i % images}.jpg" for i, name in enumerate(names))
    groups = tuple(f"g{int(name[1:]) // group_of}" for name in names) if group_of > 1 else ()
    return FaceFolder(ROOT, "identity-folders", train=FaceList(paths, tuple(names), groups))


def lists(found: FaceFolder) -> dict[str, FaceList]:
    return {part: getattr(found, part) for part in ("train", *PARTS)}


def test_every_face_is_in_exactly_one_part() -> None:
    whole = folder()
    found = lists(reserve_faces(whole, ReserveConfig()).folder)
    paths = [path for faces in found.values() for path in faces.paths]
    assert sorted(paths) == sorted(whole.train.paths)
    owner = dict(zip(whole.train.paths, whole.train.identities, strict=True))
    for faces in found.values():
        assert tuple(owner[path] for path in faces.paths) == faces.identities


def test_reserved_identities_are_in_one_part_and_never_in_training() -> None:
    found = lists(reserve_faces(folder(), ReserveConfig()).folder)
    names = {part: set(faces.identities) for part, faces in found.items()}
    dev, test = (names[g] | names[p] for g, p in (PARTS[1:3], PARTS[3:5]))
    assert dev and test and not dev & test and not (dev | test) & names["train"]
    assert names["dev"] <= names["train"]
    assert len(found["known"]) == len(names["known"])
    assert names["unknown_test"] - names["known_test"], "somebody is in no gallery"


def test_a_closed_set_of_its_own_is_only_of_who_stays_in_training() -> None:
    whole = folder()
    other = FaceList(
        tuple(path.with_suffix(".png") for path in whole.train.paths), whole.train.identities
    )
    for wanted in (ReserveConfig(), ReserveConfig(folds=5, fold=1)):
        found = reserve_faces(replace(whole, test=other), wanted)
        trained = set(found.folder.train.identities)
        assert set(found.folder.test.identities) == trained < set(other.identities)
        assert not {"dev", "test"} & set(found.parts) and len(found.folder.known_test)


def test_closed_images_leave_most_of_an_identity_to_training() -> None:
    found = lists(reserve_faces(folder(images=20), ReserveConfig(images=0.15)).folder)
    for name in set(found["train"].identities):
        assert found["dev"].identities.count(name) == 3
        assert found["train"].identities.count(name) == 17


def test_few_images_of_an_identity_are_all_trained_on() -> None:
    assert not len(reserve_faces(folder(images=4), ReserveConfig()).folder.dev)


def test_another_order_and_another_place_give_the_same_reserve() -> None:
    whole = folder()
    rows = range(len(whole.train))[::-1]
    moved = [Path("/elsewhere") / path.relative_to(ROOT) for path in whole.train.paths]
    names = tuple(whole.train.identities[i] for i in rows)
    train = FaceList(tuple(moved[i] for i in rows), names)
    other = reserve_faces(FaceFolder(Path("/elsewhere"), whole.layout, train), ReserveConfig())
    assert other.about() == reserve_faces(whole, ReserveConfig()).about()


def test_further_identities_change_little() -> None:
    before = lists(reserve_faces(folder(300), ReserveConfig()).folder)
    after = lists(reserve_faces(folder(310), ReserveConfig()).folder)
    names = [set(found["unknown_test"].identities) for found in (before, after)]
    assert len(names[0] & names[1]) >= 0.85 * len(names[0])


def test_another_seed_is_another_reserve_and_is_told() -> None:
    abouts = [reserve_faces(folder(), ReserveConfig(seed=seed)).about() for seed in (0, 1)]
    assert abouts[0]["sha256"] != abouts[1]["sha256"] and abouts[1]["seed"] == 1


def test_groups_are_reserved_whole() -> None:
    found = lists(reserve_faces(folder(group_of=3), ReserveConfig()).folder)
    held = set(found["unknown_dev"].groups) | set(found["unknown_test"].groups)
    assert held and not held & set(found["train"].groups)
    assert set(found["known_test"].groups) <= held


def test_groups_that_are_too_large_are_left_in_training_and_it_is_said() -> None:
    reserve = reserve_faces(folder(group_of=30), ReserveConfig())
    assert reserve.parts == ("dev",)
    assert "groups are so large" in reserve.note
    with pytest.raises(InputError, match="groups are so large"):
        reserve_faces(folder(group_of=30), ReserveConfig(dev=0.1, test=0.2))


def test_a_folder_of_which_nothing_is_reserved_stays_as_it_is() -> None:
    course = replace(folder(), layout="hw2p2-f22")
    reserve = reserve_faces(course, ReserveConfig())
    assert reserve.folder is course and reserve.about() == {}


@pytest.mark.parametrize(
    ("written", "images", "is_off"), [("auto", None, False), ("none", 0.0, True)]
)
def test_words_stand_for_fractions(written: str, images: float | None, is_off: bool) -> None:
    reserve = DataConfig.model_validate({"reserve": written}).reserve
    assert (reserve.images, reserve.is_off) == (images, is_off)


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="must be auto, none, or a mapping"):
        DataConfig.model_validate({"reserve": "nothing"})


def of_counts(counts: dict[str, int], groups: dict[str, str] | None = None) -> FaceFolder:
    names = [name for name, count in counts.items() for _ in range(count)]
    paths = tuple(ROOT / name / f"{i}.jpg" for i, name in enumerate(names))
    of = tuple((groups or {}).get(name, name) for name in names) if groups else ()
    return FaceFolder(ROOT, "identity-folders", train=FaceList(paths, tuple(names), of))


def test_a_fold_and_the_rest_can_both_be_matched_or_are_refused() -> None:
    single = {f"s{n}": 1 for n in range(30)}
    both = of_counts({"a": 2, "b": 2, "c": 2, "d": 2, **single})
    for fold in range(2):
        left = reserve_faces(both, ReserveConfig(folds=2, fold=fold)).folder.train
        assert sum(left.identities.count(name) >= 2 for name in set(left.identities)) == 2
    lonely = of_counts({"a": 2, "b": 2, **single})
    for fold in range(2):
        with pytest.raises(InputError, match="each part and the rest need 2 of them"):
            reserve_faces(lonely, ReserveConfig(folds=2, fold=fold))


def test_what_is_reserved_leaves_a_search_enough_to_match() -> None:
    single = {f"s{n}": 1 for n in range(40)}
    few = of_counts({**{f"p{n}": 2 for n in range(7)}, **single})
    with pytest.raises(InputError, match=r"of 7 identities with 2 images or more 4 would be res"):
        reserve_faces(few, ReserveConfig(dev=0.3, test=0.3))
    enough = of_counts({**{f"p{n}": 2 for n in range(8)}, **single})
    folder = reserve_faces(enough, ReserveConfig(dev=0.2, test=0.2)).folder
    split_identities(folder.train.identities, 0.1, 0)


def test_a_group_of_many_single_images_is_no_set_to_search_in() -> None:
    counts = {f"p{n:02d}": 2 if n % 8 == 0 else 1 for n in range(64)}
    groups = {name: f"g{int(name[1:]) // 8}" for name in counts}
    with pytest.raises(InputError, match="none can be reserved whole beside those to train on"):
        reserve_faces(of_counts(counts, groups), ReserveConfig(dev=0.01, test=0.01))
