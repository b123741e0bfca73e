import numpy as np
import pytest
import torch

from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.errors import TrialFailure
from facesearch.training.evaluate import closed_set_top1, embed, evaluate, predict
from facesearch.training.fit import Training


def test_evaluation_changes_nothing_and_is_repeatable(small_config: RunConfig) -> None:
    training = Training(small_config, load_faces(small_config.data))
    before = {k: v.clone() for k, v in training.network.state_dict().items()}
    network, head = training.network, training.head
    first = evaluate(network, head, training.faces, training.autocast)
    assert first == evaluate(network, head, training.faces, training.autocast)
    assert first.hits is not None
    hits, probes = first.hits
    faces = np.bincount(training.faces.strangers.labels_M)
    assert probes == (faces - 1).tolist()  # one of each is in the gallery
    assert sum(hits) / sum(probes) == first.metrics["val/rank1"]
    assert all(0 <= hit <= asked for hit, asked in zip(hits, probes, strict=True))
    assert all(torch.equal(v, before[k]) for k, v in training.network.state_dict().items())


def test_the_batch_size_does_not_matter(small_config: RunConfig) -> None:
    training = Training(small_config, load_faces(small_config.data))
    args = (training.network, training.faces.train, training.autocast)
    one = embed(*args, has_mirror=True, batch_size=5)
    torch.testing.assert_close(one, embed(*args, has_mirror=True), atol=3e-2, rtol=3e-2)


def test_embeddings_beyond_all_numbers_end_the_trial(small_config: RunConfig) -> None:
    training = Training(small_config, load_faces(small_config.data))
    with torch.no_grad():
        training.network.embedding.weight[0, 0] = torch.inf
    with pytest.raises(TrialFailure, match="not every embedding") as caught:
        evaluate(training.network, training.head, training.faces, training.autocast)
    assert caught.value.outcome == "diverged"


def test_top1_counts_the_right_ones() -> None:
    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def scores(self, embeddings: torch.Tensor) -> torch.Tensor:
            return embeddings

    vectors = torch.eye(4)
    assert predict(Head(), vectors, batch_size=3).tolist() == [0, 1, 2, 3]
    assert closed_set_top1(Head(), vectors, np.array([0, 1, 0, 0])) == 0.5
