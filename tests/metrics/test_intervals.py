import itertools

import numpy as np
import pytest

from facesearch.metrics import intervals
from facesearch.metrics.intervals import (
    Draws,
    bootstrap_by_identity,
    bootstrap_pairs,
    far_name,
    paired_difference,
    wilson,
)
from facesearch.metrics.verification import auc, equal_error_rate, tar_at_far


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


def test_the_bootstrap_is_the_same_however_many_draws_are_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    values, identities = rng.random(60), rng.integers(-1, 9, 60)
    found = bootstrap_by_identity(values, identities, num_resamples=101)
    for at_once in (1, 70, 1000):
        monkeypatch.setattr(intervals, "_DRAWN_AT_A_TIME", at_once)
        again = bootstrap_by_identity(values, identities, num_resamples=101)
        assert again == pytest.approx(found, rel=1e-12)


def test_the_bootstrap_of_nothing_is_nan_and_of_nonsense_refused() -> None:
    assert np.isnan(bootstrap_by_identity(np.empty(0), np.empty(0))).all()
    with pytest.raises(ValueError, match="3 values"):
        bootstrap_by_identity(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="at least 1"):
        bootstrap_by_identity(np.ones(3), np.ones(3), num_resamples=0)


def test_strangers_are_persons_of_their_own() -> None:
    values = np.random.default_rng(0).normal(size=50)
    alone = bootstrap_by_identity(values, np.arange(50))
    assert bootstrap_by_identity(values, np.full(50, -1)) == pytest.approx(alone)


def crowd(seed: int, people: int = 25) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs of faces of people who are alike in their own ways."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(people), 3)
    faces = rng.normal(size=(people, 8))[ids] + rng.normal(size=(len(ids), 8))
    faces /= np.linalg.norm(faces, axis=1)[:, None]
    first, second = np.triu_indices(len(ids), 1)
    score = np.einsum("pd,pd->p", faces[first], faces[second])
    return score, ids[first] == ids[second], ids[first], ids[second]


def test_intervals_of_pairs_cover_the_truth_about_as_often_as_they_say() -> None:
    truth = np.mean([auc(c[0][c[1]], c[0][~c[1]]) for c in map(crowd, range(1000, 1300))])
    covered = []
    for seed in range(150):
        low, high = bootstrap_pairs(*crowd(seed), [0.1], draws=Draws(num_resamples=100))["auc"]
        covered.append(low <= truth <= high)
    # 25 people are few, so the percentiles fall a little short of 95 %
    assert 0.86 < np.mean(covered) <= 1


def test_intervals_of_pairs_hold_the_figure_and_repeat_with_the_seed() -> None:
    score, same, first, second = crowd(7, people=40)
    found = bootstrap_pairs(score, same, first, second, [0.1, 0.01])
    assert list(found) == ["tar_at_far_1e-1", "tar_at_far_1e-2", "eer", "auc"]
    for name, value in {
        "tar_at_far_1e-1": tar_at_far(score[same], score[~same], 0.1),
        "eer": equal_error_rate(score[same], score[~same]),
        "auc": auc(score[same], score[~same]),
    }.items():
        assert 0 <= found[name][0] < value < found[name][1] <= 1
    order = np.random.default_rng(0).permutation(len(score))
    again = bootstrap_pairs(*(column[order] for column in crowd(7, people=40)), [0.1, 0.01])
    np.testing.assert_allclose(list(again.values()), list(found.values()))
    other = bootstrap_pairs(score, same, first, second, [0.1], draws=Draws(seed=1))
    assert other["auc"] != found["auc"]


def test_intervals_of_thinned_pairs_are_about_the_same() -> None:
    pairs = crowd(8, people=40)
    full, thin = (
        bootstrap_pairs(*pairs, [0.01], draws=Draws(num_resamples=400, max_pairs=size))
        for size in (10**6, 2500)
    )
    for name, interval in full.items():
        assert thin[name] == pytest.approx(interval, abs=0.03)


def test_intervals_of_a_missing_kind_are_nan_and_of_nonsense_refused() -> None:
    pairs = [np.ones(3), np.ones(3, dtype=bool), np.zeros(3), np.zeros(3)]
    found = bootstrap_pairs(*pairs, [0.1], draws=Draws(num_resamples=3))
    assert np.isnan(list(found.values())).all()
    with pytest.raises(ValueError, match="at least 1"):
        bootstrap_pairs(*pairs, [0.1], draws=Draws(num_resamples=0))


@pytest.mark.parametrize("far, name", [(1e-3, "1e-3"), (1e-6, "1e-6"), (0.025, "2.5e-2")])
def test_rates_have_short_names(far: float, name: str) -> None:
    assert far_name(far) == name


def test_a_difference_that_is_none_is_rarely_found() -> None:
    rng, small, covered = np.random.default_rng(0), [], []
    for seed in range(300):
        ids = np.repeat(np.arange(30), 4)
        both = rng.normal(size=30)[ids]
        a, b = both + rng.normal(size=30)[ids], both + rng.normal(size=30)[ids]
        found = paired_difference(a, b, ids, num_resamples=100, seed=seed)
        small.append(found.p_value <= 0.05)
        covered.append(found.low <= 0 <= found.high)
    assert np.mean(small) < 0.09 and np.mean(covered) > 0.88


def test_a_difference_that_is_there_is_found_and_turns_with_its_sides() -> None:
    rng = np.random.default_rng(1)
    ids = rng.integers(-1, 40, 200)
    b = rng.random(200)
    a = b + 0.1 + 0.2 * rng.random(200)
    found = paired_difference(a, b, ids)
    assert found.difference == pytest.approx(np.mean(a - b)) and found.p_value == 1 / 1001
    assert 0 < found.low < found.difference < found.high
    turned = paired_difference(b, a, ids)
    assert turned.p_value == found.p_value and turned.low == pytest.approx(-found.high)


def test_the_p_value_of_few_identities_is_that_of_all_flips() -> None:
    change = np.array([3.0, 2.0, 1.0, -0.5])
    flips = [change @ signs for signs in itertools.product([1, -1], repeat=4)]
    expected = np.mean([abs(flip) >= change.sum() - 1e-12 for flip in flips])
    found = paired_difference(change, np.zeros(4), np.arange(4), num_resamples=20_000)
    assert found.p_value == pytest.approx(expected, abs=0.01)
    assert paired_difference(change, change, np.arange(4)).p_value == 1.0


def test_a_difference_of_nothing_is_nan_and_of_nonsense_refused() -> None:
    nothing = paired_difference(np.empty(0), np.empty(0), np.empty(0))
    assert np.isnan([nothing.difference, nothing.low, nothing.high, nothing.p_value]).all()
    with pytest.raises(ValueError, match="3 values of A, but 2 of B"):
        paired_difference(np.ones(3), np.ones(2), np.ones(3))
