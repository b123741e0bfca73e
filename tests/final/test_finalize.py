import json
from pathlib import Path

import pytest

from facesearch.config import RunConfig
from facesearch.errors import InputError
from facesearch.final.finalize import config_of_run, finalize
from facesearch.tracking.store import Store, resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def trial_run(store: Store, config: RunConfig | None) -> str:
    client = store.client()
    tags = {"facesearch.kind": "trial", "facesearch.outcome": "completed"}
    if config:
        tags["facesearch.config"] = config.model_dump_json()
    return str(client.create_run(store.experiment_id(client), tags=tags).info.run_id)


def test_a_trial_is_retrained_verified_and_logged(small_config: RunConfig, tmp_path: Path) -> None:
    store = resolve_store(None, tmp_path)
    run_id, seen = trial_run(store, small_config), []
    final = finalize(
        store, run_id[:9], runs_dir=tmp_path, epochs=2,
        on_epoch=lambda result, epochs: seen.append((result.epoch, epochs)),
    )  # fmt: skip
    assert seen == [(1, 2), (2, 2)]
    told = json.loads((final.folder / "figures.json").read_text())
    for name in ("dev/top1", "unknown_dev/rank1"):
        assert told[name]["low"] <= told[name]["value"] <= told[name]["high"]
    client = store.client()
    run = client.get_run(final.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["final/dev/top1"] == told["dev/top1"]["value"]
    logged = {file.path for file in client.list_artifacts(final.run_id, "model")}
    assert {"model/model.safetensors", "model/manifest.json"} <= logged


def test_a_run_of_another_tool_is_refused(tmp_path: Path) -> None:
    store = resolve_store(None, tmp_path)
    with pytest.raises(InputError, match="holds no facesearch config"):
        config_of_run(store, trial_run(store, None))
