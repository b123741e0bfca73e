import itertools

import numpy as np
import pytest

from facesearch.metrics.evidence import Evidence
from facesearch.metrics.intervals import (
    Draws,
    bootstrap_pairs,
    far_name,
    mean_interval,
    paired_difference,
    wilson,
)
from facesearch.metrics.resampling import draw_weights
from facesearch.metrics.verification import auc, equal_error_rate, tar_at_far
from facesearch.metrics.weighted_pairs import WeightedPairs


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


def slow_mean(values: np.ndarray, identities: np.ndarray) -> tuple[float, float]:
    """Return the interval from draws of identities, one by one."""
    rng = np.random.default_rng(1)
    faces = [values[identities == identity] for identity in np.unique(identities)]
    means = [
        np.concatenate([faces[i] for i in rng.integers(0, len(faces), len(faces))]).mean()
        for _ in range(4000)
    ]
    return tuple(np.percentile(means, [2.5, 97.5]))


def test_in_mid_range_it_is_about_that_of_drawing_identities_one_by_one() -> None:
    rng = np.random.default_rng(1)
    identities = rng.integers(0, 60, 500)
    values = (rng.random(60)[identities] > rng.random(500)).astype(float)
    assert mean_interval(values, identities) == pytest.approx(
        slow_mean(values, identities), abs=0.015
    )


def test_it_ignores_the_order() -> None:
    rng = np.random.default_rng(2)
    values, identities, order = rng.random(60), rng.integers(-1, 9, 60), rng.permutation(60)
    found = mean_interval(values, identities)
    assert mean_interval(values[order], identities[order]) == pytest.approx(found)


def test_more_variance_is_a_wider_interval() -> None:
    values, identities = np.arange(60) % 4 > 0, np.arange(60)
    low, high = mean_interval(values, identities)
    wider = mean_interval(values, identities, more_variance=0.002)
    assert wider[0] < low - 0.01 and wider[1] > high + 0.01


def test_the_interval_of_nothing_is_nan_and_of_nonsense_refused() -> None:
    assert np.isnan(mean_interval(np.empty(0), np.empty(0))).all()
    with pytest.raises(ValueError, match="3 values"):
        mean_interval(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="outside"):
        mean_interval(np.array([2.0, 0.0]), np.ones(2))


def test_strangers_are_persons_of_their_own() -> None:
    values = np.random.default_rng(0).random(50)
    alone = mean_interval(values, np.arange(50))
    assert mean_interval(values, np.full(50, -1)) == pytest.approx(alone)


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
    assert 0.92 < np.mean(covered) <= 0.99


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


def test_the_interval_of_pairs_is_that_of_the_variance_of_slow_draws() -> None:
    score, same, first, second = crowd(9, people=12)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(40):
        times = np.bincount(rng.integers(0, 12, 12), minlength=12)
        weight = np.where(same, times[first], times[first] * times[second])
        genuine, impostor = (np.repeat(score[kind], weight[kind]) for kind in (same, ~same))
        drawn.append([
            tar_at_far(genuine, impostor, 0.1), equal_error_rate(genuine, impostor),
            auc(genuine, impostor),
        ])  # fmt: skip
    found = bootstrap_pairs(score, same, first, second, [0.1], draws=Draws(num_resamples=40))
    sides = score[same], score[~same]
    values = tar_at_far(*sides, 0.1), equal_error_rate(*sides), auc(*sides)
    for interval, value, variance, event in zip(
        found.values(), values, np.var(drawn, axis=0, ddof=1), (1, 1, 0.5), strict=True
    ):
        assert interval == pytest.approx(Evidence(variance, 12.0, event).interval(value))


def test_perfect_pairs_are_not_certain() -> None:
    """30 mated scores of 0.9 and 30 non-mated ones of 0.1, of 30 identities."""
    score, same = np.repeat([0.9, 0.1], 30), np.repeat([True, False], 30)
    first = np.tile(np.arange(30), 2)
    second = np.where(same, first, (first + 1) % 30)
    found = bootstrap_pairs(score, same, first, second, [0.1])
    for name, end in {"tar_at_far_1e-1": 0, "auc": 0, "eer": 1}.items():
        low, high = found[name]
        reach = 1 - low if end == 0 else high
        assert 0.05 < reach < 0.15


def test_a_far_of_less_than_one_pair_of_identities_has_no_interval() -> None:
    # 45 pairs of identities, though more than 400 of images
    score, same, first, second = crowd(3, people=10)
    found = bootstrap_pairs(score, same, first, second, [0.1, 0.03, 0.02])
    assert np.isfinite(found["tar_at_far_1e-1"]).all()
    assert np.isfinite(found["tar_at_far_3e-2"]).all()
    assert np.isnan(found["tar_at_far_2e-2"]).all() and np.isfinite(found["auc"]).all()


def good_crowd(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of 30 identities, of which some are harder, under a nearly perfect model."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(30), 3)
    noise = 0.5 * np.exp(0.5 * rng.normal(size=30))[ids]
    faces = rng.normal(size=(30, 24))[ids] + noise[:, None] * rng.normal(size=(len(ids), 24))
    faces /= np.linalg.norm(faces, axis=1)[:, None]
    first, second = np.triu_indices(len(ids), 1)
    score = np.einsum("pd,pd->p", faces[first], faces[second])
    return score, ids[first] == ids[second], ids[first], ids[second]


def coverage(ends: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in ends]))


