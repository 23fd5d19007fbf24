"""bench/gate/gate.py, to be tested."""
import importlib.util
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = ROOT / "bench" / "gate" / "gate.py"


def load():
    spec = importlib.util.spec_from_file_location("gate", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
