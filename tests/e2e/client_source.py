"""Makes the package `emostage` importable from its sources: import this first."""
import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "gateway" / "python" / "src"
if str(SOURCE) not in sys.path:
    sys.path.insert(1, str(SOURCE))
