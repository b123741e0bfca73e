from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from facesearch.data.faces import FaceSet
from facesearch.final import one_to_one
from facesearch.final.figures import Report
from facesearch.final.one_to_one import (
    cross_pairs,
    people_of,
    rank_embeddings,
    report_list,
    report_pairs,
)
from facesearch.final.targets import PairSet
from facesearch.metrics.evidence import Evidence
from facesearch.metrics.exact import grid_rows, scores
from facesearch.metrics.thresholds import ten_fold_accuracy


def faces(labels: list[int]) -> FaceSet:
    return FaceSet(
        np.zeros((len(labels), 2, 2, 3), np.uint8), np.arange(len(labels)), np.array(labels)
    )


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


def test_the_interval_of_the_folds_is_about_students_where_nothing_is_shared() -> None:
    # Student's has only as many degrees of freedom as folds, and so is wider
    pairs, score = a_list(2000)
    report = Report()
    report_list(pairs, score, report)
    accuracy = ten_fold_accuracy(score, pairs.is_same_P, pairs.folds_P)
    assert len(np.unique(pairs.folds_P)) == 10 and accuracy.std() > 0
    low, high = stats.t.interval(0.95, 9, accuracy.mean(), stats.sem(accuracy))
    figure = report.figures["pairs/accuracy"]
    assert (figure.low, figure.high) == (
        pytest.approx(low, abs=0.015),
        pytest.approx(high, abs=0.015),
    )
    assert figure.value == pytest.approx(accuracy.mean()) and figure.num_faces == 2000


def test_pairs_of_few_people_are_less_sure() -> None:
    pairs, score = a_list(200)
    # each picture shown by five pairs next to each other
    few = replace(
        pairs, first_P=np.arange(200) // 10 * 2 + np.arange(200) % 2, second_P=pairs.second_P
    )
    reports = Report(), Report()
    report_list(pairs, score, reports[0])
    report_list(few, score, reports[1])
    alone, shared = (report.figures["pairs/accuracy"] for report in reports)
    assert alone.value == shared.value
    assert shared.high - shared.low > alone.high - alone.low


def test_the_folds_weigh_alike_however_many_pairs_they_have() -> None:
    pairs, score = a_list(400)
    uneven = replace(pairs, folds_P=np.sqrt(np.arange(400) / 4).astype(int) // 2)
    report = Report()
    report_list(uneven, score, report)
    accuracy = ten_fold_accuracy(score, uneven.is_same_P, uneven.folds_P)
    figure = report.figures["pairs/accuracy"]
    assert figure.value == accuracy.mean() and figure.low < figure.value < figure.high


def test_a_list_of_nothing_but_hits_still_has_a_width() -> None:
    pairs, _ = a_list(20)
    report = Report()
    report_list(pairs, np.where(pairs.is_same_P, 0.9, 0.1).astype(np.float32), report)
    figure = report.figures["pairs/accuracy"]
    # each pair is of people of its own
    assert (figure.value, figure.high) == (1.0, 1.0)
    assert figure.low == pytest.approx(Evidence(0.0, 20.0).interval(1.0)[0])


def test_a_far_of_too_few_people_has_no_interval_and_a_note_says_so() -> None:
    rng = np.random.default_rng(0)
    faces_ND, people = rng.normal(size=(60, 8)), np.arange(60) % 6
    ranks = rank_embeddings(faces_ND, people, faces_ND + 0.1, people)
    report = Report()
    report_pairs("few", ranks, cross_pairs(faces_ND, people, faces_ND + 0.1, people), report)
    assert np.isfinite(report.figures["few/tar_at_far_1e-1"].low)
    # 15 pairs of people make 3,000 impostor pairs
    for far in ("1e-2", "1e-3"):
        figure = report.figures[f"few/tar_at_far_{far}"]
        assert np.isfinite(figure.value) and np.isnan(figure.low) and np.isnan(figure.high)
    (note,) = (note for note in report.notes if "no interval" in note)
    assert note.startswith("few: TAR at a FAR of 1e-2 and less has no interval: it needs 100 ")


def test_an_interval_of_a_sample_holds_the_figure_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    faces_ND, people = rng.normal(size=(80, 8)), np.arange(80) % 20
    monkeypatch.setattr(one_to_one, "_MOST_PAIRS", 700)
    ranks = rank_embeddings(faces_ND, people, faces_ND + 0.3, people)
    report = Report()
    report_pairs("x", ranks, cross_pairs(faces_ND, people, faces_ND + 0.3, people), report)
    figures = [f for f in report.figures.values() if np.isfinite(f.low)]
    assert len(figures) >= 3 and all(0 <= f.low <= f.value <= f.high <= 1 for f in figures)
    assert report.figures["x/auc"].value == ranks.auc()


def test_each_list_has_an_accuracy_with_folds_of_its_own() -> None:
    (one, score), (other, others) = a_list(seed=1), a_list(seed=2)
    others = others + np.float32(0.4)  # other pictures, another threshold
    both = replace(
        one,
        faces=faces([-1] * 800),
        first_P=np.concatenate([one.first_P, other.first_P + 400]),
        second_P=np.concatenate([one.second_P, other.second_P + 400]),
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
