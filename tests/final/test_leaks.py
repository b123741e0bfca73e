import shutil
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2, lfw, people, picture
from pydantic import ValidationError

from facesearch.config import DataConfig, SearchConfig
from facesearch.data.faces import load_faces, read_reserve
from facesearch.data.layouts import FaceFolder, FaceList, read_layout
from facesearch.final.figures import Report
from facesearch.final.leaks import find_leaks, training_digests
from facesearch.final.targets import read_targets, targets_of

PEOPLE = tuple(f"n00000{n}" for n in range(5))


def test_a_clean_folder_has_no_leak(tmp_path: Path) -> None:
    folder = read_layout(hw2p2(tmp_path))
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    assert not leaks and leaks.lines() == []


def test_copies_are_named_and_left_out_of_the_figures(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    verification, train = root / "verification", root / "classification/train"
    shutil.copy(train / "n000002/1.jpg", root / "classification/dev/n000002/9.jpg")
    shutil.copy(train / "n000003/0.jpg", verification / "unknown_dev/1.jpg")
    shutil.copy(train / "n000003/1.jpg", verification / "unknown_test/0.jpg")
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    assert {part: rows.tolist() for part, rows in leaks.copies.items() if len(rows)} == {
        "dev": [2], "unknown_dev": [1], "unknown_test": [0],
    }  # fmt: skip
    targets = read_targets(DataConfig(root=str(root), image_px=16), PEOPLE)
    cleaned = leaks.without_copies(targets)
    assert cleaned.dev is not None and cleaned.dev.labels_M.tolist() == [0, 1, 3, 4]
    assert cleaned.unknown_dev is not None and cleaned.unknown_dev.labels_M.tolist() == [0, 2]
    # a submission needs every picture
    assert cleaned.unknown_test is not None and len(cleaned.unknown_test) == 1
    report = Report(notes=["another"])
    leaks.tell(report)
    assert [note.partition(":")[0] for note in report.notes] == ["LEAK"] * 3 + ["another"]


def test_a_search_never_sees_a_reporting_set(tmp_path: Path) -> None:
    root = hw2p2(tmp_path, each=6)
    data = DataConfig(root=str(root), image_px=16)
    before = load_faces(data)
    for number, path in enumerate(sorted(root.rglob("*.jpg"))):
        if "train" not in path.parts:
            picture(path, 9000 + number)
    after = load_faces(data)
    assert before.fingerprint == after.fingerprint
    for name in ("train", "strangers", "closed"):
        one, other = getattr(before, name), getattr(after, name)
        assert len(one)
        np.testing.assert_array_equal(
            one.images_NHWC[one.index_M], other.images_NHWC[other.index_M]
        )


@pytest.mark.parametrize("part", ["dev/top1", "unknown_dev/rank1", "final/dev/top1", "pairs/auc"])
def test_a_reporting_set_is_no_objective(part: str) -> None:
    with pytest.raises(ValidationError, match="is of a set that finalize reports on"):
        SearchConfig(objective=part)
    with pytest.raises(ValidationError, match="would make every report too good"):
        SearchConfig(objective={"val/rank1": 1.0, part: 1.0})


def test_people_of_training_who_play_strangers_are_told(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    for name in ("n000001", "n000004"):
        (root / f"verification/known/n10000{name[-1]}").rename(root / f"verification/known/{name}")
    labels = root / "verification/dev_identities.csv"
    labels.write_text("label\nn100000\nn000001\nn100002\n")
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    assert leaks.shared_names == {"known": ("n000001", "n000004"), "unknown_dev": ("n000001",)}
    assert "2 names of known are names of training too (n000001, n000004)" in leaks.lines()[0]


def test_pairs_of_training_pictures_are_left_out(tmp_path: Path) -> None:
    root = lfw(tmp_path)
    folder = read_layout(root)
    names = tuple(sorted(set(folder.train.identities)))
    leaks = find_leaks(training_digests(folder.train), names, folder)
    assert leaks.pairs.tolist() == [0, 1, 2, 3] and leaks.shared_names["pairs"] == tuple("abcd")
    assert "4 of 4 pairs have an exact copy" in " ".join(leaks.lines())
    targets = read_targets(DataConfig(root=str(root), image_px=16), names)
    assert targets.pairs is not None and leaks.without_copies(targets).pairs is None


def test_pairs_of_other_pictures_stay(tmp_path: Path) -> None:
    root = lfw(tmp_path)
    folder = read_layout(root)
    trained = [p for p in folder.train.paths if p.parent.name in "ef" or p.name == "b_0003.jpg"]
    digests = training_digests(type(folder.train)(tuple(trained), ("",) * len(trained)))
    leaks = find_leaks(digests, ("e", "f"), folder)
    # only the second pair, of a 1 and b 3, holds a trained picture
    assert leaks.pairs.tolist() == [1] and "pairs" not in leaks.shared_names
    targets = leaks.without_copies(read_targets(DataConfig(root=str(root), image_px=16), ()))
    assert targets.pairs is not None and targets.pairs.is_same_P.tolist() == [True, True, False]
    rows = targets.pairs.faces.images_NHWC[targets.pairs.faces.index_M]
    whole = read_targets(DataConfig(root=str(root), image_px=16), ()).pairs
    assert whole is not None
    for place, pair in enumerate((0, 2, 3)):
        for new, old in (("first_P", "first_P"), ("second_P", "second_P")):
            expected = whole.faces.images_NHWC[whole.faces.index_M[getattr(whole, old)[pair]]]
            np.testing.assert_array_equal(rows[getattr(targets.pairs, new)[place]], expected)


def test_a_gallery_of_copies_is_no_gallery(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    for number in range(5):
        shutil.copy(
            root / f"classification/train/n00000{number}/0.jpg",
            root / f"verification/known/n10000{number}/0.jpg",
        )
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    targets = leaks.without_copies(read_targets(DataConfig(root=str(root), image_px=16), PEOPLE))
    assert targets.known is None and targets.labelled("unknown_dev") is None
    assert "nobody can be searched for" in " ".join(leaks.lines())


def test_who_lost_the_gallery_picture_is_no_stranger(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    shutil.copy(
        root / "classification/train/n000001/0.jpg", root / "verification/known/n100001/0.jpg"
    )
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), PEOPLE, folder)
    targets = leaks.without_copies(read_targets(DataConfig(root=str(root), image_px=16), PEOPLE))
    assert targets.known is not None and targets.known.labels_M.tolist() == [0, 2, 3, 4]
    assert targets.unknown_dev is not None and targets.unknown_dev.labels_M.tolist() == [0, 2]
    assert "1 people of known have no picture left" in " ".join(leaks.lines())


def two_galleries(root: Path) -> FaceFolder:
    """Three identities a gallery, each asked about once, beside one who is in neither."""
    names = "abcdefg"
    people(root, names, each=2)

    def part(whose: str, number: int) -> FaceList:
        return FaceList(tuple(root / n / f"{n}_{number:04d}.jpg" for n in whose), tuple(whose))

    return FaceFolder(
        root, "folders", known=part("abc", 1), unknown_dev=part("abcg", 2),
        known_test=part("def", 1), unknown_test=part("defg", 2),
    )  # fmt: skip


def test_probes_of_a_lost_gallery_are_not_searched_in_the_other(tmp_path: Path) -> None:
    folder = two_galleries(tmp_path)
    leaks = find_leaks(training_digests(folder.known_test), (), folder)
    targets = leaks.without_copies(targets_of(folder, 16, ()))
    assert (targets.known_test, targets.unknown_test) == (None, None)
    assert targets.known is not None and len(targets.known) == 3
    assert targets.unknown_dev is not None and len(targets.unknown_dev) == 4
    (line,) = (line for line in leaks.lines() if "gallery" in line)
    assert "left in the gallery (known_test)" in line and "nothing of unknown_test is" in line


def test_what_is_lost_is_told_of_each_gallery(tmp_path: Path) -> None:
    folder = two_galleries(tmp_path)
    trained = FaceList(folder.known.paths + folder.known_test.paths[:2], ("x",) * 5)
    leaks = find_leaks(training_digests(trained), (), folder)
    targets = leaks.without_copies(targets_of(folder, 16, ()))
    assert targets.known is None and targets.known_test is not None
    names = targets.gallery_names
    assert targets.unknown_test is not None
    assert [names[label] for label in targets.unknown_test.labels_M] == ["f", "g"]
    of_known, of_test = (line for line in leaks.lines() if "gallery" in line)
    assert "(known), so nobody" in of_known and "nothing of unknown_dev is" in of_known
    assert "2 people of known_test have no picture left" in of_test
    assert "their pictures in unknown_test are left out" in of_test


def test_copies_of_two_models_add_up(tmp_path: Path) -> None:
    folder = two_galleries(tmp_path)
    targets = targets_of(folder, 16, ())
    for row in (0, 2):  # rows are those of the folder, however many went before
        trained = FaceList(folder.known.paths[row : row + 1], ("x",))
        targets = find_leaks(training_digests(trained), (), folder).without_copies(targets)
    assert targets.known is not None and targets.unknown_dev is not None
    assert [targets.gallery_names[label] for label in targets.known.labels_M] == ["b"]
    probes = [targets.gallery_names[label] for label in targets.unknown_dev.labels_M]
    assert probes == ["b", "g"]


def test_the_digests_do_not_depend_on_names_and_order(tmp_path: Path) -> None:
    one = read_layout(hw2p2(tmp_path / "one"))
    (tmp_path / "two").mkdir()
    for number, path in enumerate(reversed(one.train.paths)):
        shutil.copy(path, tmp_path / "two" / f"{number:03d}.jpg")
    paths = tuple(sorted((tmp_path / "two").iterdir()))
    other = type(one.train)(paths, ("",) * len(paths))
    digests = training_digests(one.train)
    assert digests == training_digests(other) and len(digests) == 8 * len(paths)
    assert len(np.unique(np.frombuffer(digests, "V8"))) == len(paths)


def test_a_probe_that_is_a_file_of_its_gallery_is_left_out(tmp_path: Path) -> None:
    root = people(tmp_path, [f"p{i:02d}" for i in range(40)], each=4)
    data = DataConfig(root=str(root), image_px=16)
    folder = read_reserve(data).folder
    gallery, probes = folder.known_test, folder.unknown_test
    same = next(row for row, name in enumerate(probes.identities) if name in gallery.identities)
    enrolled = gallery.paths[gallery.identities.index(probes.identities[same])]
    probes.paths[same].write_bytes(enrolled.read_bytes())
    twin = (same + 1) % len(probes)
    probes.paths[twin].write_bytes(probes.paths[same - 1].read_bytes())
    leaks = find_leaks(b"", (), folder)
    found = leaks.doubles["unknown_test"].tolist()
    assert same in found and len(found) == 2
    assert any("2 pictures of unknown_test also in its gallery" in line for line in leaks.lines())
    targets = read_targets(data, ())
    left = leaks.without_copies(targets).unknown_test
    assert targets.unknown_test is not None and left is not None
    assert len(left) == len(targets.unknown_test) - 2
