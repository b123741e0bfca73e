"""Trials that train nothing, for tests of the sweep itself."""

import os
import time
from typing import Any

from ray import tune


class Toy:
    """Report ``epochs`` scores that hang on the learning rate; fail as the point's rate says."""

    def __init__(self, epochs: int = 3, seconds: float = 0.0) -> None:
        self.epochs, self.seconds = epochs, seconds

    def __call__(self, point: dict[str, Any]) -> None:
        lr = point["optim.lr"]
        if point.get("head") == "softmax":
            tune.report({"epoch": 1, "score": 0.0, "outcome": "diverged", "message": "toy"})
            return
        if point.get("head") == "normface":
            os._exit(1)
        for epoch in range(1, self.epochs + 1):
            time.sleep(self.seconds)
            tune.report({"epoch": epoch, "score": lr * epoch, "outcome": "", "seconds": 0.0})
