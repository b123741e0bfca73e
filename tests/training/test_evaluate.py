import contextlib
import tracemalloc

import numpy as np
import pytest
import torch
from every_pair import pair_scores
from torch import Tensor, nn

from facesearch.config import RunConfig
from facesearch.data.faces import Faces, FaceSet, load_faces
from facesearch.errors import TrialFailure
from facesearch.metrics.verification import tar_at_far
from facesearch.progress import heard_by
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


def many_strangers(num_faces: int, num_identities: int) -> Faces:
    """Return faces of which all are held out; their pixels are noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_faces, 2, 2, 3)).astype(np.uint8)
    whole = FaceSet(images, np.arange(num_faces), np.arange(num_faces) % num_identities)
    nobody = FaceSet(images, np.empty(0, np.int64), np.empty(0, np.int64))
    return Faces(nobody, whole, nobody, (), "", "")


class Pixels(nn.Module):
    """A network whose embedding is the image."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) * self.factor


def test_validation_holds_neither_all_pairs_nor_tells_of_its_loops() -> None:
    faces, told = many_strangers(6000, 900), []
    tracemalloc.start()
    with heard_by(lambda *what: told.append(what)):
        found = evaluate(Pixels(), nn.Module(), faces, contextlib.nullcontext)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 18 million pairs, of 4 bytes at least
    assert peak < 50e6 and told == []
    vectors = embed(Pixels(), faces.strangers, contextlib.nullcontext, has_mirror=False).numpy()
    expected = tar_at_far(*pair_scores(vectors, faces.strangers.labels_M), 1e-3)
    assert found.metrics["val/tar_at_far_1e-3"] == expected > 0


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
