import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facesearch.metrics import open_set
from facesearch.metrics.evidence import Evidence
from facesearch.metrics.exact import grid_rows, scores
from facesearch.metrics.open_set import (
    OpenSet,
    bootstrap_open_set,
    cross_fitted_accuracy,
    dir_at_fpir,
    fit_rejection_threshold,
    identity_folds,
    is_measurable,
    is_right_with_rejection,
    rejection_accuracy,
    search_open_set,
)
from facesearch.metrics.resampling import draw_weights, unit_numbers


def made_up(seed: int, count: int = 60) -> OpenSet:
    """Return searches with tied scores: half of strangers, and some mates not found."""
    rng = np.random.default_rng(seed)
    identities = np.where(rng.random(count) < 0.5, rng.integers(0, 8, count), -1)
    score = (rng.integers(-8, 20, count) + 4 * (identities >= 0)).astype(np.float32) / 32
    is_right = (identities >= 0) & (rng.random(count) < 0.8)
    other = np.where(is_right, score - np.float32(0.125), score)
    return OpenSet(score, is_right, identities >= 0, other, identities)


def slow_dir(hits: np.ndarray, is_right: np.ndarray, nonmated: np.ndarray, fpir: float) -> float:
    best = 0.0
    for threshold in [-2.0, *nonmated.tolist(), *hits.tolist()]:
        if np.mean([s > threshold for s in nonmated.tolist()]) <= fpir + 1e-12:
            right = [r and s > threshold for s, r in zip(hits.tolist(), is_right, strict=True)]
            best = max(best, float(np.mean(right)))
    return best


