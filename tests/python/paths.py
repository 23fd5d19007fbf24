"""Makes the package and the modules of tests/e2e importable: import this first."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "gateway" / "python"
for folder in (ROOT / "tests" / "e2e", PACKAGE / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(1, str(folder))
