from pathlib import Path

import pytest
from mlflow.entities import ViewType

from facesearch.errors import InputError
from facesearch.space import load_space
from facesearch.tracking.store import resolve_store
from facesearch.tuning.folder import open_sweep
from facesearch.tuning.ledger import Ledger
from facesearch.tuning.sync import sync_sweep

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_a_sweep_that_mlflow_never_saw_is_written_once_and_nothing_is_left_running(
    tmp_path: Path,
) -> None:
    (tmp_path / "space.yaml").write_text("name: toy\noptim: {lr: {uniform: [0.1, 1]}}")
    space = load_space(tmp_path / "space.yaml")
    folder = open_sweep(space, "faces", tmp_path)
    folder.ledger.append("session", trials=2, time_s=None)
    for number, epochs in enumerate((3, 1)):
        folder.ledger.append("drawn", trial=number, draw=number, point={"optim.lr": 0.5})
        folder.ledger.append("started", trial=number, attempt=1)
        for epoch in range(epochs):
            values = {"score": 0.1 * epoch, "seconds": 1.0}
            folder.ledger.append("epoch", trial=number, attempt=1, values=values)
    folder.ledger.append("ended", trial=0, outcome="completed", message="")
    store = resolve_store(None, tmp_path)
    with pytest.raises(InputError, match="has this sweep open"):
        sync_sweep(folder.path, store, lambda reason: None)
    folder.ledger.close()
    failures: list[str] = []
    for _ in range(2):
        assert sync_sweep(folder.path, store, failures.append) and failures == []
    client = store.client()
    runs = client.search_runs([store.experiment_id(client)], run_view_type=ViewType.ALL)
    status = {run.data.tags.get("facesearch.trial", "sweep"): run.info.status for run in runs}
    assert status == {"0": "FINISHED", "1": "KILLED", "sweep": "KILLED"} and len(runs) == 3
    whole = next(run for run in runs if run.data.tags.get("facesearch.trial") == "0")
    assert [m.step for m in client.get_metric_history(whole.info.run_id, "score")] == [1, 2, 3]
    with Ledger(folder.path) as ledger:
        assert ledger.notes == []
