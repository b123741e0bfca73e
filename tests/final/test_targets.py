import numpy as np

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
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
