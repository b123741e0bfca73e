from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2, hw2p2_s23, lfw, people

from facesearch.config import DataConfig, RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import InputError
from facesearch.final.targets import read_targets


def test_generated_targets_are_new_pictures_and_new_people(small_config: RunConfig) -> None:
    faces = load_all_faces(small_config.data)
    targets = read_targets(small_config.data, faces.identities)
    assert targets.dev is not None and targets.known is not None
    seen = {image.tobytes() for image in faces.train.images_NHWC}
    for name in ("dev", "known", "unknown_dev", "unknown_test"):
        group = getattr(targets, name)
        assert not any(group.images_NHWC[i].tobytes() in seen for i in group.index_M)
    assert set(targets.dev.labels_M) == set(range(8))
    assert np.array_equal(targets.known.labels_M, np.arange(len(targets.gallery_names)))


def test_generated_queries_of_dev_and_test_are_other_people_and_some_are_strangers() -> None:
    data = DataConfig.model_validate({"image_px": 16, "synthetic": {"num_identities": 20}})
    targets = read_targets(data, ())
    dev, test = targets.labelled("unknown_dev"), targets.labelled("unknown_test")
    assert dev is not None and test is not None and targets.known is not None
    assert not set(dev.labels_M[dev.labels_M >= 0]) & set(test.labels_M[test.labels_M >= 0])
    assert {*dev.labels_M, *test.labels_M} == {-1, *range(16)}
    assert (dev.labels_M == -1).any() and (test.labels_M == -1).any()
    used = [set(part.index_M) for part in (targets.known, dev, test)]
    assert sum(map(len, used)) == len(set.union(*used))


def test_the_layout_of_the_config_is_the_one_of_the_targets(tmp_path: Path) -> None:
    data = DataConfig(root=str(hw2p2(tmp_path)), image_px=16)
    targets = read_targets(data, tuple(f"n00000{n}" for n in range(5)))
    assert targets.dev is not None and targets.unknown_dev is not None
    assert targets.unknown_dev.labels_M.tolist() == [0, 1, 2]
    assert targets.labelled("unknown_test") is None
    with pytest.raises(InputError, match=r"2 identities with .* give a folder further down"):
        read_targets(data.model_copy(update={"layout": "identity-folders"}), ())


def test_a_stranger_of_s23_has_no_row_in_the_gallery(tmp_path: Path) -> None:
    data = DataConfig(root=str(hw2p2_s23(tmp_path)), image_px=16)
    targets = read_targets(data, ())
    assert targets.unknown_dev is not None
    assert targets.unknown_dev.labels_M.tolist() == [0, -1, 2]
    # nobody of dev was trained on, so the closed task cannot be asked
    assert targets.dev is None


def test_a_list_of_pairs_names_rows_of_its_pictures(tmp_path: Path) -> None:
    targets = read_targets(DataConfig(root=str(lfw(tmp_path)), image_px=16), ())
    pairs = targets.pairs
    assert pairs is not None
    assert pairs.is_same_P.tolist() == [True, False, True, False]
    assert pairs.folds_P.tolist() == [0, 0, 1, 1]
    # a 1, a 2, b 3, c 2, c 3, c 1, d 1: seven pictures, one of them in two pairs
    assert len(pairs.faces) == 7
    assert pairs.first_P[0] == pairs.first_P[1] and pairs.second_P[0] != pairs.second_P[1]


def test_groups_of_a_folder_reach_its_pairs(tmp_path: Path) -> None:
    root = people(tmp_path)
    (root / "groups.csv").write_text("identity,group\na,x\nb,x\nc,y\n")
    lines = [
        "a/a_0001.jpg,a/a_0002.jpg,1",
        "a/a_0001.jpg,c/c_0001.jpg,0",
        "b/b_0001.jpg,d/d_0001.jpg,0",
    ]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *lines]))
    pairs = read_targets(DataConfig(root=str(root), image_px=16), ()).pairs
    assert pairs is not None
    of_pairs = [
        (pairs.groups[one], pairs.groups[other])
        for one, other in zip(pairs.first_P, pairs.second_P, strict=True)
    ]
    assert of_pairs == [("x", "x"), ("x", "y"), ("x", "")]
