import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from facesearch.metrics.evidence import Evidence, effective_count, of_mean


def slow_square(parts: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Return the sum of products of all pairs of pairs that share an identity."""
    total = 0.0
    for i in range(len(parts)):
        for j in range(len(parts)):
            if {int(first[i]), int(second[i])} & {int(first[j]), int(second[j])}:
                total += float(parts[i] * parts[j])
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_variance_of_pairs_is_that_of_all_which_share_an_identity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 12, (2, 60))
    lucky = rng.random(12) < 0.7  # whose pairs succeed together
    values, weights = (lucky[first] & lucky[second]).astype(float), rng.random(60)
    weights /= weights.sum()
    found = of_mean(values, first, second, weights)
    residuals = weights * (values - weights @ values)
    assert found.variance == pytest.approx(12 / 11 * slow_square(residuals, first, second))
    assert found.identities == pytest.approx(1 / slow_square(weights, first, second))


@pytest.mark.parametrize("seed", range(4))
def test_the_variance_of_faces_is_that_of_their_identities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.integers(-3, 9, 80)
    values = (rng.random(12)[ids] > 0.5).astype(float)
    own = np.where(ids < 0, 100 + np.arange(80), ids)
    count = len(np.unique(own))
    expected = slow_square((values - values.mean()) / 80, own, own) * count / (count - 1)
    found = of_mean(values, ids)
    assert found.variance == pytest.approx(expected)
    assert found.identities == pytest.approx(
        80**2 / sum(np.unique(own, return_counts=True)[1] ** 2)
    )


def test_faces_are_never_surer_than_if_they_were_strangers() -> None:
    # each identity has one hit and one miss, so that identities do not differ at all
    values, ids = np.tile([1.0, 0.0], 20), np.repeat(np.arange(20), 2)
    assert of_mean(values, ids).variance == pytest.approx(20 / 19 * 0.25 / 40)


def test_a_rate_of_single_faces_has_about_as_many_trials_as_faces() -> None:
    values = (np.arange(400) < 240).astype(float)
    found = of_mean(values, np.arange(400))
    assert found.trials(0.6) == pytest.approx(400, rel=0.02)
    # Student's t of few identities makes them fewer
    few = of_mean(values[200:260], np.arange(60)).trials(40 / 60)
    assert few == pytest.approx(
        60 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 59)) ** 2, rel=0.02
    )
    exact = stats.binomtest(240, 400).proportion_ci(method="exact")
    assert found.interval(0.6) == pytest.approx((exact.low, exact.high), abs=0.003)


def test_repeated_faces_of_an_identity_add_no_certainty() -> None:
    values = (np.random.default_rng(0).random(50) < 0.8).astype(float)
    once = of_mean(values, np.arange(50))
    tenfold = of_mean(np.repeat(values, 10), np.repeat(np.arange(50), 10))
    assert tenfold.interval(values.mean()) == pytest.approx(once.interval(values.mean()))


@pytest.mark.parametrize("count", [5, 30, 300])
def test_without_an_error_each_identity_is_one_trial(count: int) -> None:
    values, ids = np.ones(4 * count), np.repeat(np.arange(count), 4)
    low, high = of_mean(values, ids).interval(1.0)
    assert high == 1.0 and low == pytest.approx(0.025 ** (1 / count))
    assert of_mean(1 - values, ids).interval(0.0) == pytest.approx((0.0, 1 - low))


def test_small_errors_seen_make_a_near_perfect_figure_surer_and_an_auc_more_so() -> None:
    none = Evidence(0.0, 30.0).interval(1.0)[0]
    small = Evidence(0.001**2, 30.0).interval(0.995)[0]
    whole = Evidence(0.005**2, 30.0).interval(0.995)[0]
    assert none < whole < small < 0.995
    assert Evidence(0.001**2, 30.0, event=0.5).interval(0.995)[0] > small


@settings(deadline=None, max_examples=200)
@given(
    st.floats(0, 1), st.floats(0, 0.25), st.floats(1, 1e5), st.sampled_from([0.5, 1.0])
)  # fmt: skip
def test_an_interval_holds_its_value_and_mirrors(
    value: float, variance: float, identities: float, event: float
) -> None:
    found = Evidence(variance, identities, event)
    low, high = found.interval(value)
    assert 0 <= low <= value <= high <= 1 and low < high
    # 1 - value itself may be rounded
    if value == 1 - (1 - value):
        assert found.interval(1 - value) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_more_variance_is_never_a_narrower_interval() -> None:
    for value in (0.5, 0.9, 0.99):
        widths = [
            high - low
            for low, high in (
                Evidence(v, 40.0).interval(value) for v in np.geomspace(1e-8, 0.05, 40)
            )
        ]
        assert (np.diff(widths) > -1e-12).all()


def test_one_identity_says_nothing_of_others() -> None:
    assert of_mean(np.ones(9), np.zeros(9, dtype=int)).interval(1.0) == (0.0, 1.0)
    # nor do two, if one has nearly all of the faces
    assert of_mean(np.ones(99), np.arange(99) // 98).interval(1.0) == (0.0, 1.0)


def test_nothing_is_nan_and_nonsense_refused() -> None:
    assert np.isnan(of_mean(np.empty(0), np.empty(0, dtype=int)).interval(float("nan"))).all()
    assert np.isnan(Evidence(float("nan"), 5.0).interval(0.5)).all()
    with pytest.raises(ValueError, match="3 values, but 2 and 2 identities"):
        of_mean(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        of_mean(np.array([0.5, 1.5]), np.arange(2))
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        of_mean(np.array([0.5, np.nan]), np.arange(2))


def test_unequal_counts_weigh_as_fewer_identities() -> None:
    assert effective_count(np.repeat(np.arange(8), 5)) == pytest.approx(8)
    assert effective_count(np.repeat([3, 9], [9, 1])) == pytest.approx(100 / 82)
    assert effective_count(np.empty(0, dtype=int)) == 0


@pytest.mark.parametrize("count", [10, 30, 100, 300])
def test_where_whole_identities_fail_it_holds_at_every_rate(count: int) -> None:
    """The worst that can be: identities of which all faces fail, or none. No simulation."""
    ends = np.array([
        of_mean((np.arange(count) >= errors).astype(float), np.arange(count)).interval(
            1 - errors / count
        )
        for errors in range(count + 1)
    ])  # fmt: skip
    rates = np.linspace(0.05, 6, 60) / count
    covered = [
        stats.binom.pmf(np.arange(count + 1), count, rate)
        @ ((ends[:, 0] <= 1 - rate) & (1 - rate <= ends[:, 1]))
        for rate in rates
    ]
    assert min(covered) > 0.925 and np.mean(covered) < 0.99
