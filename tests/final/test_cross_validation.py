from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import drawn_people

from facesearch.config import DataConfig, RunConfig
from facesearch.data.faces import read_reserve
from facesearch.errors import InputError
from facesearch.final.cross_validation import (
    _joined_pairs,
    _joined_searches,
    cross_validate,
    refuse_folds,
    without_part,
)
from facesearch.final.one_to_one import Pairs
from facesearch.final.retrain import Workshop
from facesearch.metrics.open_set import OpenSet


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    root = drawn_people(tmp_path / "few", identities=12, each=4)
    return RunConfig.model_validate({
        "data": {"root": str(root), "image_px": 16},
        "model": {"num_stages": 2, "width": 4, "embedding_dim": 8},
        "head": {"type": "softmax"}, "train": {"epochs": 1, "batch_size": 8},
    })  # fmt: skip


def test_each_identity_is_left_out_of_one_training(config: RunConfig) -> None:
    left_out = []
    for fold in range(3):
        folder = read_reserve(without_part((config,), 3, fold)[0].data).folder
        asked = set(folder.known_test.identities) | set(folder.unknown_test.identities)
        assert not asked & set(folder.train.identities)
        assert len(folder.train) + len(folder.known_test) + len(folder.unknown_test) == 48
        left_out += sorted(asked)
    assert sorted(left_out) == [f"person {number:03d}" for number in range(12)]


def test_figures_and_thresholds_are_of_all_parts(config: RunConfig, tmp_path: Path) -> None:
    found = cross_validate((config,), 3, "plain", Workshop(tmp_path))
    # one image of each of 12 identities is in a gallery, and the others are probes
    assert found.report.figures["cross_validated/rank1"].num_faces == 36
    assert {"eer", "fpir_0.1"} <= set(found.points.thresholds)
    assert found.points.thresholds["eer"].fitted_on == "cross-validation over identities"
    assert "of 3 networks" in found.report.notes[0]
    # some of their images are reserved, so it is not trained on all faces
    assert found.report.notes[0].endswith("one more training, on all identities.")


def test_parts_keep_their_identities_apart() -> None:
    some = np.array([0.5, 0.25], np.float32)
    yes = np.array([True, False])
    part = OpenSet(some, yes, yes, some, np.array([4, -1]))
    joined = _joined_searches([part, part])
    assert joined.identities_P.tolist() == [4, -1, 9, -1]
    assert joined.score_P.tolist() == [0.5, 0.25, 0.5, 0.25]
    pairs = _joined_pairs([Pairs(some, yes, np.array([0, 1]), np.array([0, 2]))] * 2)
    assert pairs.first_P.tolist() == [0, 1, 3, 4] and pairs.second_P.tolist() == [0, 2, 3, 5]
    assert pairs.is_same_P.tolist() == [True, False] * 2


def test_faces_with_held_out_identities_need_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="held-out identities to report on already"):
        refuse_folds(DataConfig(image_px=16))


def test_more_parts_than_identities_are_refused(config: RunConfig) -> None:
    with pytest.raises(InputError, match="cross-validation in 12 parts: 12 identities"):
        read_reserve(without_part((config,), 12, 0)[0].data)
