"""Slow references in plain Python floats, written from the papers."""

import math


def cosine(x: list[float], w: list[float]) -> float:
    dot = sum(a * b for a, b in zip(x, w, strict=True))
    return dot / math.sqrt(sum(a * a for a in x)) / math.sqrt(sum(b * b for b in w))


def arcface_target(cos: float, margin: float) -> float:
    theta = math.acos(max(-1.0, min(1.0, cos)))
    if theta + margin > math.pi:
        return cos - margin * math.sin(margin)
    return math.cos(theta + margin)


def adaface_target(cos: float, margin: float, z: float) -> float:
    theta = math.acos(max(-1.0, min(1.0, cos)))
    angle = theta - margin * z
    if angle < 0:
        moved = 1 + cos - math.cos(margin * z)
    elif angle > math.pi:
        moved = cos - margin * z * math.sin(margin * z)
    else:
        moved = math.cos(angle)
    return moved - (margin + margin * z)


def cross_entropy(logits: list[list[float]], labels: list[int], smoothing: float = 0.0) -> float:
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        top = max(row)
        log_sum = top + math.log(sum(math.exp(v - top) for v in row))
        uniform = sum(log_sum - v for v in row) / len(row)
        total += (1 - smoothing) * (log_sum - row[label]) + smoothing * uniform
    return total / len(labels)
