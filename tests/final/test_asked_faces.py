from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import hw2p2, lfw, people, split_folders
from models import untrained

from facesearch.config import DataConfig
from facesearch.data.layouts import read_layout
from facesearch.errors import InputError
from facesearch.final.asked_faces import AskedFaces, Question, asked_faces
from facesearch.final.leaks import training_digests
from facesearch.final.left_out import passed_over_in
from facesearch.final.targets import reporting_folder

OTHERS = tuple(f"m{number}" for number in range(8))
MANY = [f"p{number:02d}" for number in range(40)]


def ask(question: Question, data: DataConfig | None = None, trained: bytes = b"") -> AskedFaces:
    return asked_faces(data or DataConfig(image_px=16), OTHERS, [trained], question)


def test_nothing_asked_is_its_own_faces() -> None:
    data = untrained().config.data
    own = asked_faces(data, (), [b""], Question())
    assert own.folder is None and not own.notes
    assert own.targets(16, ()).unknown_dev is not None


def test_a_folder_with_sets_of_its_own_is_asked_about_these(tmp_path: Path) -> None:
    course = ask(Question(root=str(hw2p2(tmp_path / "course"))))
    assert course.folder == read_layout(tmp_path / "course") and not course.notes
    split = ask(Question(root=str(split_folders(tmp_path / "split"))))
    assert split.folder == read_layout(tmp_path / "split")
    seeded = ask(Question(root=str(tmp_path / "course"), seed=5))
    assert seeded.notes == ("seed 5 is not used: these faces bring reporting sets of their own.",)


def test_pairs_are_asked_about_beside_the_sets_that_are_made(tmp_path: Path) -> None:
    both = ask(Question(root=str(lfw(tmp_path / "lfw"))))
    assert both.folder is not None and len(both.folder.pairs) == 4
    assert len(both.folder.known) and len(both.folder.unknown_dev)


def test_sets_are_made_of_any_other_folder(tmp_path: Path) -> None:
    root = str(people(tmp_path, MANY))
    first, again, other = (ask(Question(root=root, seed=seed)) for seed in (0, 0, 1))
    assert first == again and first.folder != other.folder
    targets = first.targets(16, OTHERS)
    assert targets.known is not None and targets.unknown_dev is not None
    mated = np.isin(targets.unknown_dev.labels_M, targets.known.labels_M)
    assert mated.any() and not mated.all() and (targets.unknown_dev.labels_M >= 0).all()


def test_a_closed_set_is_of_a_model_that_knows_its_identities(tmp_path: Path) -> None:
    root = people(tmp_path / "train").parent
    people(root / "val", each=1)
    (root / "val/a/a_0001.jpg").write_bytes((root / "val/a/a_0001.jpg").read_bytes() + b"x")
    data = DataConfig(image_px=16)
    stranger = asked_faces(data, OTHERS, [], Question(root=str(root)))
    assert stranger.folder is not None and len(stranger.folder.known)
    knows = asked_faces(data, tuple("abcdef"), [], Question(root=str(root)))
    assert knows.folder is not None and len(knows.folder.dev) == 6 and not len(knows.folder.known)


def test_its_own_folder_is_known_where_it_was_and_where_it_is_moved_to(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", MANY)
    data = DataConfig(root=str(root), image_px=16)
    own = reporting_folder(data)
    assert own is not None and len(own.known_test)
    identities = tuple(sorted(set(own.train.identities)))
    digests = [training_digests(own.train)]
    (tmp_path / "link").symlink_to(root)
    linked = asked_faces(data, identities, digests, Question(root=str(tmp_path / "link")))
    assert linked.folder is not None and len(linked.folder.known_test) == len(own.known_test)
    moved = root.rename(tmp_path / "elsewhere")
    found = asked_faces(data, identities, digests, Question(root=str(moved)))
    assert found.folder == reporting_folder(data.model_copy(update={"root": str(moved)}))
    assert not found.notes
    # one image of other bytes, and it is another folder: what was trained on is left out
    path = moved / identities[0] / f"{identities[0]}_0001.jpg"
    path.write_bytes(path.read_bytes() + b"x")
    other = asked_faces(data, identities, digests, Question(root=str(moved)))
    assert (
        other.notes[0].startswith("LEAK: ")
        and "of 120 images are also in training" in (other.notes[0])
    )


def test_a_list_of_pairs_begins_at_itself_or_at_the_folder(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    rows = ["a/a_0001.jpg,a/a_0002.jpg,1", "a/a_0001.jpg,b/b_0001.jpg,0"]
    for place in (root / "some.csv", tmp_path / "far.csv"):
        place.write_text("\n".join(["path_a,path_b,same", *rows]))
    near = ask(Question(pairs=root / "some.csv")).targets(16, OTHERS)
    assert near.pairs is not None and near.known is None and near.pairs.is_same_P.tolist() == [1, 0]
    far = ask(Question(root=str(root), pairs=tmp_path / "far.csv")).targets(16, OTHERS)
    assert far.pairs is not None and far.known is None
    assert (far.pairs.faces.labels_M >= 0).all() and (near.pairs.faces.labels_M < 0).all()
    with pytest.raises(InputError, match=r"far\.csv: 4 faults\n.*line 2: no such picture"):
        ask(Question(pairs=tmp_path / "far.csv"))
    (tmp_path / "empty.csv").write_text("path_a,path_b,same\n")
    with pytest.raises(InputError, match="no pairs in it"):
        ask(Question(pairs=tmp_path / "empty.csv"))


def test_a_question_has_a_short_name(tmp_path: Path) -> None:
    assert Question().source == ""
    assert Question(root=str(tmp_path / "faces")).source == "faces"
    assert Question(gallery=tmp_path / "a", probes=tmp_path / "b").source == "b"
    assert Question(root="x", pairs=tmp_path / "list.csv").source == "list.csv"


def test_pairs_that_are_left_out_of_a_list_are_told(tmp_path: Path) -> None:
    root = people(tmp_path / "faces")
    rows = ["a/a_0001.jpg,a/a_0002.jpg,1,2", "a/a_0001.jpg,a/a_0001.jpg,1,2"]
    (tmp_path / "some.csv").write_text("\n".join(["path_a,path_b,same,score", *rows]))
    asked = ask(Question(pairs=tmp_path / "some.csv", root=str(root)))
    assert asked.folder is not None and len(asked.folder.pairs) == 1
    assert not asked.notes, "they name files, and notes are kept and published"
    question = Question(pairs=tmp_path / "some.csv", root=str(root))
    (told,) = passed_over_in(question, DataConfig())
    (line,) = told.lines()
    assert "columns that are not known, and ignored: 'score'" in line
    assert "1 of 2 are left out, of an image with itself" in line and "data check" not in line
    (count,) = told.counts()
    assert "pairs that are not scored: 1" in count and "a_0001" not in count


def test_a_long_list_of_what_is_wrong_with_pairs_is_a_few_lines(tmp_path: Path) -> None:
    rows = [f"a/{n}.jpg,b/{n}.jpg,yes" for n in range(3000)]
    (tmp_path / "some.csv").write_text("\n".join(["path_a,path_b,same", *rows]))
    with pytest.raises(InputError) as caught:
        ask(Question(pairs=tmp_path / "some.csv", root=str(people(tmp_path / "faces"))))
    assert "9,000 faults" in str(caught.value) and len(str(caught.value).splitlines()) < 16
