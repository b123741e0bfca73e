import numpy as np
import pytest

from facesearch.metrics.verification import auc, equal_error_rate, tar_at_far
from facesearch.metrics.weighted_pairs import WeightedPairs

FARS = (0.0, 0.01, 0.1, 0.5, 1.0)


def pair_list(seed: int, people: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return tied scores of all pairs of faces, whether they are same, and both identities."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(people), 3) * 10
    first, second = np.triu_indices(len(ids), 1)
    is_same = ids[first] == ids[second]
    score = (rng.integers(-4, 9, len(first)) + 3 * is_same) / 12
    return score, is_same, ids[first], ids[second]


def figures(pairs: WeightedPairs, weights: np.ndarray) -> list[float]:
    return pairs.measure().figures(weights, FARS)


@pytest.mark.parametrize("seed", range(5))
def test_weights_are_repeats_of_identities(seed: int) -> None:
    score, same, first, second = pair_list(seed)
    weights = np.random.default_rng(seed).integers(0, 3, 12).astype(np.float64)
    times = np.where(same, weights[first // 10], weights[first // 10] * weights[second // 10])
    genuine = np.repeat(score[same], times[same].astype(int))
    impostor = np.repeat(score[~same], times[~same].astype(int))
    expected = [tar_at_far(genuine, impostor, far) for far in FARS]
    expected += [equal_error_rate(genuine, impostor), auc(genuine, impostor)]
    found = figures(WeightedPairs.prepare(score, same, first, second), weights)
    assert found == pytest.approx(expected)


def test_no_weight_is_no_figure() -> None:
    pairs = WeightedPairs.prepare(*pair_list(0))
    assert np.isnan(figures(pairs, np.zeros(12))).all()
    one = np.zeros(12)
    one[4] = 12  # one person alone has no impostors
    assert np.isnan(figures(pairs, one)).all()


def test_thinning_keeps_genuine_pairs_and_the_highest_impostors() -> None:
    pairs = WeightedPairs.prepare(*pair_list(1, people=40))
    thin = pairs.thinned(2000, seed=0)
    assert len(thin.impostor_I) == 2000 - len(pairs.genuine_G)
    assert thin.stands_for_I.sum() == pytest.approx(len(pairs.impostor_I))
    top = len(thin.impostor_I) // 2
    assert (thin.impostor_I[-top:] == pairs.impostor_I[-top:]).all()
    assert (np.diff(thin.impostor_I) >= 0).all() and (thin.stands_for_I[-top:] == 1).all()
    weights = np.ones(40)
    exact, found = figures(pairs, weights), figures(thin, weights)
    assert found[:3] == pytest.approx(exact[:3]) and found[3:] == pytest.approx(exact[3:], abs=0.03)
    assert pairs.thinned(10**6, seed=0) is pairs
    assert len(pairs.thinned(20, seed=0).genuine_G) == len(pairs.genuine_G)


def test_it_knows_how_many_identities_weigh_and_how_many_meet() -> None:
    pairs = WeightedPairs.prepare(*pair_list(0, people=9))
    assert pairs.num_identity_pairs() == 36  # whichever comes first
    assert pairs.effective_identities() == pytest.approx(9)
    # ten genuine pairs, but impostors of two identities only
    first, second = np.append(np.arange(10), [0, 1, 0]), np.append(np.arange(10), [1, 0, 1])
    few = WeightedPairs.prepare(np.zeros(13), first == second, first, second)
    assert few.num_identity_pairs() == 1 and few.effective_identities() == pytest.approx(2)
    nothing = WeightedPairs.prepare(*(np.empty(0, dtype=kind) for kind in (float, bool, int, int)))
    assert nothing.effective_identities() == 0


def test_nonsense_is_refused() -> None:
    score, same, first, second = pair_list(0)
    with pytest.raises(ValueError, match="differ in length"):
        WeightedPairs.prepare(score[:-1], same, first, second)
    with pytest.raises(ValueError, match="a number of its own"):
        WeightedPairs.prepare(score, same, np.where(same, first, -1), second)
    with pytest.raises(ValueError, match="one person has two identities"):
        WeightedPairs.prepare(score, ~same, first, second)
