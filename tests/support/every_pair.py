"""All pairs of some faces, held in memory: slow and large, for few faces."""

import numpy as np

from facesearch.metrics.exact import grid_rows, scores


def pair_scores(
    embeddings_ND: np.ndarray, identities_N: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact scores of all pairs i < j: genuine (same identity) and impostor."""
    rows = grid_rows(embeddings_ND)
    first, second = np.triu_indices(len(rows), 1)
    all_scores = scores(rows, rows)[first, second]
    is_same = identities_N[first] == identities_N[second]
    return all_scores[is_same], all_scores[~is_same]
