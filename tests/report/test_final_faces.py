import shutil
from pathlib import Path

import pytest
from faces_on_disk import hw2p2, hw2p2_s23, lfw, people
from models import untrained

from facesearch.config import DataConfig
from facesearch.data.layouts import read_layout
from facesearch.errors import InputError
from facesearch.final.asked_faces import Question, asked_faces
from facesearch.final.bundle import save_bundle
from facesearch.final.leaks import DIGESTS, training_digests
from facesearch.final.model import FaceModel
from facesearch.final.targets import read_targets
from facesearch.final.verify import verify
from facesearch.report.final_faces import (
    SeenFaces,
    refuse_unlabelled,
    reporting_data,
    see_faces,
)


def seen_in(model: FaceModel, root: Path, bundle: Path) -> SeenFaces:
    data = reporting_data(model, str(root))
    assert not isinstance(data, str)
    return see_faces(model, data, bundle)


def test_a_list_of_pairs_has_the_figures_of_the_report(tmp_path: Path) -> None:
    model = untrained(identities=tuple("abcdef"))
    seen = seen_in(model, lfw(tmp_path / "faces"), tmp_path)
    data = model.config.data.model_copy(update={"root": str(tmp_path / "faces"), "layout": "auto"})
    _, report = verify(model, read_targets(data, model.identities))
    assert seen.listed is not None and seen.dev is None
    # of the people of the list a gallery and probes are made beside it
    assert [search.name for search in seen.searches] == ["unknown_dev"]
    scores = next(found for found in seen.pair_scores if found.name == "pairs")
    assert len(scores.pairs.scores_P) == 4
    assert scores.ranks.eer() == report.figures["pairs/eer"].value
    assert seen.source == "faces" and not seen.is_generated


def test_strangers_and_dev_of_the_course(tmp_path: Path) -> None:
    names = tuple(f"n00000{number}" for number in range(5))
    seen = seen_in(untrained(identities=names), hw2p2_s23(tmp_path / "faces"), tmp_path)
    (search,) = seen.searches
    assert search.num_people == 5 and search.name == "unknown_dev"
    assert len(search.places) == 2 and search.searches.is_mated_P.tolist() == [True, False, True]
    assert seen.dev is not None and len(seen.dev.labels_N) == 5
    others = seen_in(untrained(identities=("x", "y")), tmp_path / "faces", tmp_path)
    assert others.dev is None


def test_a_gallery_is_made_of_any_folder_as_evaluate_makes_it(tmp_path: Path) -> None:
    root = people(tmp_path / "faces", [f"p{number:02d}" for number in range(12)])
    seen = seen_in(untrained(identities=("x", "y")), root, tmp_path)
    (search,) = seen.searches
    made = asked_faces(DataConfig(), ("x", "y"), [b""], Question(root=str(root))).folder
    assert made is not None and search.name == "unknown_dev" and seen.source == "faces"
    assert search.num_people == len(made.known) and len(search.probes.faces) == len(
        made.unknown_dev
    )


def test_copies_of_training_pictures_are_left_out(tmp_path: Path) -> None:
    root = hw2p2(tmp_path / "faces")
    folder = read_layout(root, "auto")
    names = tuple(sorted(set(folder.train.identities)))
    content = folder.train.paths[0].read_bytes()
    folder.dev.paths[0].write_bytes(content)
    model = untrained(identities=names)
    save_bundle(tmp_path / "model", model, {DIGESTS: training_digests(folder.train)})
    assert seen_in(model, root, tmp_path / "model").dev.labels_N.shape == (4,)  # type: ignore[union-attr]
    assert seen_in(model, root, tmp_path).dev.labels_N.shape == (5,)  # type: ignore[union-attr]


def test_where_the_faces_are() -> None:
    model = untrained()
    assert reporting_data(model, None) == model.config.data
    moved = reporting_data(model, "there")
    assert not isinstance(moved, str) and (moved.root, moved.layout) == ("there", "auto")


def test_faces_without_any_label_are_refused(tmp_path: Path) -> None:
    model = untrained(identities=("x", "y"))
    root = hw2p2(tmp_path / "faces")
    (root / "verification/dev_identities.csv").unlink()
    shutil.rmtree(root / "classification")
    seen = seen_in(model, root, tmp_path)
    with pytest.raises(InputError, match="faces: no labelled set"):
        refuse_unlabelled(seen, "faces")
