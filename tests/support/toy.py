"""Trials that train nothing, for tests of the sweep itself."""

import os
import time
from typing import Any

import ray
from ray import tune


class Toy:
    """Report ``epochs`` scores that hang on the learning rate; fail as the point's head says."""

    def __init__(self, epochs: int = 3, seconds: float = 0.0) -> None:
        self.epochs, self.seconds = epochs, seconds

    def __call__(self, config: dict[str, Any]) -> None:
        point = config["point"]
        lr, head = point["optim.lr"], point.get("head")
        node_id = ray.get_runtime_context().get_node_id()
        tune.report({"epoch": 0, "node_id": node_id})
        if head == "softmax":
            tune.report({"epoch": 0, "outcome": "diverged", "message": "toy"})
            return
        if head == "normface":
            os._exit(1)
        if head == "uniface":
            time.sleep(300)
        for epoch in range(config["epochs"] + 1, self.epochs + 1):
            time.sleep(self.seconds)
            tune.report({"epoch": epoch, "scores": [lr * epoch], "seconds": self.seconds})
