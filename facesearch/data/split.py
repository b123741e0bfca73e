"""Who is held out: whole identities as strangers, and some faces of the others.

Ranking trials on people that were trained on would reward memory.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from facesearch.errors import InputError

# Identities with 2 faces that either side needs: one face of each is searched for among others.
LEAST_MATCHABLE = 2


def split_identities(
    identities: Sequence[str], fraction: float, seed: int, groups: Sequence[str] = ()
) -> tuple[list[int], list[int]]:
    """Split faces by whole identities.

    Args:
        identities: The identity of each face.
        fraction: Part of the identities to hold out, in (0, 1); at least 2 with 2 faces each, and 2
            such stay.
        seed: Another seed, other strangers.
        groups: The group of each face, if groups are known: one is held out whole or not at all.

    Returns:
        Indices of the trained faces, and of the strangers' faces, both ascending.

    Raises:
        InputError: If fewer than 2 identities on either side have 2 faces (nothing to match).

    """
    counts = Counter(identities)
    pairs = sorted(name for name, count in counts.items() if count >= 2)
    if len(pairs) < 2 * LEAST_MATCHABLE:
        raise InputError(
            f"{len(counts)} identities, {len(pairs)} of them with 2 faces or more; a split into "
            "trained and held-out identities needs 4 with 2 faces, 2 for either side."
        )
    random.Random(f"identities {seed}").shuffle(pairs)
    wanted = min(max(LEAST_MATCHABLE, round(fraction * len(counts))), len(pairs) - LEAST_MATCHABLE)
    strangers = set(pairs[:wanted])
    if len(groups):
        strangers = _whole_groups(pairs, wanted, identities, groups)
    inside = [i for i, name in enumerate(identities) if name not in strangers]
    return inside, [i for i, name in enumerate(identities) if name in strangers]


def _whole_groups(
    pairs: Sequence[str], wanted: int, identities: Sequence[str], groups: Sequence[str]
) -> set[str]:
    """Return about as many identities as wanted: those of some groups, whole.

    Args:
        pairs: Who has 2 faces, in the order in which they are chosen.
        wanted: Identities that are held out, a count.
        identities: The identity of each face.
        groups: The group of each face.

    """
    group_of = dict(zip(identities, groups, strict=True))
    size_of = Counter(group_of.values())
    matchable_of = Counter(group_of[name] for name in pairs)
    # counted, and not taken of sets, as there may be many groups
    chosen, size, held_out = set[str](), 0, 0
    for group in dict.fromkeys(group_of[name] for name in pairs):
        if size >= wanted and held_out >= LEAST_MATCHABLE:
            break
        if len(pairs) - held_out - matchable_of[group] >= LEAST_MATCHABLE:
            chosen.add(group)
            size += size_of[group]
            held_out += matchable_of[group]
    if held_out < LEAST_MATCHABLE:
        raise InputError(
            f"{len(size_of)} groups for {len(group_of)} identities: none can be held out whole and "
            "leave 2 identities with 2 faces on either side; give more groups, or change "
            "data.held_out_identities."
        )
    return {name for name, group in group_of.items() if group in chosen}


def split_faces(
    indices: Sequence[int], identities: Sequence[str], fraction: float, seed: int
) -> tuple[list[int], list[int]]:
    """Split each identity's faces into trained ones and further ones (for val/top1).

    Args:
        indices: The faces to split.
        identities: The identity of every face, by index.
        fraction: Part of each identity's faces; at least one where it has 3 or more; 0 = none.
        seed: Another seed, other faces.

    Returns:
        Indices of the trained faces, and of the further faces, both ascending.

    """
    if fraction == 0:
        return sorted(indices), []
    of: dict[str, list[int]] = defaultdict(list)
    for i in indices:
        of[identities[i]].append(i)
    further: set[int] = set()
    for name in sorted(of):
        if len(of[name]) >= 3:
            amount = min(max(1, round(fraction * len(of[name]))), len(of[name]) - 2)
            further.update(random.Random(f"faces {seed} {name}").sample(sorted(of[name]), amount))
    return sorted(set(indices) - further), sorted(further)
