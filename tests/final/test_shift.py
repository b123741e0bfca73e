import numpy as np
import pytest
from models import CONFIG, untrained

from facesearch.config import RunConfig
from facesearch.final.shift import SHIFTS, accuracy_by_shift, shifted
from facesearch.final.targets import read_targets


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (2, 0), (-3, 1), (0, 4), (5, -5)])
def test_a_shift_moves_each_pixel_and_repeats_the_edge(rows: int, columns: int) -> None:
    images = np.arange(2 * 6 * 6 * 3, dtype=np.uint8).reshape(2, 6, 6, 3)
    moved = shifted(images, rows, columns)
    for row in range(6):
        for column in range(6):
            source = min(max(row - rows, 0), 5), min(max(column - columns, 0), 5)
            np.testing.assert_array_equal(moved[:, row, column], images[:, source[0], source[1]])


def test_there_is_a_row_a_shift_for_each_labelled_set() -> None:
    data = RunConfig.model_validate(CONFIG).data
    model = untrained()
    rows = accuracy_by_shift(model, read_targets(data, model.identities))
    assert [row["shift"] for row in rows] == list(SHIFTS)
    for row in rows:
        assert 0 <= row["dev/top1"] <= 1 and 0 <= row["unknown_dev/rank1"] <= 1
