"""The page's modules without I/O, by node's own test runner: machines/*.test.mjs."""
import json
import pathlib
import re
import subprocess
import unittest

import paths  # noqa: F401
from wanted import program

HERE = pathlib.Path(__file__).resolve().parent
TESTS_MIN = 50


class MachinesTest(unittest.TestCase):
    def test_the_modules_of_the_page(self):
        node = program("node")
        files = sorted((HERE / "machines").glob("*.test.mjs"))
        # All in one process: `node --test` would start one for each file.
        imports = "".join(f"await import({json.dumps(file.as_uri())});" for file in files)
        run = subprocess.run([node, "--input-type=module", "-e", imports],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout[-8000:] + run.stderr[-2000:])
        passed = sum(map(int, re.findall(r"^(?:#|ℹ) pass (\d+)$", run.stdout, re.M)))
        self.assertGreaterEqual(passed, TESTS_MIN)


if __name__ == "__main__":
    unittest.main()
