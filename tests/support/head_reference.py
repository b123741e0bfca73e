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


def sphereface_target(cos: float, margin: int) -> float:
    theta = math.acos(max(-1.0, min(1.0, cos)))
    k = next(k for k in range(margin) if theta <= (k + 1) * math.pi / margin or k == margin - 1)
    return (-1) ** k * math.cos(margin * theta) - 2 * k


def combined_target(cos: float, factor: float, added: float, subtracted: float) -> float:
    angle = factor * math.acos(max(-1.0, min(1.0, cos))) + added
    k = int(angle // math.pi)
    return (-1) ** k * math.cos(angle) - 2 * k - subtracted


def curricular_row(cosines: list[float], label: int, margin: float, t: float) -> list[float]:
    target = arcface_target(cosines[label], margin)
    row = [c * (t + c) if c > target else c for c in cosines]
    row[label] = target
    return row


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def uniface_face(
    cosines: list[float], label: int, scale: float, margin: float, bias: float, weight: float
) -> float:
    loss = softplus(-(scale * (cosines[label] - margin) - bias))
    for j, cos in enumerate(cosines):
        if j != label:
            loss += weight * softplus(scale * cos - bias)
    return loss


def norm(x: list[float]) -> float:
    return math.sqrt(sum(a * a for a in x))


def triplet_loss(faces: list[list[float]], labels: list[int], margin: float, scale: float) -> float:
    """Mean over all triplets that violate the margin, on distances of unit vectors."""
    unit = [[a / norm(x) for a in x] for x in faces]
    violations = []
    for a, p in ((a, p) for a in range(len(faces)) for p in range(len(faces))):
        if a == p or labels[a] != labels[p]:
            continue
        for n in range(len(faces)):
            if labels[n] != labels[a]:
                v = math.dist(unit[a], unit[p]) - math.dist(unit[a], unit[n]) + margin
                if v > 0:
                    violations.append(v)
    return scale * sum(violations) / len(violations)


def supcon_loss(faces: list[list[float]], labels: list[int], temperature: float) -> float:
    total = 0.0
    for i, x in enumerate(faces):
        others = [j for j in range(len(faces)) if j != i]
        logits = {j: cosine(x, faces[j]) / temperature for j in others}
        log_sum = math.log(sum(math.exp(v) for v in logits.values()))
        same = [j for j in others if labels[j] == labels[i]]
        total += -sum(logits[j] - log_sum for j in same) / len(same)
    return total / len(faces)


def circle_loss(faces: list[list[float]], labels: list[int], m: float, gamma: float) -> float:
    losses = []
    for i, x in enumerate(faces):
        positive, negative = 0.0, 0.0
        for j, y in enumerate(faces):
            if i == j:
                continue
            s = cosine(x, y)
            if labels[i] == labels[j]:
                positive += math.exp(-gamma * max(0.0, 1 + m - s) * (s - (1 - m)))
            else:
                negative += math.exp(gamma * max(0.0, s + m) * (s - m))
        losses.append(math.log1p(positive * negative))
    return sum(losses) / len(losses)


def multi_similarity_loss(
    faces: list[list[float]], labels: list[int], alpha: float, beta: float, base: float
) -> float:
    total = 0.0
    for i, x in enumerate(faces):
        positive = negative = 0.0
        for j, y in enumerate(faces):
            if i != j and labels[i] == labels[j]:
                positive += math.exp(-alpha * (cosine(x, y) - base))
            elif i != j:
                negative += math.exp(beta * (cosine(x, y) - base))
        total += math.log1p(positive) / alpha + math.log1p(negative) / beta
    return total / len(faces)