@pytest.mark.parametrize("seed", range(3))
def test_searches_equal_a_loop(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facesearch.metrics.identification._GALLERY_AT_A_TIME", 7)
    rng = np.random.default_rng(seed)
    gallery, probes = rng.integers(-2, 3, (30, 3)), rng.integers(-2, 3, (50, 3))
    ids, probe_ids = rng.integers(-1, 8, 30), rng.integers(-1, 12, 50)
    found = search_open_set(gallery, ids, probes, probe_ids)
    for p, row in enumerate(scores(grid_rows(probes), grid_rows(gallery))):
        mates = [s for s, i in zip(row, ids, strict=True) if i == probe_ids[p] >= 0]
        others = [s for s, i in zip(row, ids, strict=True) if i != probe_ids[p] or i < 0]
        assert found.score_P[p] == row.max() and found.nonmate_score_P[p] == max(others)
        assert found.is_mated_P[p] == bool(mates)
        assert found.is_right_P[p] == (bool(mates) and max(mates) > max(others))
    assert found.identities_P.tolist() == probe_ids.tolist()


def test_a_gallery_of_mates_only_has_nobody_else() -> None:
    found = search_open_set(np.eye(2), np.zeros(2), np.eye(2), np.array([0, -1]))
    assert found.nonmate_score_P.tolist() == [-np.inf, 1.0]
    with pytest.raises(ValueError, match="gallery is empty"):
        search_open_set(np.empty((0, 2)), np.empty(0), np.eye(2), np.zeros(2))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fpir", [0.0, 0.05, 0.1, 0.5, 1.0])
def test_dir_equals_a_search_over_all_thresholds(seed: int, fpir: float) -> None:
    searches = made_up(seed)
    mated = searches.is_mated_P
    args = searches.score_P[mated], searches.is_right_P[mated], searches.score_P[~mated]
    rate, threshold = dir_at_fpir(*args, fpir)
    assert rate == pytest.approx(slow_dir(*args, fpir))
    assert np.mean(args[2] > threshold) <= fpir
    assert rate == np.mean(args[1] & (args[0] > threshold))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_dir_rises_with_fpir(seed: int, fpirs: list[float]) -> None:
    s, mated = made_up(seed), made_up(seed).is_mated_P
    rates = [
        dir_at_fpir(s.score_P[mated], s.is_right_P[mated], s.score_P[~mated], fpir)[0]
        for fpir in sorted(fpirs)
    ]
    assert rates == sorted(rates) and 0 <= rates[0] <= rates[-1] <= 1


def test_dir_of_a_missing_kind_is_nan_and_what_can_be_measured() -> None:
    none, some = np.empty(0), np.ones(2)
    assert np.isnan(dir_at_fpir(none, none.astype(bool), some, 0.1)[0])
    assert np.isnan(dir_at_fpir(some, some > 0, none, 0.1)).all()
    assert is_measurable(10, 0.1) and is_measurable(3000, 0.001) and not is_measurable(9, 0.1)


def test_accuracy_with_rejection_wants_mates_above_and_strangers_not() -> None:
    searches = OpenSet(
        score_P=np.array([0.5, 0.6, 0.7, 0.5, 0.6], dtype=np.float32),
        is_right_P=np.array([True, True, False, False, False]),
        is_mated_P=np.array([True, True, True, False, False]),
        nonmate_score_P=np.zeros(5, dtype=np.float32),
        identities_P=np.array([0, 1, 2, -1, -1]),
    )
    assert is_right_with_rejection(searches, 0.5).tolist() == [False, True, False, True, False]
    assert rejection_accuracy(searches, 0.5) == 0.4
    nobody = OpenSet(*[np.empty(0)] * 5)
    assert np.isnan(rejection_accuracy(nobody, 0.5))


@pytest.mark.parametrize("seed", range(8))
def test_no_threshold_is_better_than_the_fitted_one(seed: int) -> None:
    searches = made_up(seed)
    best = max(rejection_accuracy(searches, t) for t in [-2.0, *searches.score_P.tolist()])
    fitted = fit_rejection_threshold(searches)
    assert rejection_accuracy(searches, fitted) == best and fitted not in searches.score_P


@pytest.mark.parametrize("num_folds", [2, 5])
def test_folds_hold_whole_people_and_a_share_of_the_strangers(num_folds: int) -> None:
    searches = made_up(1)
    folds = identity_folds(searches, num_folds, seed=3)
    for identity in range(8):
        assert len(np.unique(folds[searches.identities_P == identity])) <= 1
    strangers = np.bincount(folds[~searches.is_mated_P], minlength=num_folds)
    assert strangers.max() - strangers.min() <= 1
    assert (identity_folds(searches, num_folds, seed=4) != folds).any()


def test_no_probe_is_judged_by_a_threshold_of_its_own_fold() -> None:
    searches = made_up(2)
    folds = identity_folds(searches, 5, seed=0)
    crossed = cross_fitted_accuracy(searches, 5, seed=0).is_right_P
    for fold in range(5):
        here = folds == fold
        others = OpenSet(*(getattr(searches, f)[~here] for f in OpenSet.__dataclass_fields__))
        expected = is_right_with_rejection(searches, fit_rejection_threshold(others))
        assert crossed[here].tolist() == expected[here].tolist()


def test_what_a_fold_looks_like_does_not_move_its_own_threshold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searches, seen = made_up(3), []
    folds = identity_folds(searches, 4, seed=0)
    fit = open_set._fit
    monkeypatch.setattr(open_set, "_fit", lambda s, used: seen.append(used) or fit(s, used))
    cross_fitted_accuracy(searches, 4, seed=0)
    assert [used.tolist() for used in seen] == [(folds != fold).tolist() for fold in range(4)]


def test_too_many_or_too_few_folds_are_refused() -> None:
    for num_folds in (1, 1000):
        with pytest.raises(ValueError, match="num_folds must be in"):
            cross_fitted_accuracy(made_up(0), num_folds, seed=0)


@pytest.mark.parametrize("kind", ["strangers", "mates_left_out"])
def test_the_bootstrap_equals_repeating_the_searches_of_each_draw(kind: str) -> None:
    searches, fpirs = made_up(5), (0.05, 0.1, 0.5, 1.0)
    unit_P, num_units = unit_numbers(searches.identities_P)
    mated, rates = searches.is_mated_P, []
    for weights in draw_weights(num_units, 40, seed=2):
        times = weights[unit_P].astype(int)
        score, right = np.repeat(searches.score_P, times), np.repeat(searches.is_right_P, times)
        is_mated = np.repeat(mated, times)
        left_out = np.repeat(searches.nonmate_score_P, times)
        alarms = score[~is_mated] if kind == "strangers" else left_out
        rates.append([dir_at_fpir(score[is_mated], right[is_mated], alarms, f)[0] for f in fpirs])
    found = bootstrap_open_set(searches, fpirs, kind, num_resamples=40, seed=2)
    alarms = searches.score_P[~mated] if kind == "strangers" else searches.nonmate_score_P
    weighing = [unit_P[mated], unit_P[~mated] if kind == "strangers" else unit_P]
    shares = [np.unique(units, return_counts=True)[1] / len(units) for units in weighing]
    identities = min(1 / float(share @ share) for share in shares)
    for fpir, variance in zip(fpirs, np.var(rates, axis=0, ddof=1), strict=True):
        value, _ = dir_at_fpir(searches.score_P[mated], searches.is_right_P[mated], alarms, fpir)
        assert found[fpir] == pytest.approx(Evidence(variance, identities).interval(value))


def test_an_fpir_of_less_than_one_identity_has_no_interval() -> None:
    searches = made_up(0)
    one = OpenSet(
        *(getattr(searches, f) for f in ("score_P", "is_right_P", "is_mated_P")),
        searches.nonmate_score_P,
        # as many searches without a mate, all of five identities
        np.where(searches.is_mated_P, searches.identities_P, 100 + np.arange(60) % 5),
    )
    assert np.isfinite(bootstrap_open_set(searches, [0.1])[0.1]).all()
    found = bootstrap_open_set(one, [0.1, 0.2])
    assert np.isnan(found[0.1]).all() and np.isfinite(found[0.2]).all()


def test_the_bootstrap_of_a_missing_kind_is_nan_and_of_nonsense_refused() -> None:
    full = made_up(0)
    mated = OpenSet(*(getattr(full, f)[full.is_mated_P] for f in OpenSet.__dataclass_fields__))
    assert np.isnan(bootstrap_open_set(mated, [0.1], num_resamples=5)[0.1]).all()
    assert np.isfinite(
        bootstrap_open_set(mated, [0.2], "mates_left_out", num_resamples=5)[0.2]
    ).all()
    with pytest.raises(ValueError, match="nonmated must be strangers or mates_left_out"):
        bootstrap_open_set(full, [0.1], "friends")
