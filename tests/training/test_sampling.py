import hashlib
from collections import Counter
from typing import Any

import numpy as np
import pytest

from facesearch.config.optim import SAMPLINGS as CATALOGUE
from facesearch.training import sampling
from facesearch.training.sampling import SAMPLINGS, balanced, identities, shuffled

# 3 people with 40 faces, 5 with 12, 1 with a single one
LABELS = np.repeat(np.arange(9), [40, 40, 40, 12, 12, 12, 12, 12, 1])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_catalogue_names_what_is_built() -> None:
    assert ["auto", *SAMPLINGS] == list(CATALOGUE)


@pytest.mark.parametrize("name", SAMPLINGS)
def test_a_sampling_is_fixed_by_its_seed_and_fills_every_batch(name: str) -> None:
    one, two, three = (SAMPLINGS[name](LABELS, 16, 4, rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one, two) and not np.array_equal(one, three)
    assert one.shape == (len(LABELS) // 16, 16)
    assert one.min() >= 0 and one.max() < len(LABELS)


def test_shuffled_takes_every_face_once_at_most() -> None:
    batches = shuffled(LABELS, 16, 4, rng())
    assert len(set(batches.flatten())) == batches.size


def test_balanced_takes_every_identity_as_often() -> None:
    batches = balanced(LABELS, 16, 4, rng())
    counts = Counter(LABELS[batches.flatten()].tolist())
    assert len(counts) == 9 and max(counts.values()) - min(counts.values()) <= 1
    faces = Counter(batches[np.isin(LABELS[batches], range(3, 8))].tolist())
    assert max(faces.values()) - min(faces.values()) <= 1


def test_identities_gives_p_persons_with_k_faces() -> None:
    for batch in identities(LABELS, 16, 4, rng()):
        counts = Counter(LABELS[batch].tolist())
        assert set(counts.values()) == {4} and len(counts) == 4
        for person in counts:
            faces = set(batch[LABELS[batch] == person].tolist())
            assert len(faces) == (1 if person == 8 else 4)


def test_identities_come_about_as_often_as_any_other() -> None:
    batches = np.concatenate([identities(LABELS, 16, 4, rng(seed)) for seed in range(8)])
    counts = Counter(LABELS[batches[:, ::4].flatten()].tolist())
    assert max(counts.values()) <= 1.4 * min(counts.values())


@pytest.mark.parametrize(("each", "batch"), [(2, 4), (3, 6), (1, 2)])
def test_a_batch_has_two_people_however_few_faces_there_are(each: int, batch: int) -> None:
    labels = np.repeat([0, 1], each)
    for faces in identities(labels, batch, 8, rng()):
        assert set(labels[faces]) == {0, 1} and len(faces) == batch


def test_few_people_make_a_smaller_batch() -> None:
    assert identities(np.repeat([0, 1, 2], 10), 32, 4, rng()).shape == (2, 12)


def test_who_waits_is_looked_up_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(values: Any) -> set[int]:
        made.append(len(values))
        return set(values)

    monkeypatch.setattr(sampling, "set", counted, raising=False)
    batches = identities(np.repeat(np.arange(500), 5), 64, 4, rng())
    # 39 batches of 16 identities of 500: the queue is filled twice
    assert batches.shape == (39, 64) and made == [0, 4]


def test_batches_of_identities_are_those_of_every_version() -> None:
    """A training that is resumed must go on with the batches that it would have had."""
    batches = identities(LABELS, 16, 4, rng())
    assert batches[:3, ::4].tolist() == [
        [124, 179, 0, 166],
        [180, 144, 42, 97],
        [138, 150, 123, 65],
    ]
    assert hashlib.sha256(batches.astype("<i8").tobytes()).hexdigest()[:16] == "41424fba45aba6cf"
