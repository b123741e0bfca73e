import numpy as np
import pytest
from models import CONFIG, untrained

from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.final.curse import score_on_unseen
from facesearch.final.finalists import Finalist
from facesearch.final.model import SetImages
from facesearch.final.targets import Targets, read_targets

CONFIG_30 = RunConfig.model_validate(
    {**CONFIG, "data": {"image_px": 16, "synthetic": {"num_identities": 30}}}
)
FINALIST = Finalist("run", "trial", CONFIG_30, {"val/rank1": 0.9}, 2, 12)


def test_it_is_the_mean_over_galleries_as_small_as_in_the_search() -> None:
    model = untrained(2)
    targets = read_targets(CONFIG_30.data, model.identities)
    figure = score_on_unseen(model, FINALIST, targets)
    assert figure is not None
    people = len(set(load_faces(CONFIG_30.data).strangers.labels_M))
    assert targets.known is not None and targets.unknown_dev is not None
    alone = model.only(0)
    gallery = alone.embed(SetImages(targets.known), "plain")
    probes = alone.embed(SetImages(targets.unknown_dev), "plain")
    labels = targets.unknown_dev.labels_M
    ids = np.unique(labels[labels >= 0])
    # with so few people in the gallery, a probe is right if nobody drawn beside its mate is nearer
    right = []
    for probe, label in zip(probes, labels, strict=True):
        if label >= 0:
            scores = gallery @ probe
            nearer = sum(scores[i] > scores[label] for i in ids if i != label)
            free = len(ids) - 1
            chance = 1.0
            for place in range(people - 1):
                chance *= max(0, free - nearer - place) / (free - place)
            right.append(chance)
    assert figure.value == pytest.approx(np.mean(right), abs=0.03)
    assert figure.low <= figure.value <= figure.high


def test_without_strangers_nothing_is_said() -> None:
    assert score_on_unseen(untrained(), FINALIST, Targets()) is None
