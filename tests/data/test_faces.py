from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_on_disk import people

from facesearch.config import DataConfig, RunConfig
from facesearch.data.faces import (
    load_all_faces,
    load_faces,
    load_faces_to_search,
    read_reserve,
)
from facesearch.data.layouts import FaceList
from facesearch.data.pack import Pack, open_pack
from facesearch.errors import InputError


def test_strangers_are_nobody_that_was_trained_on(small_config: RunConfig) -> None:
    faces = load_faces(small_config.data)
    people = 6  # faces each, in the order of the pack
    trained = set(faces.train.index_M // people) | set(faces.closed.index_M // people)
    assert not trained & set(faces.strangers.index_M // people)
    assert not set(faces.train.index_M) & set(faces.closed.index_M)
    assert set(faces.closed.labels_M) <= set(faces.train.labels_M)


def test_labels_count_from_zero_without_gaps(small_config: RunConfig) -> None:
    faces = load_faces(small_config.data)
    assert sorted(set(faces.train.labels_M)) == list(range(len(faces.identities)))


def test_the_final_faces_hold_nobody_out(small_config: RunConfig) -> None:
    faces = load_all_faces(small_config.data)
    assert len(faces.train) == 48 and len(faces.identities) == 8
    assert len(faces.strangers) == len(faces.closed) == 0


def test_the_split_seed_changes_the_strangers(small_config: RunConfig) -> None:
    other: DataConfig = small_config.data.model_copy(update={"split_seed": 1})
    first, second = load_faces(small_config.data), load_faces(other)
    assert not np.array_equal(first.strangers.index_M, second.strangers.index_M)


def test_an_unreadable_image_of_the_reserve_is_refused_before_the_search(tmp_path: Path) -> None:
    root = people(tmp_path, [f"p{i:02d}" for i in range(40)], each=4)
    data = DataConfig(root=str(root), image_px=16)
    broken = read_reserve(data).folder.unknown_test.paths[0]
    broken.write_bytes(b"no image")
    with pytest.raises(InputError, match=broken.name):
        load_faces_to_search(data)
    load_faces_to_search(data.model_copy(update={"allow_corrupt": 1}))


def test_a_trial_reads_no_reserved_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = people(tmp_path, [f"p{i:02d}" for i in range(40)], each=4)
    opened: list[int] = []

    def counting(faces: FaceList, image_px: int, **how: Any) -> Pack:
        opened.append(len(faces))
        return open_pack(faces, image_px, **how)

    monkeypatch.setattr("facesearch.data.faces.open_pack", counting)
    faces = load_faces(DataConfig(root=str(root), image_px=16))
    assert faces.reserve is not None and faces.reserve.parts
    assert opened == [len(faces.reserve.folder.train)]
