from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from facesearch.data.faces import FaceSet
from facesearch.final import one_to_one
from facesearch.final.figures import Report
from facesearch.final.one_to_one import cross_pairs, people_of, report_list
from facesearch.final.targets import PairSet
from facesearch.metrics.exact import grid_rows, scores
from facesearch.metrics.intervals import wilson
from facesearch.metrics.thresholds import ten_fold_accuracy


def faces(labels: list[int]) -> FaceSet:
    return FaceSet(np.zeros((len(labels), 2, 2, 3), np.uint8), np.arange(len(labels)), labels)


def a_list(count: int = 200, seed: int = 0) -> tuple[PairSet, np.ndarray]:
    """Return pairs of ten folds, as many equal as others, and overlapping scores."""
    rng = np.random.default_rng(seed)
    is_same = np.arange(count) % 2 == 0
    score = (0.2 * is_same + rng.normal(0, 0.1, count)).astype(np.float32)
    first, second = np.arange(count), np.arange(count) + count
    folds = np.arange(count) * 10 // count
    return PairSet(faces([-1] * 2 * count), first, second, is_same, folds), score


@pytest.mark.parametrize("most", [10**6, 40])
def test_cross_pairs_equal_a_loop_whatever_the_tiles(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    gallery, probes = rng.normal(size=(23, 4)), rng.normal(size=(17, 4))
    ids, asked = rng.integers(0, 6, 23), rng.integers(-1, 8, 17)
    monkeypatch.setattr(one_to_one, "_MOST_PAIRS", most)
    step = -(-23 * 17 // most)
    own = np.where(asked >= 0, asked, max(ids.max(), asked.max()) + 1 + np.arange(17))
    table = scores(grid_rows(probes), grid_rows(gallery))
    expected = sorted(
        (table[p, g], own[p] == ids[g], own[p], ids[g])
        for p in range(17)
        for g in range(23)
        if own[p] == ids[g] or (p + g) % step == 0
    )
    for size in (1000, 5):
        monkeypatch.setattr("facesearch.metrics.identification._PROBES_AT_A_TIME", size)
        monkeypatch.setattr("facesearch.metrics.identification._GALLERY_AT_A_TIME", size + 2)
        found = cross_pairs(gallery, ids, probes, asked)
        columns = (found.scores_P, found.is_same_P, found.first_P, found.second_P)
        assert sorted(zip(*columns, strict=True)) == expected


def test_no_gallery_or_no_probes_make_no_pairs() -> None:
    nothing, none = np.empty((0, 3)), np.empty(0, dtype=np.int64)
    for sides in (
        (nothing, none, np.eye(3), np.arange(3)),
        (np.eye(3), np.arange(3), nothing, none),
        (nothing, none, nothing, none),
    ):
        pairs = cross_pairs(*sides)
        assert len(pairs.genuine) == len(pairs.impostor) == len(pairs.first_P) == 0


def test_people_are_joined_by_labels_and_by_pairs_of_one_person() -> None:
    # 0 and 1 by their label, 1 and 2 by a pair, 3 and 4 by a pair; 5 and 6 are alone
    pairs = PairSet(
        faces=replace(faces([7] * 7), labels_M=np.array([4, 4, -1, -1, -1, -1, 9])),
        first_P=np.array([1, 3, 5, 0]),
        second_P=np.array([2, 4, 6, 6]),
        is_same_P=np.array([True, True, False, False]),
        folds_P=np.zeros(4, dtype=int),
    )
    person = people_of(pairs).tolist()
    assert person[0] == person[1] == person[2] and person[3] == person[4]
    assert len({person[0], person[3], person[5], person[6]}) == 4


def test_the_interval_of_the_folds_is_students() -> None:
    pairs, score = a_list()
    report = Report()
    report_list(pairs, score, report)
    accuracy = ten_fold_accuracy(score, pairs.is_same_P, pairs.folds_P)
    assert len(np.unique(pairs.folds_P)) == 10 and accuracy.std() > 0
    low, high = stats.t.interval(0.95, 9, accuracy.mean(), stats.sem(accuracy))
    figure = report.figures["pairs/accuracy"]
    assert (figure.low, figure.high) == (pytest.approx(low), pytest.approx(high))
    assert figure.value == pytest.approx(accuracy.mean()) and figure.num_faces == 200


def test_a_list_of_nothing_but_hits_still_has_a_width() -> None:
    pairs, _ = a_list(20)
    report = Report()
    report_list(pairs, np.where(pairs.is_same_P, 0.9, 0.1).astype(np.float32), report)
    figure = report.figures["pairs/accuracy"]
    assert (figure.value, figure.low, figure.high) == (1.0, *wilson(20, 20))


def test_each_list_has_an_accuracy_with_folds_of_its_own() -> None:
    (one, score), (other, others) = a_list(seed=1), a_list(seed=2)
    others = others + np.float32(0.4)  # other pictures, another threshold
    both = replace(
        one,
        is_same_P=np.concatenate([one.is_same_P, other.is_same_P]),
        folds_P=np.concatenate([one.folds_P, other.folds_P]),
        lists=("lfw",) * 200 + ("age/db 30",) * 200,
    )
    report = Report()
    report_list(both, np.concatenate([score, others]), report)
    assert set(report.figures) == {"pairs/lfw/accuracy", "pairs/age_db_30/accuracy"}
    for name, part, its in (("lfw", one, score), ("age_db_30", other, others)):
        alone = Report()
        report_list(part, its, alone)
        assert report.figures[f"pairs/{name}/accuracy"] == alone.figures["pairs/accuracy"]
    assert any("of all 2 lists together" in note for note in report.notes)


def test_a_list_of_one_kind_is_not_measured() -> None:
    pairs, score = a_list()
    report = Report()
    report_list(replace(pairs, is_same_P=np.ones(200, dtype=bool)), score, report)
    assert report.figures == {} and "one kind of pairs only" in report.notes[0]
