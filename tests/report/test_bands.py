import numpy as np
import pytest
from searches import some_search

from facesearch.final.figures import Report
from facesearch.final.one_to_one import report_pairs
from facesearch.final.open_set import report_open_set, report_search
from facesearch.metrics.evidence import Evidence
from facesearch.metrics.intervals import Draws, bootstrap_pairs, far_name
from facesearch.metrics.resampling import draw_weights
from facesearch.metrics.verification import tar_at_far
from facesearch.report.bands import cmc_band, dir_band, is_mark, rates, roc_band

SEARCH = some_search()


def assert_same_ends(found: object, expected: object) -> None:
    """Compare ends exactly; both are NaN where an interval is withheld."""
    np.testing.assert_array_equal(np.array(found, float), np.array(expected, float))


def test_every_point_of_the_roc_is_the_tar_of_all_pairs() -> None:
    pairs, band = SEARCH.scores.pairs, roc_band(SEARCH.scores)
    for far, tar in zip(band.x.tolist(), band.value.tolist(), strict=True):
        assert tar == tar_at_far(pairs.genuine, pairs.impostor, far)
    # one impostor is the least that can be measured
    assert band.x[0] * len(pairs.impostor) >= 1 and band.x[0] < 1.3 / len(pairs.impostor)
    assert len(pairs.impostor) == SEARCH.scores.ranks.num_impostors
    assert (np.diff(band.value) >= 0).all()


def test_the_band_holds_the_curve_and_is_the_interval_of_the_figures() -> None:
    pairs, band = SEARCH.scores.pairs, roc_band(SEARCH.scores)
    given = np.isfinite(band.low)
    assert (band.low <= band.value)[given].all() and (band.value <= band.high)[given].all()
    # none of a FAR of less than one pair of people
    people = np.sort(np.stack([pairs.first_P, pairs.second_P])[:, ~pairs.is_same_P], axis=0)
    known = len(np.unique(people, axis=1).T)
    assert (given == (band.x * known >= 1 - 1e-9)).all() and not given.all()
    report = Report()
    report_pairs("unknown_dev", SEARCH.scores.ranks, pairs, report)
    marks = [row for row in band.rows("far", "tar") if is_mark(row["far"])]  # type: ignore[arg-type]
    assert [row["far"] for row in marks] == [0.001, 0.01, 0.1]
    for row in marks:
        figure = report.figures[f"unknown_dev/tar_at_far_{far_name(row['far'])}"]  # type: ignore[arg-type]
        assert figure.value == row["tar"]
        assert_same_ends((figure.low, figure.high), (row["low"], row["high"]))
    alone = bootstrap_pairs(
        pairs.scores_P, pairs.is_same_P, pairs.first_P, pairs.second_P, [0.025], draws=Draws()
    )["tar_at_far_2.5e-2"]
    at = band.x.tolist().index(0.025)
    assert alone == (band.low[at], band.high[at])


def test_the_band_is_that_of_a_slow_bootstrap() -> None:
    search = some_search(people=12, strangers=3, each=3)
    pairs, band = search.scores.pairs, roc_band(search.scores)
    people = np.unique(np.concatenate([pairs.first_P, pairs.second_P]))
    far, tars = 0.1, []
    for weights in draw_weights(len(people), 300, 0):
        weight = dict(zip(people.tolist(), weights.tolist(), strict=True))
        genuine: list[float] = []
        impostor: list[float] = []
        for row in range(len(pairs.scores_P)):
            one, two = weight[int(pairs.first_P[row])], weight[int(pairs.second_P[row])]
            times = one if pairs.is_same_P[row] else one * two
            scores = genuine if pairs.is_same_P[row] else impostor
            scores += [float(pairs.scores_P[row])] * int(times)
        tars.append(tar_at_far(np.array(genuine), np.array(impostor), far))
    at = band.x.tolist().index(far)
    whose = pairs.first_P[pairs.is_same_P]
    shares = np.unique(whose, return_counts=True)[1] / len(whose)
    evidence = Evidence(float(np.nanvar(tars, ddof=1)), 1 / float(shares @ shares))
    expected = evidence.interval(float(band.value[at]))
    assert (band.low[at], band.high[at]) == pytest.approx(expected)


def test_cmc_and_its_band_are_those_of_the_report() -> None:
    report, band = Report(), cmc_band(SEARCH)
    gallery, probes = SEARCH.gallery, SEARCH.probes
    report_search("x", gallery.rows_ND, gallery.faces, probes.rows_ND, probes.faces, report)
    for k in (1, 5, 10):
        figure, at = report.figures[f"x/rank{k}"], band.x.tolist().index(k)
        assert (figure.value, figure.low, figure.high) == (
            band.value[at], band.low[at], band.high[at],
        )  # fmt: skip
    assert (np.diff(band.value) >= 0).all() and band.x.max() < 30


@pytest.mark.parametrize("kind", ["strangers", "mates_left_out"])
def test_dir_and_its_band_are_those_of_the_report(kind: str) -> None:
    report, band = Report(), dir_band(SEARCH, kind)
    report_open_set("x", SEARCH.searches, report)
    assert band is not None
    marked = {row["fpir"]: row for row in band.rows("fpir", "dir", marks_only=True)}
    figures = {name: f for name, f in report.figures.items() if name.endswith(kind)}
    assert figures and len(figures) == len(marked)
    for name, figure in figures.items():
        row = marked[float(name.removeprefix("x/dir_at_fpir_").removesuffix(f"_{kind}"))]
        assert row["dir"] == figure.value
        assert_same_ends((row["low"], row["high"]), (figure.low, figure.high))


def test_without_strangers_there_is_no_band_of_them() -> None:
    search = some_search(strangers=0)
    assert dir_band(search, "strangers") is None
    assert dir_band(search, "mates_left_out") is not None


def test_rejects_are_what_accepts_miss() -> None:
    band = roc_band(SEARCH.scores)
    mirrored = band.mirrored()
    assert np.allclose(mirrored.value, 1 - band.value)
    assert np.allclose(mirrored.low, 1 - band.high, equal_nan=True)
    assert np.allclose(mirrored.high, 1 - band.low, equal_nan=True)


def test_rates_have_the_same_points_in_every_decade() -> None:
    found = rates(1e-4)
    assert found[0] == 1e-4 and found[-1] == 0.8 and len(found) == 40
    assert [rate for rate in found if is_mark(rate)] == [1e-4, 1e-3, 1e-2, 1e-1]
    assert len({far_name(rate) for rate in rates(0)}) == len(rates(0))
