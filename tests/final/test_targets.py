from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2

from facesearch.config import DataConfig, RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import InputError
from facesearch.final.targets import read_targets


def test_generated_targets_are_new_pictures_and_new_people(small_config: RunConfig) -> None:
    faces = load_all_faces(small_config.data)
    targets = read_targets(small_config.data, faces.identities)
    assert targets.dev is not None and targets.known is not None
    seen = {image.tobytes() for image in faces.train.images_NHWC}
    for group in (targets.dev, targets.known):
        assert not any(group.images_NHWC[i].tobytes() in seen for i in group.index_M)
    assert set(targets.dev.labels_M) == set(range(8))
    assert np.array_equal(targets.known.labels_M, np.arange(8))


def test_the_layout_of_the_config_is_the_one_of_the_targets(tmp_path: Path) -> None:
    data = DataConfig(root=str(hw2p2(tmp_path)), image_px=16)
    targets = read_targets(data, tuple(f"n00000{n}" for n in range(5)))
    assert targets.dev is not None and targets.unknown_dev is not None
    assert targets.unknown_dev.labels_M.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=r"no faces\. Expected"):
        read_targets(data.model_copy(update={"layout": "identity-folders"}), ())
