import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from faces_on_disk import hw2p2, people
from models import IDENTITIES, untrained

from facesearch.cli.compare import compare as command
from facesearch.data.layouts import FaceList
from facesearch.errors import InputError
from facesearch.final import compare as module
from facesearch.final.bundle import save_bundle
from facesearch.final.compare import (
    BETTER,
    INCOMPARABLE,
    UNDECIDED,
    WORSE,
    Comparison,
    Contender,
    Difference,
    compare,
    targets_of_both,
)
from facesearch.final.figures import Outcome
from facesearch.final.leaks import DIGESTS, training_digests
from facesearch.final.model import FaceModel
from facesearch.final.targets import Targets, read_targets

PEOPLE = tuple(f"n00000{n}" for n in range(5))


def sized(image_px: int, **changes: Any) -> FaceModel:
    model = untrained(**changes)
    data = model.config.data.model_copy(update={"image_px": image_px})
    return replace(model, config=model.config.model_copy(update={"data": data}))


def difference(name: str, low: float, high: float, p_value: float = 0.01) -> Difference:
    return Difference(name, 0.5, 0.5, (low + high) / 2, low, high, p_value, 100)


def test_a_model_does_not_differ_from_itself() -> None:
    model = untrained()
    targets = read_targets(model.config.data, IDENTITIES)
    found = compare(model, model, targets)
    assert [d.name for d in found.differences] == [
        "dev/top1", "unknown_dev/rank1", "unknown_test/rank1",
    ]  # fmt: skip
    for one in found.differences:
        assert (one.difference, one.p_value) == (0, 1)
        # few faces that agree do not show that others would
        assert one.low == -one.high < 0
        assert one.value_a == one.value_b and one.num_faces > 0
    assert found.verdict == UNDECIDED and found.notes == []


def test_only_faces_that_one_gets_right_count(monkeypatch: pytest.MonkeyPatch) -> None:
    identities = np.arange(40) // 2
    right_a, right_b = np.ones(40), np.ones(40)
    right_b[:16] = 0  # eight people, both faces
    outcomes = {8: right_a, 16: right_b}
    monkeypatch.setattr(
        module, "outcomes_of",
        lambda model, targets: {"dev/top1": Outcome(outcomes[model.embedding_dim], identities)},
    )  # fmt: skip
    found = compare(untrained(1), untrained(2), Targets())
    (one,) = found.differences
    assert one.difference == pytest.approx(0.4) and 0 < one.low < 0.4 < one.high
    assert one.p_value == pytest.approx(2 / 2**8, abs=0.01)
    assert one.verdict == found.verdict == BETTER
    back = compare(untrained(2), untrained(1), Targets())
    assert back.differences[0].difference == pytest.approx(-0.4) and back.verdict == WORSE


@pytest.mark.parametrize(
    ("low", "high", "p_value", "verdict"),
    [
        (0.01, 0.1, 0.01, BETTER),
        (-0.1, -0.01, 0.01, WORSE),
        (0.0, 0.1, 0.01, UNDECIDED),
        (-0.1, 0.1, 0.01, UNDECIDED),
        (0.01, 0.1, 0.2, UNDECIDED),  # four people, all to one side: so is every eighth coin
        (float("nan"), float("nan"), float("nan"), UNDECIDED),
    ],
)
def test_what_counts_as_a_difference(low: float, high: float, p_value: float, verdict: str) -> None:
    assert difference("dev/top1", low, high, p_value).verdict == verdict


