"""The gate as a program, on one part: that it counts the same twice, and sees what it has to see."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import gate_module

PROGRAM = pathlib.Path(os.environ["EMOSTAGE_BIN"]) / "emostage-gate"
PART = "broker-memory"


class GateProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.counts = pathlib.Path(cls.folder.name) / "counts.json"
        done = cls.gate("--update")
        assert done.returncode == 0, done.stderr
        cls.made = json.loads(cls.counts.read_text())

    @classmethod
    def gate(cls, *arguments, environment=None, program=PROGRAM):
        return subprocess.run([sys.executable, "-B", gate_module.PATH, program, "--counts", cls.counts, "--part", PART,
                               *arguments], capture_output=True, text=True, env=environment)

    def keep(self, made_with=None, **factors):
        figures = {name: int(value * factors.get(name, 1)) for name, value in self.made["instructions"][PART].items()}
        self.counts.write_text(json.dumps({"made_with": made_with or self.made["made_with"],
                                           "instructions": {PART: figures}}))

    def test_counts_are_the_same_whoever_asks(self):
        done = self.gate("--update", environment={"PATH": os.environ["PATH"], "NOISE": "x" * 4000})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        again = json.loads(self.counts.read_text())["instructions"][PART]
        for name, value in self.made["instructions"][PART].items():
            self.assertLess(abs(again[name] - value) / value, 0.005, name)

    def test_what_is_off_fails_and_shows_where_the_instructions_are(self):
        self.keep(token=0.9, merged_token=1.1)
        done = self.gate()
        self.assertEqual(done.returncode, 1)
        self.assertIn("More than 3 % worse: broker-memory token.", done.stdout)
        self.assertIn("More than 3 % better: broker-memory merged_token.", done.stdout)
        self.assertRegex(done.stdout, r"broker-memory token: most of its instructions are in\n( +[\d,]+  .+\n){10}")
        self.assertNotIn("merged_token: most", done.stdout)

    def test_counts_of_another_compiler_are_not_compared(self):
        self.keep(made_with={**self.made["made_with"], "compiler": "1.0"}, token=0.5)
        done = self.gate()
        self.assertEqual(done.returncode, 77)
        self.assertRegex(done.stdout, r"compiler: \S+ here, 1\.0 in counts\.json")

    def test_a_program_that_fails_is_no_gate_passed(self):
        done = self.gate(program="/bin/false")
        self.assertEqual(done.returncode, 1)
        self.assertIn("false", done.stderr)


if __name__ == "__main__":
    unittest.main()
