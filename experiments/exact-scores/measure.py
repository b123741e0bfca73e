"""Measure time and peak memory of the exact metrics against the usual ways.

    python experiments/exact-scores/measure.py [results.csv]

Each way runs in a process of its own, so that its peak memory is its own (`ru_maxrss`; the inputs
are in it). A way that needs more than `--limit-gb` of address space dies and is reported as such.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from facesearch.metrics.all_pairs import rank_pairs
from facesearch.metrics.search import top_k
from facesearch.metrics.verification import unit_rows

DIMENSION, FACES_PER_IDENTITY = 256, 10


def clustered_faces(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random embeddings; genuine cosines are about 0.2, so that the EER is 5 %."""
    rng = np.random.default_rng(0)
    identities = np.arange(count) // FACES_PER_IDENTITY
    centres = rng.normal(size=(identities[-1] + 1, DIMENSION)).astype(np.float32)
    noise = rng.normal(size=(count, DIMENSION)).astype(np.float32)
    order = rng.permutation(count)
    return (centres[identities] + 2 * noise)[order], identities[order]


def inputs_only(count: int) -> str:
    """Make the embeddings, as all ways of all pairs do."""
    return f"{len(clustered_faces(count)[0])} faces"


def ours_all_pairs(count: int) -> str:
    """Count ranks tile by tile."""
    ranks = rank_pairs(*clustered_faces(count))
    return f"TAR {ranks.tar_at_far(1e-4):.6f}, EER {ranks.eer():.8f}, AUC {ranks.auc():.8f}"


def pair_scores(vectors: np.ndarray, identities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines of all pairs: genuine (same identity) and impostor."""
    unit, count, block = unit_rows(vectors), len(vectors), 1024
    genuine, impostor = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    for start in range(0, count, block):
        rows = np.arange(start, min(start + block, count))
        scores = unit[rows] @ unit[start:].T
        is_upper = np.arange(start, count)[None] > rows[:, None]
        is_same = identities[rows][:, None] == identities[start:][None]
        genuine.append(scores[is_upper & is_same])
        impostor.append(scores[is_upper & ~is_same])
    return np.concatenate(genuine), np.concatenate(impostor)


def sklearn_all_pairs(count: int) -> str:
    """Keep all scores, and let scikit-learn sort them."""
    from sklearn.metrics import roc_curve

    genuine, impostor = pair_scores(*clustered_faces(count))
    scores = np.concatenate([genuine, impostor])
    is_same = np.zeros(len(scores), dtype=bool)
    is_same[: len(genuine)] = True
    del genuine, impostor
    started = time.perf_counter()
    far, tar, _ = roc_curve(is_same, scores)
    alone = time.perf_counter() - started
    best = int(np.argmin(np.abs(1 - tar - far)))
    area, rate = np.trapezoid(tar, far), tar[np.searchsorted(far, 1e-4, side="right") - 1]
    error = (1 - tar[best] + far[best]) / 2
    return f"TAR {rate:.6f}, EER {error:.8f}, AUC {area:.8f}; roc_curve alone {alone:.0f} s"


def gallery_of(path: Path) -> np.ndarray:
    """Return the gallery as a memory map of float32."""
    return np.load(path / "gallery.npy", mmap_mode="r")


def ours_search(path: Path) -> str:
    """Search block by block."""
    index, score = top_k(gallery_of(path), np.load(path / "probes.npy"), 10)
    return f"sum of indices {index.sum()}, of scores {score.sum(dtype=np.float64):.4f}"


def plain_search(path: Path) -> str:
    """Multiply everything, then argpartition and sort."""
    gallery = unit_rows(np.asarray(gallery_of(path)))
    scores = unit_rows(np.load(path / "probes.npy")) @ gallery.T
    index = np.argpartition(scores, -10, axis=1)[:, -10:]
    score = np.take_along_axis(scores, index, axis=1)
    return f"sum of indices {index.sum()}, of scores {score.sum(dtype=np.float64):.4f}"


def write_gallery(path: Path, gallery_size: int, num_probes: int) -> str:
    """Write a random gallery, and probes that are noisy faces of it."""
    rng = np.random.default_rng(1)
    shape = (gallery_size, DIMENSION)
    gallery = np.lib.format.open_memmap(path / "gallery.npy", "w+", np.float32, shape)
    for start in range(0, gallery_size, 10_000):
        part = gallery[start : start + 10_000]
        part[:] = rng.normal(size=part.shape)
    chosen = gallery[np.sort(rng.choice(gallery_size, num_probes, replace=False))]
    np.save(path / "probes.npy", chosen + rng.normal(size=chosen.shape).astype(np.float32))
    gallery.flush()
    return f"{gallery_size} faces"


_WRITE = "write the gallery"
WAYS: dict[str, Callable[..., str]] = {
    "pairs: making the faces": inputs_only,
    "pairs: facesearch": ours_all_pairs,
    "pairs: scikit-learn": sklearn_all_pairs,
    "search: facesearch": ours_search,
    "search: matmul + argpartition": plain_search,
}


def run_way(args: argparse.Namespace) -> None:
    """Run one way here and print seconds, gigabytes and what it found, by tabs."""
    resource.setrlimit(resource.RLIMIT_AS, (int(args.limit_gb * 2**30),) * 2)
    started = time.perf_counter()
    try:
        if args.way == _WRITE:
            found = write_gallery(args.path, args.gallery, args.probes)
        else:
            found = WAYS[args.way](args.faces if args.way.startswith("pairs") else args.path)
    except MemoryError:
        found = f"died: more than {args.limit_gb:g} GB"
    seconds = time.perf_counter() - started
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{seconds:.1f}\t{peak_gb:.2f}\t{found}")


def run_apart(way: str, folder: str, threads: int) -> list[str]:
    """Run a way in a process of its own; return its name, seconds, gigabytes and what it found."""
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    command = [sys.executable, *sys.argv, "--way", way, "--path", folder]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:  # killed by the system for memory, or a bug
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return [way, "nan", "nan", f"died with code {done.returncode}: {last}"]
    return [way, *done.stdout.strip().split("\t")]


def main() -> None:
    """Run all ways, print a table and write it as CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path)
    parser.add_argument("--faces", type=int, default=20_000)
    parser.add_argument("--gallery", type=int, default=1_000_000)
    parser.add_argument("--probes", type=int, default=1_000)
    parser.add_argument("--limit-gb", type=float, default=16.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="part of the names of the ways to run")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        run_way(args)
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        names = [name for name in WAYS if args.only in name]
        if any(name.startswith("search") for name in names):
            # apart as well: a process starts with the peak memory of the one that started it
            run_apart(_WRITE, folder, args.threads)
        for name in names:
            rows.append(run_apart(name, folder, args.threads))
            print(f"| {' | '.join(rows[-1])} |", flush=True)
    if args.results:
        with args.results.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["way", "seconds", "peak_gb", "found"])
            writer.writerows(rows)


if __name__ == "__main__":
    main()
