"""The house rules that a program can check: imports point down, files and functions stay short, updates are visible."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "gan_zoo"

FLOORS = ("layers", "networks", "losses", "training", "models")
WINGS = ("data", "metrics", "evaluation", "callbacks", "interop")
ROOF = ("cli", "launch", "benchmark", "__init__", "__main__")
LINES = {"layers": 150, "networks": 300, "losses": 120, "training": 120, "models": 150}
# The files that need more than their floor allows, each with its own limit: the one base class, its dealings with
# Lightning, seven schedules; papers of two directions, of several cycles, styles or attention to show. The longest: a
# paper of label maps or pictures, features encoded or stored, and two phases.
LONGER = {
    "training/module.py": 295,
    "training/lightning_bridge.py": 145,
    "training/schedules.py": 190,
    "training/growth.py": 130,
    "training/resume.py": 125,
    "models/cyclegan.py": 175,
    "models/bicyclegan.py": 210,
    "models/pix2pixhd.py": 290,
    "models/munit.py": 200,
    "models/unit.py": 190,
    "models/ugatit.py": 215,
    "models/progan.py": 160,
    "models/stylegan.py": 190,
}

# The base class and its dealings with Lightning: the only files that call backward or an optimiser.
BASE = ("training/module.py", "training/lightning_bridge.py")
# Files whose purpose is what other files must not do.
WAITS = ("training/finite.py", "training/skipped.py")  # the guards against NaN have the one device synchronisation
NAMES_DEVICES = (
    "training/resume.py",
    "training/checkpoint_io.py",
    "training/weight_files.py",
)  # what is stored, by kind of device; read on the CPU
WRITES = ("training/checkpoint_io.py", "training/weight_files.py")

# What a room may import besides itself and `errors`. A floor may import every floor below it.
MAY_IMPORT: dict[str, set[str]] = {floor: set(FLOORS[:rank]) for rank, floor in enumerate(FLOORS)}
MAY_IMPORT["models"] |= {"metrics"}  # a paper says what its validation measures
MAY_IMPORT["training"] |= {"data"}  # published weights come by the same resumed download as data sets
MAY_IMPORT |= {"errors": set(), "data": set(), "metrics": set()}
MAY_IMPORT |= {"interop": {*FLOORS, "data"}, "evaluation": {*FLOORS, "data", "metrics"}}
MAY_IMPORT |= {"callbacks": {*FLOORS, "data", "metrics", "evaluation"}}
MAY_IMPORT |= {name: {*FLOORS, *WINGS, *ROOF} for name in ROOF}


def room(path: Path) -> str:
    """The first part of a file's module path below gan_zoo: "layers", "cli", ..."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources(*rooms: str) -> list[Path]:
    """All source files of the rooms named, or of the package."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if not rooms or room(path) in rooms]


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(), filename=str(path)))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute module name of every import in a file, those inside functions and `if` included."""
    package = ("gan_zoo", *path.relative_to(PACKAGE).parts[:-1])
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            if module == "gan_zoo":
                yield from ((node.lineno, f"gan_zoo.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


def called(node: ast.AST) -> str:
    """The dotted text of what a call calls ("loss.backward"), "" for anything else."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_every_room_of_the_house_has_a_floor() -> None:
    unknown = {room(path) for path in sources()} - set(MAY_IMPORT)
    assert not unknown, f"say in MAY_IMPORT what these may import: {sorted(unknown)}"
    missing = set(FLOORS) - {room(path) for path in sources()}
    assert not missing, f"no source found for {sorted(missing)}: is {PACKAGE} the right folder?"


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_imports_point_down(name: str) -> None:
    allowed = MAY_IMPORT[name] | {name, "errors"}
    wrong = [
        f"{relative(path)}:{line} imports {module}"
        for path in sources(name)
        for line, module in imports(path)
        if module.startswith("gan_zoo.") and module.split(".")[1] in set(MAY_IMPORT) - allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_papers_do_not_import_papers() -> None:
    """But for SA-MUNIT, whose objective is MUNIT's and whose page says no more than where attention stands."""
    exceptions = {"__init__.py", "sa_munit.py"}
    papers = [path for path in sources("models") if path.name not in exceptions]
    assert len((PACKAGE / "models/sa_munit.py").read_text().splitlines()) <= 20
    wrong = [
        f"{relative(path)}:{line} imports {module}"
        for path in papers
        for line, module in imports(path)
        if module.startswith("gan_zoo.models")
    ]
    assert papers
    assert not wrong, "\n".join(wrong)


def test_one_paper_one_file_one_class() -> None:
    for path in sources("models"):
        if path.name != "__init__.py":
            classes = [node.name for node in nodes(path) if isinstance(node, ast.ClassDef)]
            assert [name.lower() for name in classes] == [path.stem.replace("_", "")], relative(path)


@pytest.mark.parametrize("name", sorted(LINES))
def test_files_stay_short(name: str) -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in sources(name)}
    wrong = {path: n for path, n in lengths.items() if n > LONGER.get(path, LINES[name])}
    assert not wrong


def test_functions_stay_short() -> None:
    """At most 30 lines, docstring and signature not counted: explaining and typing more must not cost anything."""
    wrong = []
    for path in sources():
        for node in nodes(path):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            documented = ast.get_docstring(node, clean=False) is not None
            code = node.body[1:] if documented else node.body
            length = (node.end_lineno or 0) - code[0].lineno + 1 if code else 0
            if length > 30:
                wrong.append(f"{relative(path)}:{node.lineno} {node.name} has {length} lines")
    assert not wrong, "\n".join(wrong)


def test_each_source_file_has_its_test() -> None:
    tests = {path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    wrong = []
    for path in sources():
        if path.name in ("__init__.py", "__main__.py"):
            continue
        folders = path.relative_to(PACKAGE).parts[:-1]
        named = [test for test in tests if test.name == f"test_{path.stem.removeprefix('_')}.py"]
        if not any(set(folders) <= set(test.parts) for test in named):
            wrong.append(relative(path))
    assert not wrong, f"no test of the same name: {wrong}"


def test_only_the_base_class_calls_backward_and_optimisers() -> None:
    verb = re.compile(r"(\.|^)(backward|manual_backward|zero_grad)$|optim\w*(\(\))?(\[.*\])?\.step$")
    wrong = [
        f"{relative(path)}:{node.lineno} {called(node)}"
        for path in sources(*FLOORS, *WINGS)
        if relative(path) not in BASE
        for node in nodes(path)
        if verb.search(called(node))
    ]
    assert not wrong, "\n".join(wrong)
    for name in BASE:
        calls = [called(node) for node in nodes(PACKAGE / name)]
        assert any(verb.search(call) for call in calls), f"{name} calls none: is the pattern above still right?"


def test_floors_do_not_wait_for_the_device_nor_name_one() -> None:
    wrong = []
    for path in sources(*FLOORS):
        for node in nodes(path):
            name = called(node)
            if relative(path) not in WAITS and re.search(r"\.(item|cuda|cpu|tolist)$|cuda\.synchronize$", name):
                wrong.append(f"{relative(path)}:{node.lineno} {name}()")
            device = isinstance(node, ast.Constant) and re.fullmatch(r"(cuda|cpu|mps)(:\d+)?", str(node.value))
            if device and relative(path) not in NAMES_DEVICES:
                wrong.append(f"{relative(path)}:{node.lineno} {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def test_floors_write_and_print_nothing() -> None:
    wrong = [
        f"{relative(path)}:{node.lineno} {called(node)}"
        for path in sources(*FLOORS)
        if relative(path) not in WRITES
        for node in nodes(path)
        if re.search(r"^(open|print)$|\.(write_text|write_bytes|save_image|mkdir|unlink)$|^torch\.save$", called(node))
    ]
    assert not wrong, "\n".join(wrong)


def is_text(node: ast.expr) -> bool:
    """A string, or a tuple, list or set of strings, written out."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(is_text(item) for item in node.elts)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return not re.fullmatch(r"_\w+_", node.value)  # Hydra's own keys (_target_) are its grammar, not choices
    return False


def test_floors_choose_behaviour_by_objects_not_strings() -> None:
    wrong = []
    for path in sources(*FLOORS):
        for node in nodes(path):
            if isinstance(node, ast.Compare):
                equal = any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
                sides = [node.left, *node.comparators] if equal else node.comparators
                if any(is_text(side) for side in sides):
                    wrong.append(f"{relative(path)}:{node.lineno} {ast.unparse(node)}")
            if isinstance(node, ast.MatchValue) and is_text(node.value):
                wrong.append(f"{relative(path)}:{node.lineno} case {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def test_files_are_never_unpickled() -> None:
    for path in sources():
        modules = {module.split(".")[0] for _, module in imports(path)}
        assert not modules & {"dill", "cloudpickle", "shelve", "marshal"}, relative(path)
        for node in nodes(path):
            assert not re.search(r"pickle\.(loads?|Unpickler)$", called(node)), f"{relative(path)}:{node.lineno}"
            if called(node) in ("torch.load", "np.load", "numpy.load"):
                assert isinstance(node, ast.Call)
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                plain = given.get("allow_pickle", "False") == "False"
                safe = given.get("weights_only") == "True" if called(node) == "torch.load" else plain
                assert safe, f"{relative(path)}:{node.lineno}"


def test_the_one_unpickler_finds_its_own_names_alone() -> None:
    # Official weights are pickles: this reader calls nothing but functions of its own file.
    found = {relative(path) for path in sources() if re.search(r"Unpickler\b(?!Error)", path.read_text())}
    assert found == {"interop/pickled.py"}
    text = (PACKAGE / "interop/pickled.py").read_text()
    assert "def find_class" in text
    assert not re.search(r"super\(\)|__import__|import_module|getattr|\beval\b|\bexec\b", text)


def test_third_party_imports_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    declared = {re.split(r"[^A-Za-z0-9_-]", item)[0].lower().replace("-", "_") for item in required}
    modules = {"hydra_core": "hydra", "pillow": "PIL", "scikit_learn": "sklearn", "hydra_submitit_launcher": "submitit"}
    known = {modules.get(name, name) for name in declared} | set(sys.stdlib_module_names) | {"gan_zoo"}
    wrong = {
        f"{relative(path)}:{line} {module}"
        for path in sources()
        for line, module in imports(path)
        if module.split(".")[0] not in known
    }
    assert not wrong, f"not in pyproject.toml: {sorted(wrong)}"


def test_model_configs_stay_short() -> None:
    files = sorted((ROOT / "conf" / "model").glob("*.yaml"))
    assert files
    for path in files:
        assert len(path.read_text().splitlines()) <= 40, path.name


def run_python(code: str) -> str:
    """What a fresh interpreter prints last for a piece of code."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_importing_the_package_is_quick_and_without_torch() -> None:
    code = """
import sys, time
start = time.perf_counter()
import gan_zoo
print(time.perf_counter() - start, "torch" in sys.modules)
"""
    seconds, torch_imported = zip(*(run_python(code).split() for _ in range(5)), strict=True)
    assert set(torch_imported) == {"False"}
    assert min(map(float, seconds)) < 0.3


OPTIONAL = ("wandb", "scipy", "sklearn", "torch_fidelity", "lpips", "matplotlib", "tensorboard", "optuna", "submitit")
# Makes this interpreter one in which OPTIONAL is not installed: neither modules nor their metadata are found.
WITHOUT = f"""
import sys
from importlib.machinery import PathFinder

class Without:
    def __getattr__(self, name):
        return getattr(PathFinder, name)

    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] in {OPTIONAL} else PathFinder.find_spec(name, path, target)

    def find_distributions(self, context):
        found = PathFinder.find_distributions(context)
        return (one for one in found if one.metadata["Name"].replace("-", "_").lower() not in {OPTIONAL})

sys.meta_path[sys.meta_path.index(PathFinder)] = Without()
"""


@pytest.mark.slow
def test_training_needs_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    """As if they were not installed: where they are, Lightning's torchmetrics imports SciPy and torch-fidelity."""
    arguments = ["train", "debug=tiny", f"hydra.run.dir={tmp_path / 'run'}"]
    code = f"{WITHOUT}\nfrom gan_zoo.cli import main\nassert main({arguments}) == 0\n"
    assert run_python(f"{code}print([name for name in {OPTIONAL} if name in sys.modules])") == "[]"
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()


def test_optional_packages_are_imported_late() -> None:
    """Only inside functions, so that training imports them when it uses them."""
    wrong = [
        f"{relative(path)}:{node.lineno}"
        for path in sources()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name.split(".")[0] in OPTIONAL
    ]
    assert not wrong
