"""The pairs that a model finds hardest: one person who looks like two, two who look like one.

All pairs are looked at, tile by tile; only the worst are kept.

Shapes: P pairs.
"""

from dataclasses import dataclass

import numpy as np

from facesearch.metrics.exact import grid_rows
from facesearch.metrics.identification import score_tiles
from facesearch.report.final_faces import PairList, Search


@dataclass(frozen=True)
class HardPair:
    """Two faces, by their row in the sets that they are of, and their cosine."""

    probe: int
    other: int
    score: float


@dataclass(frozen=True)
class HardPairs:
    """The genuine pairs with the lowest scores and the impostor pairs with the highest."""

    genuine: tuple[HardPair, ...]
    impostor: tuple[HardPair, ...]


def hardest_of_search(search: Search, count: int) -> HardPairs:
    """Return the hardest of all pairs of a probe (``probe``) and a gallery face (``other``).

    Of equal scores the first probe comes first, then the first face of the gallery. A stranger is
    an impostor of everybody.
    """
    ids, gallery_ids = search.probes.faces.labels_M, search.gallery.faces.labels_M
    gallery, probes = grid_rows(search.gallery.rows_ND), grid_rows(search.probes.rows_ND)
    genuine, impostor = _Worst(count), _Worst(count)
    for rows, columns, tile in score_tiles(gallery, probes):
        own, theirs = ids[rows][:, None], gallery_ids[columns][None]
        is_same = (own == theirs) & (own >= 0)
        corner = (rows.start, columns.start)
        genuine.add(np.where(is_same, tile, np.inf), corner)
        impostor.add(np.where(is_same, np.inf, -tile), corner)
    return HardPairs(genuine.pairs(1), impostor.pairs(-1))


def hardest_of_list(listed: PairList, count: int) -> HardPairs:
    """Return the hardest pairs of a list; both rows are of its faces."""
    pairs, score, found = listed.pairs, listed.of_pair, []
    for kind, sign in ((pairs.is_same_P, 1), (~pairs.is_same_P, -1)):
        chosen = np.flatnonzero(kind)
        order = chosen[np.argsort(sign * score[chosen], kind="stable")[:count]]
        found.append(tuple(
            HardPair(int(pairs.first_P[p]), int(pairs.second_P[p]), float(score[p])) for p in order
        ))  # fmt: skip
    return HardPairs(*found)


class _Worst:
    """The smallest numbers of several tiles, each with its row and column."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.kept: list[tuple[float, int, int]] = []

    def add(self, tile: np.ndarray, corner: tuple[int, int]) -> None:
        """Take the smallest of a tile; infinite is no pair."""
        flat = tile.ravel()
        if len(flat) > self.count:
            bar = np.partition(flat, self.count - 1)[self.count - 1]
            if len(self.kept) == self.count:
                bar = min(bar, self.kept[-1][0])
            # of many equal numbers the first rows are enough
            found = np.concatenate([
                np.flatnonzero(flat < bar), np.flatnonzero(flat == bar)[: self.count],
            ])  # fmt: skip
        else:
            found = np.arange(len(flat))
        found = found[np.isfinite(flat[found])]
        rows, columns = np.divmod(found, tile.shape[1])
        new = zip(
            flat[found].tolist(), (rows + corner[0]).tolist(), (columns + corner[1]).tolist(),
            strict=True,
        )  # fmt: skip
        self.kept = sorted([*self.kept, *new])[: self.count]

    def pairs(self, sign: int) -> tuple[HardPair, ...]:
        """Return them as pairs; the number times ``sign`` is the score."""
        return tuple(HardPair(row, column, sign * number) for number, row, column in self.kept)
