from collections import Counter
from typing import Any

import pytest
from sweeps import in_mlflow, simulated_sweep

from facesearch.errors import InputError
from facesearch.tracking.boards import StoreReader
from facesearch.tracking.lookup import detail_of, only_run, split_number, trial_run


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> StoreReader:
    folder = simulated_sweep(tmp_path_factory.mktemp("runs"), trials=8)
    return StoreReader(in_mlflow(folder))


def test_a_word_may_name_sweep_and_trial() -> None:
    assert split_number("arcface-0001/017") == ("arcface-0001", 17)
    assert split_number("runs/a/3") == ("runs/a", 3)
    for word in ("3f2b91c0", "runs/a", "/3", "a/3b"):
        assert split_number(word) is None


def test_the_beginning_of_an_id_is_enough_if_it_is_the_only_one(reader: Any) -> None:
    ids = [row.run_id for row in reader.board(reader.sweeps()[0]).rows]
    for run_id in ids:
        assert only_run(reader, run_id[:12]).info.run_id == run_id
        assert only_run(reader, run_id).info.run_id == run_id
    for word in ("ab", "' OR 1", "made-up", "%%%"):
        assert only_run(reader, word) is None


def test_several_are_told_with_what_tells_them_apart(reader: Any) -> None:
    client = reader.client
    while True:  # until two ids begin alike, as they do after a few hundred
        ids = [run.info.run_id for run in reader.runs("")]
        begin, count = Counter(one[:3] for one in ids).most_common(1)[0]
        if count > 1:
            break
        for number in range(20):
            tags = {"facesearch.kind": "final", "mlflow.runName": f"final of {number}"}
            client.create_run(reader.experiment, tags=tags)
    with pytest.raises(InputError, match=f"{count} runs begin with '{begin}'; write more") as told:
        only_run(reader, begin)
    lines = str(told.value).splitlines()[1:]
    named = [line.split()[0] for line in lines]
    assert len(set(named)) == count
    assert all(any(one.startswith(name) for one in ids) for name in named)


def test_a_trial_is_told_in_full(reader: Any) -> None:
    run = trial_run(reader, reader.sweeps()[0], 7)
    reader.client.log_text(run.info.run_id, "text", "notes/deep/a.txt")
    detail = detail_of(reader, run)
    assert (detail.kind, detail.row.outcome, detail.status) == ("trial", "out_of_memory", "failed")
    assert detail.message == "the loss is not finite"
    assert detail.config["head"]["type"] == detail.row.params["head"]
    assert detail.artifacts == ["notes/deep/a.txt"]
    assert {"git", "faces_sha256", "version.torch", "started", "ended"} <= set(detail.provenance)
    full = detail_of(reader, trial_run(reader, reader.sweeps()[0], 1))
    assert len(full.curves["score"]) == full.row.epochs and "epochs" not in full.curves
    assert full.curves["score"][-1] == full.row.score


def test_what_is_not_there_is_told(reader: Any) -> None:
    with pytest.raises(InputError, match="holds no trial 099 of made-up-0001"):
        trial_run(reader, reader.sweeps()[0], 99)
    run = reader.client.create_run(reader.experiment)
    with pytest.raises(InputError, match="was not made by facesearch"):
        detail_of(reader, run)


def test_files_that_cannot_be_listed_hide_nothing_else(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no credentials")

    monkeypatch.setattr(reader.client, "list_artifacts", fail)
    assert detail_of(reader, trial_run(reader, reader.sweeps()[0], 1)).artifacts == []
