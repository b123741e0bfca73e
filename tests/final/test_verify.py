from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from models import CONFIG, untrained

from facesearch.config import RunConfig
from facesearch.data.faces import FaceSet
from facesearch.final.figures import Figure, Outcome, Report, read_report
from facesearch.final.model import FaceModel, SetImages, Threshold
from facesearch.final.targets import PairSet, Targets, read_targets
from facesearch.final.verify import verify
from facesearch.metrics.evidence import Evidence
from facesearch.metrics.thresholds import Calibration

DATA = RunConfig.model_validate(
    {**CONFIG, "data": {"image_px": 16, "synthetic": {"num_identities": 40}}}
).data


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def world() -> tuple[FaceModel, Targets]:
    model = untrained(identities=tuple(f"g{n:06d}" for n in range(40)))
    return model, read_targets(DATA, model.identities)


def vectors_of(model: FaceModel, faces: FaceSet | None) -> tuple[np.ndarray, np.ndarray]:
    assert faces is not None
    return unit(model.embed(SetImages(faces)).astype(np.float64)), faces.labels_M


def test_the_figures_are_those_of_a_slow_reference(world: tuple[FaceModel, Targets]) -> None:
    model, targets = world
    frozen, report = verify(model, targets)
    gallery, whose = vectors_of(model, targets.known)
    for name in ("unknown_dev", "unknown_test"):
        probes, labels = vectors_of(model, getattr(targets, name))
        scores = probes @ gallery.T
        best = scores.max(1)
        hits = [whose[row.argmax()] == label for row, label in zip(scores, labels, strict=True)]
        mated = labels >= 0
        found = report.figures[f"{name}/rank1"]
        assert found.value == pytest.approx(np.mean(np.array(hits)[mated]))
        assert found.num_faces == mated.sum()
        limit = frozen.thresholds["rejection"].value
        right = [
            (hit and score > limit) if label >= 0 else score <= limit
            for hit, score, label in zip(hits, best, labels, strict=True)
        ]
        accuracy = report.figures[f"{name}/accuracy_with_rejection"].value
        assert accuracy == pytest.approx(np.mean(right))
        # DIR at FPIR 0.1: the strangers' best score but a tenth of them is the threshold
        strange = np.sort(best[~mated])[::-1]
        at = strange[int(0.1 * len(strange))]
        dir_ = np.mean([h and s > at for h, s, m in zip(hits, best, mated, strict=True) if m])
        assert report.figures[f"{name}/dir_at_fpir_0.1_strangers"].value == pytest.approx(dir_)
    genuine = scores[labels[:, None] == whose[None]]
    impostor = scores[labels[:, None] != whose[None]]
    auc = np.mean([(g > impostor).mean() + (g == impostor).mean() / 2 for g in genuine])
    assert report.figures["unknown_test/auc"].value == pytest.approx(auc, abs=1e-4)


def test_thresholds_come_from_dev_and_are_not_moved_by_test(
    world: tuple[FaceModel, Targets],
) -> None:
    model, targets = world
    frozen, report = verify(model, targets)
    assert {t.fitted_on for t in frozen.thresholds.values()} == {"unknown_dev"}
    assert {t.unit for t in frozen.thresholds.values()} == {"cosine"}
    without_test, _ = verify(model, replace(targets, unknown_test=None))
    assert without_test.thresholds == frozen.thresholds
    # applied, not fitted again
    applied, again = verify(frozen, replace(targets, unknown_dev=None), is_refitted=False)
    assert applied.thresholds == frozen.thresholds
    name = "unknown_test/accuracy_with_rejection"
    assert again.figures[name] == report.figures[name]
    assert "unknown_dev/accuracy_with_rejection_cross_fitted" in report.figures
    assert f"{name}_cross_fitted" not in report.figures


def test_every_figure_has_an_interval_around_it_or_a_note(
    world: tuple[FaceModel, Targets],
) -> None:
    _, report = verify(*world)
    withheld = {name for name, figure in report.figures.items() if np.isnan(figure.low)}
    for name in report.figures.keys() - withheld:
        figure = report.figures[name]
        assert 0 <= figure.low <= figure.value <= figure.high <= 1, name
    # 40 people are fewer than a thousand pairs of them
    assert withheld == {"unknown_dev/tar_at_far_1e-3", "unknown_test/tar_at_far_1e-3"}
    for name in withheld:
        part = name.partition("/")[0]
        assert f"{part}: TAR at a FAR of 1e-3 and less has no interval" in "".join(report.notes)


