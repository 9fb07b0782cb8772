"""Imports run only down the floors of the package and never in a circle; they are read, not run."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the ground up: a room imports only from its own floor and from those below it.
FLOORS = [
    ["errors", "console", "web"],
    ["files", "config", "backend"],
    ["networks", "data"],
    ["training", "runs", "features"],
    ["generation", "preparation"],
    ["directions", "export", "metrics", "quiz"],
    ["comparison", "commands", "sampling", "studio"],
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# A trained generator is used without its training, although that lies on a lower floor.
WITHOUT_TRAINING = {
    "directions",
    "generation",
    "metrics",
    "quiz",
    "comparison",
    "sampling",
    "studio",
}
# The one place outside anime_gan/backend/ that needs TensorFlow itself: TFRecords are its format.
TFRECORDS = "anime_gan/preparation/writing.py"


def python_files(*folders: str) -> dict[str, Path]:
    """The scripts and the Python files of folders, by the names that import them."""
    paths = [*ROOT.glob("*.py"), *(p for folder in folders for p in (ROOT / folder).rglob("*.py"))]
    names = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in sorted(paths)}
    return {name.replace("/", ".").removesuffix(".__init__"): path for name, path in names.items()}


def imports_in(source: str) -> Iterator[str]:
    """The names that a file imports, inside functions too, except under `if TYPE_CHECKING`."""
    nodes: list[ast.AST] = [ast.parse(source)]
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        nodes.extend(ast.iter_child_nodes(node))


@pytest.fixture(scope="module")
def package() -> dict[str, set[str]]:
    """The modules of the package and the scripts, and which of each other they import."""
    paths = python_files("anime_gan")
    graph: dict[str, set[str]] = {}
    for module, path in paths.items():
        graph[module] = set()
        for name in imports_in(path.read_text(encoding="utf-8")):
            while name and name not in paths:  # of "module.function" the module
                name = name.rpartition(".")[0]
            graph[module] |= {name} - {"", "anime_gan"}
    return graph


def test_imports_run_only_downwards(package):
    """Nor from the package to a script, nor from what uses a generator to what trains it."""
    upwards = []
    for module, targets in package.items():
        for target in targets if module.startswith("anime_gan.") else ():
            room, other = module.split(".")[1], target.split(".")[1:2]
            height = FLOOR_OF[other[0]] if other else len(FLOORS)
            if height > FLOOR_OF[room] or (room in WITHOUT_TRAINING and other == ["training"]):
                upwards.append(f"{module} imports {target}")
    assert not upwards, "\n".join(upwards)


def test_no_module_imports_itself_through_others(package):
    """An import inside a function only hides a circle, so it counts."""
    graphlib.TopologicalSorter(package).prepare()  # CycleError names the modules of one


def test_only_the_backend_imports_tensorflow_or_jax():
    """The rest is written once for both, in Keras and NumPy."""
    wrong = []
    for module, path in python_files("anime_gan", "benchmarks").items():
        names = {name.split(".")[0] for name in imports_in(path.read_text(encoding="utf-8"))}
        allowed = {"tensorflow"} if path == ROOT / TFRECORDS else set()
        if names & {"tensorflow", "jax"} - allowed and not module.startswith("anime_gan.backend"):
            wrong.append(module)
    assert not wrong


def test_networks_start_no_backend():
    """Which device and which precision there are is the script's to find out."""
    texts = {path: path.read_text() for path in (ROOT / "anime_gan/networks").rglob("*.py")}
    assert not [path for path, text in texts.items() if "backend.start" in text]


def test_nothing_edits_the_path_of_imports():
    """Modules are found where they lie: from the clone, with `python -m`, or installed."""
    wrong = []
    for module, path in python_files("anime_gan", "benchmarks", "tests").items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
                wrong.append(module)
    assert not wrong


def test_files_and_functions_are_short():
    """At most 400 and 60 lines, as CONTRIBUTING.md says."""
    for name, path in python_files("anime_gan", "benchmarks", "tests").items():
        source = path.read_text()
        assert source.count("\n") <= 400, name
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{name}.{node.name}"