def test_strangers_decide_and_no_other_figure_may_be_worse() -> None:
    better, worse = difference("unknown_dev/rank1", 0.1, 0.2), difference("dev/top1", -0.2, -0.1)
    unsure = difference("dev/top1", -0.1, 0.1)
    assert Comparison([unsure, better]).verdict == BETTER
    spoilt = Comparison([worse, better])
    assert spoilt.main == better and spoilt.verdict == UNDECIDED
    assert "but worse in dev/top1: 0.500 - 0.500 = -0.150 [-0.200, -0.100]" in spoilt.reason
    assert Comparison([worse]).verdict == WORSE
    test = difference("unknown_test/rank1", -0.1, 0.2)
    # no threshold was fitted on these, so they decide where they are labelled
    both = Comparison([better, test])
    assert both.main == test and both.verdict == UNDECIDED
    assert Comparison([difference("unknown_test/rank1", 0.1, 0.2)]).verdict == BETTER
    other = Comparison([difference("pairs/accuracy", 0.1, 0.2)])
    assert other.verdict == UNDECIDED and "neither has a figure that decides" in other.reason


def test_nothing_in_common_is_no_equality() -> None:
    empty = Comparison([])
    assert empty.verdict == INCOMPARABLE and "nothing could be compared" in empty.reason
    model = untrained()
    targets = read_targets(model.config.data, IDENTITIES)
    found = compare(model, untrained(identities=PEOPLE), Targets(dev=targets.dev))
    assert found.verdict == INCOMPARABLE
    assert "different people" in found.notes[0] and "nothing could be compared" in found.notes[1]


def test_models_of_two_sizes_see_the_same_faces(tmp_path: Path) -> None:
    a, b = sized(16, identities=PEOPLE), sized(24, identities=PEOPLE)
    shared = targets_of_both(Contender(a), Contender(b), str(hw2p2(tmp_path)))
    first, second = shared.of_each
    for part in ("dev", "known", "unknown_dev"):
        of_a, of_b = getattr(first, part), getattr(second, part)
        assert of_a.images_NHWC.shape[1:3] == (16, 16) and of_b.images_NHWC.shape[1:3] == (24, 24)
        np.testing.assert_array_equal(of_a.index_M, of_b.index_M)
        np.testing.assert_array_equal(of_a.labels_M, of_b.labels_M)
    assert len(compare(a, b, first, second).differences) == 2
    with pytest.raises(InputError, match="known is of 16 px, but the model takes 24"):
        compare(a, b, replace(first, dev=None))


def test_labels_of_other_people_are_not_compared(tmp_path: Path) -> None:
    a, b = untrained(identities=PEOPLE), untrained(identities=PEOPLE[::-1])
    shared = targets_of_both(Contender(a), Contender(b), str(hw2p2(tmp_path)))
    found = compare(a, b, *shared.of_each)
    assert [d.name for d in found.differences] == ["unknown_dev/rank1"]
    assert found.notes == ["dev/top1 is left out: the models were trained on different people."]


def test_generated_people_of_another_seed_are_other_people() -> None:
    a, b = untrained(), untrained()
    other = b.config.data.synthetic.model_copy(update={"seed": 7})
    data = b.config.data.model_copy(update={"synthetic": other})
    b = replace(b, config=b.config.model_copy(update={"data": data}))
    shared = targets_of_both(Contender(a), Contender(b))
    assert [t.dev for t in shared.of_each] == [None, None]
    assert "other generated people" in shared.notes[0]


