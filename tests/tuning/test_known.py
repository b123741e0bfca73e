from pathlib import Path

from sweeps import simulated_sweep

from facesearch.tuning.folder import opening
from facesearch.tuning.known import left_outcomes, sweep_folders
from facesearch.tuning.ledger import Ledger


def test_a_sweep_is_left_while_no_process_has_it_open(tmp_path: Path) -> None:
    first, second = (
        simulated_sweep(tmp_path, trials=1, num_failed=0, epochs=3, seed=n) for n in range(2)
    )
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "ledger").write_text("nonsense\n")
    ids = [str(opening(folder)["sweep_id"]) for folder in (first, second)]
    assert sweep_folders(tmp_path) == dict(zip(ids, (first, second), strict=True))
    assert left_outcomes(tmp_path) == {one: {0: "completed"} for one in ids}
    with Ledger(first):
        assert left_outcomes(tmp_path).keys() == {ids[1]}
    assert left_outcomes(tmp_path).keys() == set(ids) and left_outcomes(tmp_path / "none") == {}
