"""`--check-config` refuses what is broken, with file, line and the nearest right name; and only that."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from cluster import BIN, PIPELINES


class CheckConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pipelines = pathlib.Path(folder.name) / "pipelines"
        shutil.copytree(PIPELINES, self.pipelines)
        self.file = self.pipelines / "emostage" / "pipeline.yaml"

    def check(self, program="emostage-worker", *arguments):
        if program == "emostage-worker":
            arguments = ("--endpoint", "http://127.0.0.1:9/v1", "--pipelines", self.pipelines,
                         *arguments)
        done = subprocess.run([BIN / program, "--check-config", *map(str, arguments)],
                              capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def change(self, old, new):
        text = self.file.read_text()
        self.assertIn(old, text)
        line = text[: text.index(old)].count("\n") + 1
        self.file.write_text(text.replace(old, new, 1))
        return line

    def check_refused(self, line, *words):
        code, said = self.check()
        self.assertEqual(code, 2 if code == 2 else 1, said)
        where = re.search(r"emostage/pipeline\.yaml:(\d+)", said)
        self.assertTrue(where, said)
        self.assertEqual(int(where.group(1)), line, said)
        for word in words:
            self.assertIn(word, said)
        self.assertLess(len(said.splitlines()), 6, "a sentence, not a dump")

    def test_what_ships_is_right(self):
        self.assertEqual(self.check()[0], 0, self.check()[1])
        self.assertEqual(self.check("emostage-broker")[0], 0)
        self.assertEqual(self.check("emostage-gateway")[0], 0)

    def test_a_misspelt_key_is_refused_with_the_right_one(self):
        self.check_refused(self.change("budget_ms: 8000", "budgetms: 8000"), "budget_ms")

    def test_a_stage_after_one_that_is_not_there(self):
        line = self.change("after: [perspective, phase]", "after: [perspective, phases]")
        self.check_refused(line, "phases", "phase")

    def test_a_cycle(self):
        self.change("prompt: emostage/phase", "after: [response]\n    prompt: emostage/phase")
        code, said = self.check()
        self.assertNotEqual(code, 0)
        self.assertRegex(said, r"emostage/pipeline\.yaml:\d+")

    def test_a_prompt_that_one_language_lacks(self):
        (self.pipelines / "emostage" / "phase.zh.mustache").unlink()
        code, said = self.check()
        self.assertNotEqual(code, 0)
        self.assertIn("phase.zh.mustache", said)
        self.assertRegex(said, r"pipeline\.yaml:\d+")

    def test_a_default_that_is_no_label(self):
        line = self.change("default: exploring", "default: exploding")
        self.check_refused(line, "exploring")

    def test_text_that_is_not_yaml(self):
        self.file.write_text("stages:\n  a: [1, 2\n  b: }\n")
        code, said = self.check()
        self.assertNotEqual(code, 0)
        self.assertRegex(said, r"emostage/pipeline\.yaml:\d+")

    def test_a_brokers_file_with_a_misspelt_key(self):
        file = self.pipelines.parent / "broker.yaml"
        file.write_text("commands: tcp://127.0.0.1:0\nlimts:\n  text_bytes: 10\n")
        code, said = self.check("emostage-broker", "--config", file)
        self.assertNotEqual(code, 0)
        self.assertIn("broker.yaml:2", said)
        self.assertIn("limits", said)


if __name__ == "__main__":
    unittest.main()