def test_what_one_was_trained_on_is_left_out_for_both(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    seen = next(root.rglob("unknown_dev/1.jpg"))
    model = untrained(identities=PEOPLE)
    cheat = Contender(model, training_digests(FaceList((seen,), ("x",))))
    shared = targets_of_both(Contender(model), cheat, str(root))
    for targets in shared.of_each:
        assert targets.unknown_dev is not None
        assert targets.unknown_dev.index_M.tolist() == [0, 2]
    assert any("model B: LEAK: 1 picture of unknown_dev" in note for note in shared.notes)


def test_any_folder_is_asked_about_without_what_either_was_trained_on(tmp_path: Path) -> None:
    root = people(tmp_path, [f"p{number:02d}" for number in range(12)])
    model = untrained(identities=PEOPLE)
    seen = [FaceList((path,), ("x",)) for path in sorted(root.glob("*/*_0001.jpg"))[:4]]
    halves = [b"".join(map(training_digests, half)) for half in (seen[:2], seen[2:])]
    shared = targets_of_both(*(Contender(model, half) for half in halves), str(root))
    assert shared.notes[0].startswith("LEAK: 4 of 36 images are also in training")
    assert "seed 0" in shared.notes[1] and len(shared.notes) == 2
    for targets in shared.of_each:
        assert targets.known is not None and targets.unknown_dev is not None
        assert len(targets.known) + len(targets.unknown_dev) == 32
    (found,) = compare(model, model, *shared.of_each).differences
    assert found.name == "unknown_dev/rank1" and found.difference == 0


def test_a_gallery_of_which_nothing_is_left_is_none(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    model, known = untrained(identities=PEOPLE), tuple(root.glob("verification/known/*/*"))
    cheat = Contender(model, training_digests(FaceList(known, ("x",) * len(known))))
    shared = targets_of_both(Contender(model), cheat, str(root))
    assert [targets.known for targets in shared.of_each] == [None, None]
    found = compare(model, model, *shared.of_each)
    assert [one.name for one in found.differences] == ["dev/top1"]


def test_who_lost_the_gallery_image_is_asked_about_by_neither(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    model, known = untrained(identities=PEOPLE), root / "verification/known/n100001/0.jpg"
    cheat = Contender(model, training_digests(FaceList((known,), ("x",))))
    for targets in targets_of_both(Contender(model), cheat, str(root)).of_each:
        assert targets.unknown_dev is not None
        assert targets.unknown_dev.index_M.tolist() == [0, 2]


def test_other_faces_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whose = iter([np.arange(4), np.arange(4)[::-1]])
    monkeypatch.setattr(
        module, "outcomes_of", lambda *_: {"dev/top1": Outcome(np.ones(4), next(whose))}
    )
    with pytest.raises(InputError, match="not asked about the same faces"):
        compare(untrained(), untrained(), Targets())


def test_the_command(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "faces")
    seen = next(root.rglob("unknown_dev/1.jpg"))
    digests = training_digests(FaceList((seen,), ("x",)))
    for name, extra in (("a", {}), ("b", {DIGESTS: digests})):
        save_bundle(tmp_path / name, untrained(identities=PEOPLE), extra)
    words = [str(tmp_path / "a"), str(tmp_path / "b"), "--data", str(root)]
    done = CliRunner().invoke(command, [*words, "--json"], catch_exceptions=False)
    told = json.loads(done.output)
    assert told["verdict"] == UNDECIDED
    assert [row["name"] for row in told["differences"]] == ["dev/top1", "unknown_dev/rank1"]
    assert told["differences"][1]["num_faces"] == 2  # of three
    done = CliRunner().invoke(command, words, catch_exceptions=False)
    assert "A is: no difference shown" in done.output and "note: model B: LEAK" in done.output


def test_what_is_no_number_is_null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nan = float("nan")
    monkeypatch.setattr(
        module, "compare", lambda *_: Comparison([difference("dev/top1", nan, nan, nan)])
    )
    save_bundle(tmp_path / "a", untrained())
    words = [str(tmp_path / "a"), str(tmp_path / "a"), "--json"]
    done = CliRunner().invoke(command, words, catch_exceptions=False)
    (row,) = json.loads(done.stdout, parse_constant=pytest.fail)["differences"]
    assert (row["low"], row["p_value"], row["value_a"]) == (None, None, 0.5)


def test_what_is_kept_of_a_comparison_names_no_file_that_is_passed_over(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    (root / "verification/known/n100000/holiday.heic").write_bytes(b"x")
    model = Contender(untrained(identities=PEOPLE))
    shared = targets_of_both(model, model, str(root))
    assert "holiday.heic" in shared.left_out[0].lines()[0]
    assert "passed over: 1 file" in shared.notes[-1] and "holiday" not in "".join(shared.notes)
