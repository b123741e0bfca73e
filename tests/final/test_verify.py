from pathlib import Path

import numpy as np
import pytest

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.final.bundle import Model, load_bundle, save_bundle
from facesearch.final.targets import read_targets
from facesearch.final.verify import fraction, verify
from facesearch.training.evaluate import embed, predict
from facesearch.training.fit import Training


def test_a_fraction_has_its_interval_and_its_count() -> None:
    figure = fraction(np.array([True] * 143 + [False] * 57))
    assert figure.value == pytest.approx(0.715) and figure.num_faces == 200
    assert str(figure) == "0.715 [0.649, 0.773] of 200"


@pytest.mark.parametrize("ema_decay", [0.0, 0.95])
def test_the_figures_are_those_of_the_model_that_is_saved(
    small_config: RunConfig, tmp_path: Path, ema_decay: float
) -> None:
    optim = small_config.optim.model_copy(update={"ema_decay": ema_decay})
    config = small_config.model_copy(update={"optim": optim})
    faces = load_all_faces(config.data)
    training, targets = Training(config, faces), read_targets(config.data, faces.identities)
    for _ in training.epochs():
        pass
    figures = verify(training, targets, tmp_path)
    save_bundle(tmp_path, Model(training.best_network, training.head, config, faces.identities))
    model = load_bundle(tmp_path)
    assert targets.dev is not None
    vectors = embed(model.network, targets.dev, training.autocast, has_mirror=True)
    right = (predict(model.head, vectors) == targets.dev.labels_M).mean()  # type: ignore[arg-type]
    assert figures["dev/top1"].value == pytest.approx(right)
