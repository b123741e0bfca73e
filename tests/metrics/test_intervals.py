import numpy as np
import pytest

from facesearch.metrics.intervals import bootstrap_by_identity, wilson


def test_a_published_interval() -> None:
    # 200 queries at 0.715, the example of the course: about 6.3 points either side
    low, high = wilson(143, 200)
    assert (low, high) == (pytest.approx(0.649, abs=1e-3), pytest.approx(0.773, abs=1e-3))


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = [
        low <= 0.1 <= high
        for low, high in (wilson(int(k), 80) for k in rng.binomial(80, 0.1, 4000))
    ]
    assert 0.93 < np.mean(covered) < 0.975


def test_it_stays_inside() -> None:
    assert wilson(0, 10)[0] == 0.0 and wilson(10, 10)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_bootstrap_of_single_faces_is_that_of_the_mean() -> None:
    values = np.random.default_rng(0).normal(2.0, 1.0, 400)
    low, high = bootstrap_by_identity(values, np.arange(400), num_resamples=4000)
    spread = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - spread, abs=0.01)
    assert high == pytest.approx(values.mean() + spread, abs=0.01)


def test_repeated_faces_of_an_identity_add_no_certainty() -> None:
    values = np.random.default_rng(0).normal(size=50)
    once = bootstrap_by_identity(values, np.arange(50))
    tenfold = bootstrap_by_identity(np.repeat(values, 10), np.repeat(np.arange(50), 10))
    assert tenfold == pytest.approx(once)


def test_the_bootstrap_equals_drawing_identities_one_by_one() -> None:
    rng = np.random.default_rng(1)
    identities = rng.integers(0, 15, 120)
    values = (rng.random(15)[identities] > rng.random(120)).astype(float)
    faces = [values[identities == identity] for identity in np.unique(identities)]
    means = [
        np.concatenate([faces[i] for i in rng.integers(0, len(faces), len(faces))]).mean()
        for _ in range(4000)
    ]
    found = bootstrap_by_identity(values, identities, num_resamples=4000)
    assert found == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])), abs=0.02)


def test_the_bootstrap_is_the_same_for_a_seed_and_ignores_the_order() -> None:
    rng = np.random.default_rng(2)
    values, identities, order = rng.random(60), rng.integers(0, 9, 60), rng.permutation(60)
    found = bootstrap_by_identity(values, identities, seed=3)
    assert bootstrap_by_identity(values[order], identities[order], seed=3) == pytest.approx(found)
    assert bootstrap_by_identity(values, identities, seed=4) != found


def test_the_bootstrap_of_nothing_is_nan_and_of_nonsense_refused() -> None:
    assert np.isnan(bootstrap_by_identity(np.empty(0), np.empty(0))).all()
    with pytest.raises(ValueError, match="3 values"):
        bootstrap_by_identity(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="at least 1"):
        bootstrap_by_identity(np.ones(3), np.ones(3), num_resamples=0)
