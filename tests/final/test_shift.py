from dataclasses import replace

import numpy as np
import pytest
from models import CONFIG, untrained

from facesearch.config import RunConfig
from facesearch.final.shift import SHIFTS, accuracy_by_shift, shifted
from facesearch.final.targets import Targets, read_targets


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (2, 0), (-3, 1), (0, 4), (5, -5)])
def test_a_shift_moves_each_pixel_and_repeats_the_edge(rows: int, columns: int) -> None:
    images = np.arange(2 * 6 * 6 * 3, dtype=np.uint8).reshape(2, 6, 6, 3)
    moved = shifted(images, rows, columns)
    for row in range(6):
        for column in range(6):
            source = min(max(row - rows, 0), 5), min(max(column - columns, 0), 5)
            np.testing.assert_array_equal(moved[:, row, column], images[:, source[0], source[1]])


def test_a_row_is_the_mean_of_four_directions() -> None:
    data = RunConfig.model_validate(CONFIG).data
    model = untrained(views="plain")
    targets = read_targets(data, model.identities)
    rows = accuracy_by_shift(model, targets)
    assert [row["shift"] for row in rows] == list(SHIFTS)
    dev, asked, known = targets.dev, targets.unknown_dev, targets.known
    assert dev is not None and asked is not None and known is not None
    gallery = model.embed(known.images_NHWC[known.index_M])
    mated = asked.labels_M >= 0
    for row in rows[1::2]:
        pixels = round(row["shift"] * 16)
        top1, rank1 = [], []
        for down, right in ((0, pixels), (0, -pixels), (pixels, 0), (-pixels, 0)):
            images = shifted(dev.images_NHWC[dev.index_M], down, right)
            top1.append(np.mean(model.classify(images)[0][:, 0] == dev.labels_M))
            images = shifted(asked.images_NHWC[asked.index_M], down, right)
            best = (model.embed(images) @ gallery.T).argmax(1)
            rank1.append(np.mean((known.labels_M[best] == asked.labels_M)[mated]))
        assert row["dev/top1"] == pytest.approx(np.mean(top1))
        assert row["unknown_dev/rank1"] == pytest.approx(np.mean(rank1))


def test_without_a_labelled_set_there_is_nothing_to_tell() -> None:
    assert accuracy_by_shift(untrained(), Targets()) == []


def test_probes_of_whom_nobody_is_in_the_gallery_have_no_curve() -> None:
    model = untrained(views="plain")
    targets = read_targets(RunConfig.model_validate(CONFIG).data, model.identities)
    assert targets.known is not None and targets.unknown_dev is not None
    alone = replace(targets.unknown_dev, labels_M=targets.unknown_dev.labels_M + 100)
    rows = accuracy_by_shift(model, replace(targets, unknown_dev=alone))
    assert {name for row in rows for name in row} == {"shift", "dev/top1"}
