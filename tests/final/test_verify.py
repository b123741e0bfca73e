from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from models import CONFIG, untrained

from facesearch.config import RunConfig
from facesearch.data.faces import FaceSet
from facesearch.final.figures import Outcome, Report, read_report
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.targets import PairSet, Targets, read_targets
from facesearch.final.verify import verify

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


def test_every_figure_has_an_interval_around_it(world: tuple[FaceModel, Targets]) -> None:
    _, report = verify(*world)
    for name, figure in report.figures.items():
        assert 0 <= figure.low <= figure.high <= 1, name
        assert figure.low - 0.02 <= figure.value <= figure.high + 0.02, name


def test_what_cannot_be_measured_is_said(world: tuple[FaceModel, Targets]) -> None:
    _, report = verify(*world)
    assert "unknown_dev/tar_at_far_1e-2" in report.figures
    assert "unknown_dev/tar_at_far_1e-6" not in report.figures
    assert any("impostor pairs it cannot be measured" in note for note in report.notes)
    assert any("DIR at FPIR 0.01 with strangers is not given" in note for note in report.notes)


def test_a_list_of_pairs_has_its_own_accuracy_and_threshold(
    world: tuple[FaceModel, Targets],
) -> None:
    model, targets = world
    dev = targets.unknown_dev
    assert dev is not None
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, len(dev), (2, 400))
    is_same = (dev.labels_M[first] == dev.labels_M[second]) & (dev.labels_M[first] >= 0)
    pairs = PairSet(dev, first, second, is_same, np.arange(400) % 10)
    frozen, report = verify(model, Targets(pairs=pairs))
    assert frozen.thresholds["accuracy"].fitted_on == "pairs"
    vectors, _ = vectors_of(model, dev)
    scores = (vectors[first] * vectors[second]).sum(1)
    limit = frozen.thresholds["accuracy"].value
    fitted = np.mean((scores > limit) == is_same)
    # the threshold of other folds cannot be better than the best one by more than chance
    assert report.figures["pairs/accuracy"].value <= fitted + 0.02
    assert report.figures["pairs/accuracy"].num_faces == 400


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
    assert "NaN" not in Report({"x": Outcome(np.empty(0), np.empty(0)).figure()}).as_json()
