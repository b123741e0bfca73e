from pathlib import Path

import numpy as np
import pytest
import torch
from faces_on_disk import people, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from models import untrained
from PIL import Image

from facesearch.data.layouts import FaceList
from facesearch.errors import InputError
from facesearch.final.matching import (
    Gallery,
    classify_pictures,
    embed_pictures,
    verify,
    verify_pairs,
)
from facesearch.final.model import FaceModel, Threshold
from facesearch.final.pictures import read_pictures
from facesearch.metrics.search import top_k
from facesearch.metrics.thresholds import Calibration

EER = Threshold(0.25, "eer", "dev")
ACCURACY = Threshold(0.5, "accuracy", "pairs")
REJECTION = Threshold(0.75, "rejection", "unknown_dev")


def slow_cosine(first: np.ndarray, second: np.ndarray) -> float:
    lengths = [sum(float(x) ** 2 for x in row) ** 0.5 for row in (first, second)]
    products = (float(a) * float(b) for a, b in zip(first, second, strict=True))
    return sum(products) / lengths[0] / lengths[1]


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return untrained(members=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of five people with 1 to 4 pictures, and three queries beside it."""
    root = tmp_path_factory.mktemp("faces")
    seed = 0
    for number, name in enumerate(["eva", "bo", "cleo", "dan"]):
        for row in range(number + 1):
            seed += 1
            picture(root / f"known/{name}/{row}.jpg", seed)
    picture(root / "known/anna.jpg", 99)
    for query in range(3):
        picture(root / f"query{query}.jpg", 200 + query)
    return root


def queries(folder: Path) -> list[Path]:
    return sorted(folder.glob("query*.jpg"))


def test_a_score_is_the_cosine_of_both_embeddings(model: FaceModel, folder: Path) -> None:
    first, second, third = queries(folder)
    vectors = model.embed(read_pictures([first, second, third], 16))
    matches = verify_pairs(model, [(first, second), (second, third), (first, first)])
    assert matches[0].score == pytest.approx(slow_cosine(vectors[0], vectors[1]), abs=1e-6)
    assert matches[1].score == pytest.approx(slow_cosine(vectors[1], vectors[2]), abs=1e-6)
    assert matches[2].score == 1.0
    assert verify(model, str(first), second) == matches[0] == verify(model, second, first)
    assert (matches[0].is_same, matches[0].threshold, matches[0].probability) == (None,) * 3


def test_the_threshold_of_a_list_of_pairs_is_preferred(folder: Path) -> None:
    first, second, _ = queries(folder)
    both = untrained(thresholds={"eer": EER, "accuracy": ACCURACY, "rejection": REJECTION})
    assert verify(both, first, second).threshold is ACCURACY
    assert verify(untrained(thresholds={"eer": EER}), first, second).threshold is EER
    assert verify(untrained(thresholds={"rejection": REJECTION}), first, second).threshold is None
    assert verify(both, first, second, threshold="rejection").threshold is REJECTION


def test_a_pair_is_one_persons_above_the_threshold_only(folder: Path) -> None:
    first, second, _ = queries(folder)
    model = untrained(calibration=Calibration(8.0, -2.0))
    score = verify(model, first, second).score
    assert verify(model, first, second, threshold=score).decision == "different"
    below = verify(model, first, second, threshold=float(np.nextafter(score, -1)))
    assert below.is_same is True and below.decision == "same"
    chance = verify(model, first, second).probability
    assert chance == pytest.approx(1 / (1 + np.exp(-(8.0 * score - 2.0))))


def test_a_calibrated_model_decides_at_even_odds(folder: Path) -> None:
    first, second, _ = queries(folder)
    score = verify(untrained(), first, second).score
    for middle, decision in ((score - 0.01, "same"), (score + 0.0005, "different")):
        calibration = Calibration(20.0, -20.0 * middle)
        model = untrained(calibration=calibration, thresholds={"eer": EER, "accuracy": ACCURACY})
        match = verify(model, first, second)
        assert match.threshold is not None and match.threshold.rule == "even_odds"
        assert match.threshold.value == pytest.approx(middle)
        assert match.threshold.fitted_on == "pairs"
        assert match.decision == decision and match.asked_probability == pytest.approx(0.5)
        assert match.probability is not None and (match.probability > 0.5) is match.is_same


@pytest.mark.parametrize("asked", [None, "eer", "accuracy", 0.9, -0.5])
@pytest.mark.parametrize("slope", [0.01, 3.0, 400.0])
@pytest.mark.parametrize("middle", [-0.7, 0.3, 0.99, 1.5])
def test_decision_threshold_and_probability_agree(
    folder: Path, slope: float, middle: float, asked: str | float | None
) -> None:
    model = untrained(
        calibration=Calibration(slope, -slope * middle),
        thresholds={"eer": EER, "accuracy": ACCURACY},
    )
    paths = queries(folder)
    pairs = [(one, other) for one in paths for other in paths]
    for match in verify_pairs(model, pairs, threshold=asked):
        chance, wanted = match.probability, match.asked_probability
        assert chance is not None and wanted is not None and match.threshold is not None
        assert (chance >= wanted) if match.is_same else (chance <= wanted)
        if match.threshold.rule == "even_odds":
            assert (chance > 0.5) is match.is_same


def test_a_calibration_that_says_nothing_is_not_shown(folder: Path) -> None:
    first, second, _ = queries(folder)
    for calibration in (Calibration(0.0, 0.3), Calibration(float("nan"), 0.0)):
        match = verify(untrained(calibration=calibration), first, second)
        assert match.probability is match.asked_probability is None
        assert match.decision == "undecided" and match.threshold is None
        fallen_back = untrained(calibration=calibration, thresholds={"eer": EER})
        assert verify(fallen_back, first, second).threshold is EER


def test_identify_agrees_with_a_slow_double_loop(model: FaceModel, folder: Path) -> None:
    gallery = Gallery(model, folder / "known")
    vectors = model.embed(read_pictures(gallery.faces.paths, 16))
    probes = model.embed(read_pictures(queries(folder), 16))
    for top in range(1, 8):
        found = gallery.identify(queries(folder), top=top)
        for probe, search in zip(probes, found, strict=True):
            best: dict[str, float] = {}
            for name, vector in zip(gallery.faces.identities, vectors, strict=True):
                best[name] = max(best.get(name, -2.0), slow_cosine(probe, vector))
            expected = sorted(best.items(), key=lambda item: -item[1])[:top]
            assert [one.identity for one in search.candidates] == [name for name, _ in expected]
            for one, (_, score) in zip(search.candidates, expected, strict=True):
                assert one.score == pytest.approx(score, abs=1e-6)
                assert one.picture.parent.name == one.identity or one.picture.stem == one.identity


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_each_identity_stands_once_with_its_best_picture(data: st.DataObject) -> None:
    """On embeddings with many equal scores, against a sort of all of them."""
    names = sorted(data.draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=12)))
    ints = st.integers(0, 2)
    rows = data.draw(st.lists(st.tuples(ints, ints), min_size=len(names), max_size=len(names)))
    top = data.draw(st.integers(1, 6))
    gallery = object.__new__(Gallery)
    gallery.faces = FaceList(tuple(Path(f"{n}.jpg") for n in range(len(names))), tuple(names))
    vectors = np.array(rows, np.float32) + 0.5
    probe = np.array([[1.0, 0.25]], np.float32)
    index, score = top_k(vectors, probe, gallery._depth(top))
    found = gallery._candidates(index[0].tolist(), score[0].tolist(), top)
    every, scores = top_k(vectors, probe, len(names))
    best: dict[str, tuple[float, int]] = {}
    for row, value in zip(every[0].tolist(), scores[0].tolist(), strict=True):
        best.setdefault(names[row], (value, row))
    expected = [(name, value, row) for name, (value, row) in best.items()][:top]
    assert [(c.identity, c.score, int(c.picture.stem)) for c in found] == expected


def test_somebody_not_above_the_threshold_is_unknown(folder: Path) -> None:
    query = queries(folder)[:1]
    score = Gallery(untrained(), folder / "known").identify(query)[0].candidates[0].score
    at, below = (
        untrained(thresholds={"rejection": Threshold(v, "rejection", "dev"), "eer": EER})
        for v in (score, float(np.nextafter(score, -1)))
    )
    unknown = Gallery(at, folder / "known").identify(query)[0]
    assert unknown.identity is None and unknown.decision == "unknown"
    found = Gallery(below, folder / "known").identify(query)[0]
    assert found.identity == found.candidates[0].identity and found.decision == "identified"
    assert Gallery(below, folder / "known").identify(query, threshold="1")[0].identity is None


@pytest.mark.parametrize(
    "thresholds",
    [
        {},
        {"eer": EER, "accuracy": ACCURACY},  # of pairs: says nothing about a search in many
        {"rejection": Threshold(float("nan"), "rejection", "dev")},
        {"rejection": Threshold(float("-inf"), "rejection", "dev")},
        {"rejection": Threshold(-1.001953125, "rejection", "dev")},  # accepts everybody
    ],
)
def test_without_a_threshold_there_are_candidates_and_no_name(
    folder: Path, thresholds: dict[str, Threshold]
) -> None:
    gallery = Gallery(untrained(thresholds=thresholds), folder / "known")
    (search,) = gallery.identify(queries(folder)[:1])
    assert (search.decision, search.identity, search.threshold) == ("undecided", None, None)
    assert len(search.candidates) == 5
    decided = gallery.identify(queries(folder)[:1], threshold=-1)[0]
    assert decided.identity == search.candidates[0].identity


def test_verify_and_galleries_take_images_of_any_kind(model: FaceModel, folder: Path) -> None:
    first, second, third = queries(folder)
    array = np.asarray(Image.open(second))
    by_path = verify(model, first, second)
    assert verify(model, Image.open(first), array) == by_path
    assert verify(model, str(first), array / np.float32(255)) == by_path
    known = {"bo": first, "ann": [array, Image.open(third)], "cy": np.stack([array, array])}
    gallery = Gallery(model, known)
    assert gallery.faces.identities == ("ann", "ann", "bo", "cy", "cy")
    found, _ = gallery.identify([second, third])
    assert found.candidates[0].identity == "ann" and found.candidates[0].score == 1.0
    assert {one.identity: one.picture for one in found.candidates}["bo"] == first
    with pytest.raises(InputError, match="the gallery is empty"):
        Gallery(model, {})


def test_a_gallery_searches_nothing_and_for_nobody(model: FaceModel, folder: Path) -> None:
    gallery = Gallery(model, folder / "known")
    assert gallery.identify([]) == []
    with pytest.raises(ValueError, match="top must be at least 1"):
        gallery.identify(queries(folder), top=0)


def test_classify_gives_the_names_of_the_numbers(model: FaceModel, folder: Path) -> None:
    found = classify_pictures(model, queries(folder), top=3)
    numbers, shares = model.classify(read_pictures(queries(folder), 16), top=3)
    for guesses, row, share in zip(found, numbers, shares, strict=True):
        assert [guess.identity for guess in guesses] == [model.identities[n] for n in row]
        assert [guess.probability for guess in guesses] == pytest.approx(share.tolist())
    assert len(classify_pictures(model, queries(folder), top=99)[0]) == len(model.identities)


def test_embeddings_do_not_depend_on_the_batch_and_follow_the_views(
    model: FaceModel, folder: Path
) -> None:
    paths = queries(folder) * 50  # two batches
    vectors = embed_pictures(model, paths)
    assert vectors.shape == (150, model.embedding_dim) and vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[:3], vectors[147:], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    plain = embed_pictures(model, paths[:3], "plain")
    assert np.abs(plain - vectors[:3]).max() > 1e-4
    assert embed_pictures(model, []).shape == (0, model.embedding_dim)


def test_a_model_that_gives_no_numbers_is_told(folder: Path) -> None:
    model = untrained()
    with torch.no_grad():
        for parameter in model.members[0].network.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(InputError, match=r"query0\.jpg: the model's embedding .* not finite"):
        embed_pictures(model, queries(folder))


def test_an_answer_says_who_of_the_gallery_it_could_not_name(tmp_path: Path) -> None:
    root = people(tmp_path / "known", ["anna", "bo"], 1)
    (root / "zoe").mkdir()
    (root / "zoe/1.heic").write_bytes(b"x")
    gallery = Gallery(untrained(), root)
    assert gallery.not_in_gallery == ("zoe",) and gallery.passed_over is not None
    (found,) = gallery.identify([root / "bo/bo_0001.jpg"], threshold=0.5)
    assert (found.identity, found.not_in_gallery) == ("bo", ("zoe",))
    named = Gallery(untrained(), {"anna": root / "anna/anna_0001.jpg"})
    assert named.identify([root / "bo/bo_0001.jpg"])[0].not_in_gallery == ()


def test_an_image_of_two_identities_of_a_gallery_is_told(tmp_path: Path) -> None:
    root = people(tmp_path / "known", ["anna", "bo"], 1)
    (root / "bo/2.jpg").write_bytes((root / "anna/anna_0001.jpg").read_bytes())
    (root / "bo/3.jpg").write_bytes((root / "bo/bo_0001.jpg").read_bytes())
    found = Gallery(untrained(), root).passed_over
    assert found is not None
    assert found.contradictions == ((root / "anna/anna_0001.jpg", root / "bo/2.jpg"),)


def test_names_of_a_gallery_are_spelled_and_refused_as_those_of_a_folder(folder: Path) -> None:
    one, two = queries(folder)[:2]
    gallery = Gallery(untrained(), {"Zoe": one, "Jose\u0301": one, "Jos\xe9": two, "bo ": [two]})
    assert gallery.faces.identities == ("Jos\xe9", "Jos\xe9", "Zoe", "bo")
    assert gallery.faces.paths == (one, two, one, two)
    for names, told in (
        (["Anna", "anna"], "'Anna' and 'anna' differ in upper and lower case only"),
        (["anna", "  "], "a name of blanks only"),
        (["anna", "Jos\udce9"], "not in UTF-8"),
    ):
        with pytest.raises(InputError, match=f"the gallery: .*{told}"):
            Gallery(untrained(), dict.fromkeys(names, one))
