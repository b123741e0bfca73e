import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "facesearch"
# The reading order: a part imports only parts that stand before it.
ORDER = [
    "errors", "progress", "config", "yaml_text", "space", "data", "models", "heads", "metrics",
    "training", "tracking", "tuning", "final", "report", "cli",
]  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))
# The records of a sweep are plain data that the tracker writes down.
ALLOWED = {("tracking", "facesearch.tuning.records")}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names


def test_imports_point_one_way() -> None:
    upward = []
    for path in FILES:
        part = part_of(path)
        if part == "__init__":
            continue
        for name in imports(path):
            if not name.startswith("facesearch.") or (part, name) in ALLOWED:
                continue
            if ORDER.index(name.split(".")[1]) > ORDER.index(part):
                upward.append(f"{path.name} imports {name}")
    assert upward == []


def test_no_file_is_long() -> None:
    assert [p.name for p in FILES if len(p.read_text().splitlines()) > 300] == []


def test_only_the_outer_parts_know_ray_mlflow_and_optuna() -> None:
    heavy = {"ray", "mlflow", "optuna"}
    files = [p for p in FILES if p.parent.name != "doctor"]  # it looks at all that is installed
    knows = {part_of(p) for p in files for name in imports(p) if name.split(".")[0] in heavy}
    assert knows <= {"tracking", "tuning", "final", "report"}