def test_near_the_ceiling_pairs_cover_the_truth_where_percentiles_did_not() -> None:
    many = [good_crowd(seed) for seed in range(1000, 1300)]
    score, same = (np.concatenate([world[part] for world in many]) for part in (0, 1))
    sides = score[same], score[~same]
    truth = {
        "tar_at_far_1e-1": tar_at_far(*sides, 0.1),
        "eer": equal_error_rate(*sides),
        "auc": auc(*sides),
    }
    assert 0.97 < truth["tar_at_far_1e-1"] < 0.98 and 0.985 < truth["auc"] < 0.995
    now: dict[str, list[tuple[float, float]]] = {name: [] for name in truth}
    before: dict[str, list[tuple[float, float]]] = {name: [] for name in truth}
    for seed in range(80):
        found = bootstrap_pairs(*good_crowd(seed), [0.1], draws=Draws(num_resamples=80))
        measure = WeightedPairs.prepare(*good_crowd(seed)).measure()
        drawn = [measure.figures(weights, [0.1]) for weights in draw_weights(30, 80, 0)]
        for name, low, high in zip(truth, *np.percentile(drawn, [2.5, 97.5], axis=0), strict=True):
            now[name].append(found[name])
            before[name].append((low, high))
    for name, value in truth.items():
        assert coverage(before[name], value) < 0.87 < 0.93 <= coverage(now[name], value)


def test_near_the_ceiling_rates_cover_the_truth_where_percentiles_did_not() -> None:
    """40 identities with unequal counts; most never fail, a few fail in half of their images."""
    now, before = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        ids = np.repeat(np.arange(40), rng.integers(1, 9, 40))
        failing = np.where(rng.random(40) < 0.06, 0.5, 0.005)
        values = (rng.random(len(ids)) > failing[ids]).astype(float)
        now.append(mean_interval(values, ids))
        drawn = rng.multinomial(40, np.full(40, 1 / 40), size=200)
        means = (drawn @ np.bincount(ids, values)) / (drawn @ np.bincount(ids))
        before.append(tuple(np.percentile(means, [2.5, 97.5])))
    truth = 1 - (0.06 * 0.5 + 0.94 * 0.005)
    assert coverage(before, truth) < 0.9 < 0.93 <= coverage(now, truth) <= 0.98


@pytest.mark.parametrize("far, name", [(1e-3, "1e-3"), (1e-6, "1e-6"), (0.025, "2.5e-2")])
def test_rates_have_short_names(far: float, name: str) -> None:
    assert far_name(far) == name


def test_a_difference_that_is_none_is_rarely_found() -> None:
    rng, small, covered = np.random.default_rng(0), [], []
    for seed in range(300):
        ids = np.repeat(np.arange(30), 4)
        both = rng.random(30)[ids]
        a, b = (both + rng.random(30)[ids] + rng.random(120) > 1 for _ in range(2))
        found = paired_difference(a, b, ids, num_resamples=100, seed=seed)
        small.append(found.p_value <= 0.05)
        covered.append(found.low <= 0 <= found.high)
    assert np.mean(small) < 0.09 and 0.93 < np.mean(covered) < 0.99


def test_a_difference_that_is_there_is_found_and_turns_with_its_sides() -> None:
    rng = np.random.default_rng(1)
    ids = rng.integers(-1, 40, 200)
    b = 0.7 * rng.random(200)
    a = b + 0.1 + 0.2 * rng.random(200)
    found = paired_difference(a, b, ids)
    assert found.difference == pytest.approx(np.mean(a - b)) and found.p_value == 1 / 1001
    assert 0 < found.low < found.difference < found.high
    turned = paired_difference(b, a, ids)
    assert turned.p_value == found.p_value and turned.low == pytest.approx(-found.high)


def test_the_difference_of_single_faces_is_bonett_and_prices() -> None:
    # 200 faces of as many identities: 30 change one way, 12 the other
    a, b = np.ones(200), np.ones(200)
    b[:30], a[30:42] = 0, 0
    found = paired_difference(a, b, np.arange(200))
    up, down = 31 / 202, 13 / 202
    reach = 1.96 * np.sqrt((up + down - (up - down) ** 2) / 202)
    assert (found.low, found.high) == pytest.approx(
        (up - down - reach, up - down + reach), abs=2e-3
    )


def test_models_that_agree_on_few_identities_may_still_differ() -> None:
    few, many = (
        paired_difference(np.ones(2 * count), np.ones(2 * count), np.arange(2 * count) // 2)
        for count in (20, 500)
    )
    assert few.difference == 0 and few.p_value == 1 and few.low == -few.high
    assert 0.05 < few.high < 0.2 and 0.002 < many.high < 0.01
    one = paired_difference(np.ones(4), np.zeros(4), np.zeros(4, dtype=int))
    assert (one.difference, one.low, one.high) == (1, -1, 1)


def test_the_p_value_of_few_identities_is_that_of_all_flips() -> None:
    change = np.array([0.9, 0.6, 0.3, -0.15])
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
    with pytest.raises(ValueError, match="3 values, but 2 identities"):
        paired_difference(np.ones(3), np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="at least 1"):
        paired_difference(np.ones(3), np.ones(3), np.ones(3), num_resamples=0)
