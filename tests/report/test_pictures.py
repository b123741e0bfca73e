import io
from dataclasses import replace

import numpy as np
import pytest
from finals import final_folder
from PIL import Image

from facesearch.final.outcomes import Labelled
from facesearch.report.final_faces import SeenFaces
from facesearch.report.final_source import read_final
from facesearch.report.hardest import hardest_of_search
from facesearch.report.pictures import confused_faces, hardest_faces, jpeg, most_taken


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> SeenFaces:
    found = read_final(final_folder(tmp_path_factory.mktemp("final"))).seen
    assert found is not None
    return found


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("side", "small"), [(224, 96), (96, 96), (32, 32)])
def test_pictures_are_small(side: int, small: int) -> None:
    content = jpeg(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))
    assert opened(content).size == (small, small) and opened(content).format == "JPEG"
    assert len(content) < 10_000


def test_the_pictures_are_those_of_the_hardest_pairs(seen: SeenFaces) -> None:
    blocks = hardest_faces(seen)
    assert [block.caption.partition(" scores")[0] for block in blocks] == [
        f"{name}: {kind}"
        for name in ("unknown_dev", "unknown_test")
        for kind in ("one person, and yet the lowest", "two persons, and yet the highest")
    ]
    search = seen.searches[0]
    worst = hardest_of_search(search, 8).impostor[0]
    row, names = blocks[1].rows[0], seen.targets.gallery_names
    probe, other = search.probes.faces, search.gallery.faces
    whose = probe.labels_M[worst.probe]
    first = names[whose] if whose >= 0 else "a stranger"
    assert row.label == f"{first} and {names[other.labels_M[worst.other]]}: {worst.score:.3f}"
    for content, faces, at in (
        (row.jpegs[0], probe, worst.probe),
        (row.jpegs[1], other, worst.other),
    ):
        assert content == jpeg(faces.images_NHWC[faces.index_M[at]])


def test_who_is_taken_for_whom_most_often() -> None:
    labels, best = np.array([0, 0, 0, 1, 1, 2, 3]), np.array([1, 1, 2, 0, 1, 0, 0])
    found = Labelled(labels, best[:, None], np.ones((7, 1)))
    assert most_taken(found, 3) == [(0, 1, 2), (0, 2, 1), (1, 0, 1)]
    assert most_taken(Labelled(labels, labels[:, None], np.ones((7, 1))), 3) == []


def test_confused_people_are_shown_with_the_other(seen: SeenFaces) -> None:
    names = [f"name {number}" for number in range(20)]
    block = confused_faces(seen, names)
    assert block is not None and seen.dev is not None and seen.targets.dev is not None
    own, other, count = most_taken(seen.dev, 1)[0]
    assert block.rows[0].label.startswith(f"{names[own]} taken for {names[other]}, {count}")
    faces = seen.targets.dev
    example = np.flatnonzero(seen.dev.labels_N == other)[0]
    assert block.rows[0].jpegs[-1] == jpeg(faces.images_NHWC[faces.index_M[example]])
    assert confused_faces(replace(seen, dev=None), names) is None
