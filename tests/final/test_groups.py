"""Groups of people, from the files on the disk to the tables of the report."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2, people, picture
from models import untrained

from facesearch.config import DataConfig
from facesearch.data.layouts import read_layout
from facesearch.errors import InputError
from facesearch.final.figures import Report
from facesearch.final.groups import report_closed_groups
from facesearch.final.leaks import find_leaks, training_digests
from facesearch.final.model import SetImages
from facesearch.final.outcomes import Labelled
from facesearch.final.targets import Targets, read_targets
from facesearch.final.verify import verify

NAMES = "abcdef"


def targets_of(root: Path, identities: tuple[str, ...] = ()) -> Targets:
    return read_targets(DataConfig(root=str(root), image_px=16), identities)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """People of two groups, e and f of none, and pairs of pictures that nobody trains on."""
    root = people(tmp_path)
    rows = [f"{name},{'xy'[name > 'b']}" for name in "abcd"]
    (root / "groups.csv").write_text("\n".join(["identity,group", *rows]))
    files = []
    for number, name in enumerate(NAMES):
        for place in range(6):
            picture(root / name / "later" / f"{place}.jpg", 50_000 + 100 * number + place)
            files.append((name, f"{name}/later/{place}.jpg"))
    lines = [
        f"{one},{other},{int(whose == whom)}"
        for (whose, one), (whom, other) in itertools.combinations(files, 2)
    ]
    (root / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *lines]))
    return root


def test_pairs_of_a_group_have_their_own_error_rates(root: Path) -> None:
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), tuple(NAMES), folder)
    assert not len(leaks.pairs) and leaks.shared_names == {"pairs": tuple(NAMES)}
    targets = leaks.without_copies(targets_of(root, tuple(NAMES)))
    model = untrained()
    frozen, report = verify(model, targets)
    assert targets.pairs is not None
    # pictures lie by name, six of each person
    vectors = model.embed(SetImages(targets.pairs.faces)).astype(np.float64)
    assert len(vectors) == 36
    limit, table = frozen.thresholds["accuracy"].value, vectors @ vectors.T
    for row, members in zip(report.tables["pairs: by group"], ((0, 1), (2, 3)), strict=True):
        kinds: dict[bool, list[bool]] = {True: [], False: []}
        for one, other in itertools.combinations(range(36), 2):
            if one // 6 in members and other // 6 in members:
                kinds[one // 6 == other // 6].append(bool(table[one, other] > limit))
        assert row["genuine"] == 30 and row["impostor"] == 36
        assert row["frr"] == pytest.approx(1 - np.mean(kinds[True]))
        assert row["far"] == pytest.approx(np.mean(kinds[False]))
    assert [row["group"] for row in report.tables["pairs: by group"]] == ["x", "y"]
    # all people are known, so the intervals need no excuse
    assert not any("is not known" in note for note in report.notes)


def test_at_frozen_thresholds_the_groups_are_asked_at_those(root: Path) -> None:
    frozen, _ = verify(untrained(), targets_of(root))
    _, report = verify(frozen, targets_of(root), is_refitted=False)
    assert len(report.tables["pairs: by group"]) == 2
    _, without = verify(untrained(), targets_of(root), is_refitted=False)
    assert "pairs: by group" not in without.tables


def test_a_list_of_faces_tells_the_groups_of_its_pairs(root: Path) -> None:
    rows = [
        f"{n}/later/{place}.jpg,{n},{'x' if n < 'c' else ''}" for n in NAMES for place in range(6)
    ]
    (root / "faces.csv").write_text("\n".join(["path,identity,group", *rows]))
    targets = targets_of(root)
    assert targets.pairs is not None
    # whoever has no group is none, and nobody's name is one
    assert targets.pairs.groups == ("x",) * 12 + ("",) * 24
    _, report = verify(untrained(), targets)
    assert [row["group"] for row in report.tables["pairs: by group"]] == ["x"]


def test_hw2p2_may_tell_groups_of_both_its_parts(tmp_path: Path) -> None:
    root = hw2p2(tmp_path, ["n100000", "n000000", "n100002"], "verification_dev.csv")
    (root / "verification/groups.csv").write_text("identity,group\nn100000,x\nn100001,y\n")
    (root / "classification/groups.csv").write_text("identity,group\nn000000,u\nn000004,v\n")
    trained = tuple(f"n00000{n}" for n in range(5))
    targets = targets_of(root, trained)
    assert targets.groups == ("x", "", "") and targets.dev_groups == ("u", "", "", "", "v")
    (root / "verification/groups.csv").write_text("identity,group\nnobody,x\n")
    with pytest.raises(
        InputError, match=r"verification:\n  groups\.csv: line 2: 'nobody' has no pi"
    ):
        targets_of(root, trained)


def test_copies_take_their_groups_with_them(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    for part in ("verification", "classification"):
        first = "n10000" if part == "verification" else "n00000"
        rows = [f"{first}{n},{'uvwxy'[n]}" for n in range(5)]
        (root / part / "groups.csv").write_text("\n".join(["identity,group", *rows]))
    train = root / "classification/train/n000001/0.jpg"
    (root / "verification/unknown_dev/0.jpg").write_bytes(train.read_bytes())
    (root / "classification/dev/n000003/9.jpg").write_bytes(train.read_bytes())
    (root / "verification/known/n100002/0.jpg").write_bytes(train.read_bytes())
    names = tuple(f"n00000{n}" for n in range(5))
    folder = read_layout(root)
    leaks = find_leaks(training_digests(folder.train), names, folder)
    targets = leaks.without_copies(targets_of(root, names))
    # the query of n100002 goes too, as nobody could find it
    assert targets.groups == ("v",) and targets.dev_groups == ("u", "v", "w", "y")


def test_top1_of_the_closed_task_is_told_by_group() -> None:
    labels = np.repeat(np.arange(4), 10)
    best = np.where(np.arange(40) % 10 < 2 * labels, -1, labels)[:, None]
    groups = ["a"] * 20 + ["b"] * 10 + ["few"] * 2 + [""] * 8
    report = Report()
    found = Labelled(labels, best, np.ones((40, 1)))
    report_closed_groups("dev", found, groups, report)
    rows = report.tables["dev: by group"]
    assert [(row["group"], row["faces"], row["top1"]) for row in rows] == [
        ("a", 20, pytest.approx(0.9)), ("b", 10, pytest.approx(0.6)),
    ]  # fmt: skip
    assert all(row["top1_low"] <= row["top1"] <= row["top1_high"] for row in rows)
    assert "1 groups with fewer than 10 faces" in report.notes[0]


def test_what_the_names_of_the_files_say_breaks_the_figures_down(tmp_path: Path) -> None:
    names = ["n100000", "n100001", "n100002"]
    labels = [name for name in names for _ in range(10)]
    root = hw2p2(tmp_path, labels, "verification_dev.csv")
    unknown = root / "verification/unknown_dev"
    for old in unknown.glob("*.jpg"):
        old.unlink()
    for query in range(30):
        picture(unknown / f"{query:02d}_pose{30 * (query % 2)}.jpg", 400 + query)
    targets = targets_of(root)
    assert targets.unknown_dev is not None
    poses = targets.unknown_dev.known_of()["pose"]
    assert poses[:3] == ("0", "30", "0") and len(poses) == 30
    _, report = verify(untrained(), targets)
    table = report.tables["unknown_dev: by pose"]
    assert [(row["pose"], row["faces"]) for row in table] == [("0", 15), ("30", 15)]
    assert all(row["rank1_low"] <= row["rank1"] <= row["rank1_high"] for row in table)
