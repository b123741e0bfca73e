import numpy as np
import pytest

from facesearch.data.faces import FaceSet
from facesearch.final.one_to_one import Pairs
from facesearch.final.targets import PairSet
from facesearch.metrics import identification
from facesearch.metrics.exact import grid_rows, row_scores
from facesearch.metrics.pair_ranks import rank_scores
from facesearch.report.final_faces import Embedded, PairList, PairScores, Search, search_faces
from facesearch.report.hardest import hardest_of_list, hardest_of_search


def some_search(seed: int = 0, probes: int = 37, gallery: int = 23, dim: int = 4) -> Search:
    rng = np.random.default_rng(seed)
    images = np.zeros((1, 4, 4, 3), np.uint8)

    def some(count: int, least: int) -> Embedded:
        labels = rng.integers(least, 9, count)
        # coarse coordinates, so that there are ties
        rows = np.round(rng.normal(size=(count, dim)), 0) + 0.01
        return Embedded(FaceSet(images, np.zeros(count, np.int64), labels), rows.astype(np.float32))

    return search_faces("unknown_dev", some(gallery, 0), some(probes, -1))


def brute_force(search: Search, count: int, *, is_genuine: bool) -> list[tuple[float, int, int]]:
    gallery, probes = grid_rows(search.gallery.rows_ND), grid_rows(search.probes.rows_ND)
    found = []
    for probe, whose in enumerate(search.probes.faces.labels_M.tolist()):
        for other, theirs in enumerate(search.gallery.faces.labels_M.tolist()):
            is_same = whose == theirs and whose >= 0
            if is_same == is_genuine:
                score = float(row_scores(probes[probe][None], gallery[other][None])[0])
                found.append((score if is_genuine else -score, probe, other))
    return sorted(found)[:count]


@pytest.mark.parametrize("tile", [1024, 5])
@pytest.mark.parametrize("count", [1, 7, 500, 5000])
def test_the_hardest_of_all_pairs_are_found_whatever_the_tiles(
    count: int, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identification, "_PROBES_AT_A_TIME", tile)
    monkeypatch.setattr(identification, "_GALLERY_AT_A_TIME", tile)
    search = some_search()
    hard = hardest_of_search(search, count)
    for pairs, is_genuine, sign in ((hard.genuine, True, 1), (hard.impostor, False, -1)):
        found = [(sign * pair.score, pair.probe, pair.other) for pair in pairs]
        assert found == brute_force(search, count, is_genuine=is_genuine)


def test_the_hardest_of_a_list() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 10, (2, 40))
    is_same, score = rng.random(40) < 0.5, np.round(rng.random(40), 1).astype(np.float32)
    faces = FaceSet(np.zeros((1, 4, 4, 3), np.uint8), np.zeros(10, np.int64), np.arange(10))
    pairs = PairSet(faces, first, second, is_same, np.zeros(40, np.int64))
    ranks = rank_scores(score[is_same], score[~is_same])
    scores = PairScores("pairs", ranks, Pairs(score, is_same, first, second))
    hard = hardest_of_list(PairList(scores, pairs, score), 6)
    assert [pair.score for pair in hard.genuine] == sorted(score[is_same].tolist())[:6]
    assert [pair.score for pair in hard.impostor] == sorted(score[~is_same].tolist())[::-1][:6]
    lowest = min(np.flatnonzero(is_same), key=lambda row: (score[row], row))
    assert (hard.genuine[0].probe, hard.genuine[0].other) == (first[lowest], second[lowest])
