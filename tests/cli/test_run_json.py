import json
import math

from facesearch.cli.run_json import as_csv, final_objects, finite, row_objects
from facesearch.tracking.rows import Final, Row


def test_csv_leaves_empty_what_is_not_there() -> None:
    rows = [Row("a", "s", 0, "pruned", 1, 0.5, None, {"lr": 0.1}),
            Row("b", "s", 1, "failed", params={"head": 'a "b", c'})]  # fmt: skip
    names = ["run", "trial", "score", "lr", "head"]
    assert as_csv(rows, names) == 'run,trial,score,lr,head\na,0,0.5,0.1,\nb,1,,,"a ""b"", c"\n'


def test_json_has_null_for_what_is_no_number() -> None:
    (told,) = row_objects([Row("a", "s", 0, "diverged", 1, math.nan, None, {}, {"x": math.inf})])
    assert (told["score"], told["metrics"], told["started"]) == (None, {"x": None}, "")
    final = Final("f", "n", "t", "finished", None, {"dev/top1": (0.5, math.nan, 0.6)})
    (told,) = final_objects([final])
    assert told["figures"] == {"dev/top1": {"value": 0.5, "low": None, "high": 0.6}}
    json.dumps(told, allow_nan=False)
    assert finite([1.0, {"a": -math.inf}, "x"]) == [1.0, {"a": None}, "x"]