def test_what_cannot_be_measured_is_said(world: tuple[FaceModel, Targets]) -> None:
    _, report = verify(*world)
    assert "unknown_dev/tar_at_far_1e-2" in report.figures
    assert "unknown_dev/tar_at_far_1e-6" not in report.figures
    assert any("impostor pairs it cannot be measured" in note for note in report.notes)
    assert any("DIR at FPIR 0.01 with strangers is not given" in note for note in report.notes)


def balanced(dev: FaceSet) -> PairSet:
    """All pairs of one person, as many of two, dealt to ten folds."""
    first, second = np.triu_indices(len(dev), 1)
    is_same = (dev.labels_M[first] == dev.labels_M[second]) & (dev.labels_M[first] >= 0)
    rng = np.random.default_rng(0)
    other = rng.choice(np.flatnonzero(~is_same), is_same.sum(), replace=False)
    chosen = rng.permutation(np.concatenate([np.flatnonzero(is_same), other]))
    folds = np.arange(len(chosen)) % 10
    return PairSet(dev, first[chosen], second[chosen], is_same[chosen], folds)


def slow_threshold(scores: np.ndarray, is_same: np.ndarray) -> float:
    """The middle of the widest of the best gaps; of equally wide ones the middle one."""
    values = sorted(set(scores.tolist()))
    gaps = list(zip([-1 - 2**-9, *values], [*values, max(1.0, values[-1])], strict=True))
    right = [int(((scores > low) == is_same).sum()) for low, _ in gaps]
    best = [gap for gap, count in zip(gaps, right, strict=True) if count == max(right)]
    widest = [g for g in best if g[1] - g[0] == max(high - low for low, high in best)]
    low, high = widest[len(widest) // 2]
    return float((low + high) / 2)


def test_a_list_of_pairs_has_its_own_accuracy_and_threshold(
    world: tuple[FaceModel, Targets],
) -> None:
    model, targets = world
    dev = targets.unknown_dev
    assert dev is not None
    pairs = balanced(dev)
    frozen, report = verify(model, Targets(pairs=pairs))
    assert frozen.thresholds["accuracy"].fitted_on == "pairs"
    vectors, _ = vectors_of(model, dev)
    scores = (vectors[pairs.first_P] * vectors[pairs.second_P]).sum(1)
    limit = frozen.thresholds["accuracy"].value
    assert limit == pytest.approx(slow_threshold(scores, pairs.is_same_P), abs=1e-6)
    of_folds = []
    for fold in range(10):
        here = pairs.folds_P == fold
        other = slow_threshold(scores[~here], pairs.is_same_P[~here])
        of_folds.append(np.mean((scores[here] > other) == pairs.is_same_P[here]))
    figure = report.figures["pairs/accuracy"]
    assert len(set(of_folds)) > 1 and figure.value == pytest.approx(np.mean(of_folds))
    assert figure.num_faces == len(scores)
    genuine, impostor = scores[pairs.is_same_P], scores[~pairs.is_same_P]
    auc = np.mean(genuine[:, None] > impostor[None])
    assert report.figures["pairs/auc"].value == pytest.approx(auc, abs=1e-4)
    # the strangers of dev have no name
    nameless = int((dev.labels_M < 0).sum())
    assert any(f"who is on {nameless} of {len(dev)} pictures" in note for note in report.notes)


def test_a_refit_forgets_the_thresholds_of_other_faces(world: tuple[FaceModel, Targets]) -> None:
    model, targets = world
    stale = replace(
        model,
        thresholds={"accuracy": Threshold(0.123, "accuracy", "pairs of others")},
        calibration=Calibration(3.0, 1.0),
    )
    frozen, _ = verify(stale, targets, source="faces-s23")
    assert "accuracy" not in frozen.thresholds and frozen.calibration != stale.calibration
    nothing, _ = verify(stale, Targets(dev=targets.dev))
    assert nothing.thresholds == {} and nothing.calibration is None
    applied, _ = verify(stale, targets, is_refitted=False)
    assert applied.thresholds == stale.thresholds and applied.calibration == stale.calibration


def test_a_threshold_tells_which_faces_it_was_fitted_on(world: tuple[FaceModel, Targets]) -> None:
    model, targets = world
    dev = targets.unknown_dev
    assert dev is not None
    with_pairs = replace(targets, pairs=balanced(dev))
    frozen, report = verify(model, with_pairs, source="faces-s23")
    places = {name: found.fitted_on for name, found in frozen.thresholds.items()}
    assert places.pop("accuracy") == "pairs of faces-s23"
    assert set(places.values()) == {"unknown_dev of faces-s23"} and "rejection" in places
    assert "unknown_dev/accuracy_with_rejection_cross_fitted" in report.figures
    # measured again with thresholds that were fitted elsewhere
    _, again = verify(frozen, with_pairs, is_refitted=False, source="faces-s23")
    assert "unknown_dev/accuracy_with_rejection_cross_fitted" not in again.figures


@pytest.mark.parametrize("has_pairs", [True, False])
def test_a_calibration_error_on_the_very_pairs_says_so(
    world: tuple[FaceModel, Targets], has_pairs: bool
) -> None:
    model, targets = world
    dev = targets.unknown_dev
    assert dev is not None
    frozen, report = verify(model, replace(targets, pairs=balanced(dev) if has_pairs else None))

    def excuses(found: Report) -> dict[str, bool]:
        errors = [note for note in found.notes if "the probability of one person is off" in note]
        return {note.partition(":")[0]: "fitted on these very pairs" in note for note in errors}

    # with a list of pairs the calibration is fitted on that
    assert excuses(report) == {"unknown_dev": not has_pairs, "unknown_test": False}
    _, again = verify(frozen, targets, is_refitted=False)
    assert not any(excuses(again).values()) and len(excuses(again)) == 2


def test_a_rate_that_cannot_be_measured_is_no_figure(world: tuple[FaceModel, Targets]) -> None:
    _, report = verify(*world)
    dirs = {name for name in report.figures if "dir_at_fpir" in name}
    assert dirs == {
        f"{part}/dir_at_fpir_0.1_{kind}"
        for part in ("unknown_dev", "unknown_test")
        for kind in ("strangers", "mates_left_out")
    }


@pytest.mark.parametrize("is_none", [True, False])
def test_without_a_gallery_nobody_is_searched_for(
    world: tuple[FaceModel, Targets], is_none: bool
) -> None:
    model, targets = world
    known = targets.known
    assert known is not None
    empty = FaceSet(known.images_NHWC, known.index_M[:0], known.labels_M[:0])
    frozen, report = verify(model, replace(targets, known=None if is_none else empty))
    assert {name.partition("/")[0] for name in report.figures} == {"dev"}
    assert frozen.thresholds == {}


def test_groups_have_rows_of_their_own(world: tuple[FaceModel, Targets]) -> None:
    model, targets = world
    dev = targets.unknown_dev
    assert dev is not None
    groups = tuple("few" if row < 3 else "ab"[row % 2] for row in range(len(dev)))
    _, report = verify(model, replace(targets, groups=groups))
    rows: list[dict[str, Any]] = report.tables["unknown_dev: by group"]
    assert [row["group"] for row in rows] == ["a", "b"]
    assert sum(row["faces"] for row in rows) == len(dev) - 3
    assert all(0 <= row["fnir"] <= 1 and 0 <= row["fpir"] <= 1 for row in rows)
    assert any("1 groups with fewer than 10 faces" in note for note in report.notes)


def test_a_report_survives_its_file(world: tuple[FaceModel, Targets], tmp_path: Any) -> None:
    _, report = verify(*world)
    (tmp_path / "report.json").write_text(report.as_json())
    assert read_report(tmp_path / "report.json").figures == report.figures


def test_a_figure_of_nothing_but_hits_still_has_a_width() -> None:
    outcome = Outcome(np.ones(20), np.arange(20))
    figure = outcome.figure()
    assert figure.value == figure.high == 1 and 0.7 < figure.low < 1
    assert str(figure) == f"1.000 [{figure.low:.3f}, 1.000] of 20"
    # twenty faces of five people tell no more than five
    of_five = Outcome(np.ones(20), np.arange(20) % 5).figure()
    assert (of_five.low, of_five.high) == pytest.approx(Evidence(0.0, 5.0).interval(1.0))
    missed = Outcome(np.zeros(6), np.array([3, 3, 3, 3, -1, -1])).figure()
    # three persons; one has most of the faces, so they weigh as two
    assert (missed.low, missed.high) == pytest.approx(Evidence(0.0, 36 / 18).interval(0.0))
    assert str(Figure(0.5, np.nan, np.nan, 9)) == "0.500 [no interval] of 9"
    assert "NaN" not in Report({"x": Outcome(np.empty(0), np.empty(0)).figure()}).as_json()
