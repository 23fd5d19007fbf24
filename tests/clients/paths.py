"""Makes the modules of tests/e2e importable: import this first."""
import pathlib
import sys

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
if str(E2E) not in sys.path:
    sys.path.insert(1, str(E2E))
