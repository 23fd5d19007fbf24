"""The package as others get it: types that mypy finds right, and an installation without a network."""
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from paths import PACKAGE, ROOT
import emostage

PROGRAM = """
import pathlib, emostage, emostage.blocking
folder = pathlib.Path(emostage.__file__).parent
assert (folder / "py.typed").exists()
missing = [name for name in emostage.__all__ if not hasattr(emostage, name)]
assert not missing, missing
print(emostage.__version__, folder)
"""


def run(*command, **settings):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240,
                          **settings)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def has(*modules):
    return all(importlib.util.find_spec(name) for name in modules)


class PackageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    @unittest.skipUnless(has("mypy"), "without python3-mypy and mypy its types are not checked")
    def test_mypy_finds_nothing(self):
        said = run(sys.executable, "-m", "mypy", "--config-file", PACKAGE / "pyproject.toml", "--strict",
                   "--cache-dir", self.folder / "cache", PACKAGE / "src" / "emostage")
        self.assertIn("no issues found", said)

    @unittest.skipUnless(has("mypy"), "without python3-mypy and mypy its types are not checked")
    def test_mypy_sees_the_types_from_outside(self):
        user = self.folder / "user.py"
        user.write_text(
            "import emostage\n"
            "async def main() -> str:\n"
            "    async with emostage.Client() as client:\n"
            "        async for event in client.turn('Hi', on_busy='interrupt'):\n"
            "            if isinstance(event, emostage.Delta):\n"
            "                return event.text\n"
            "        reply = await client.reply('Hi')\n"
            "        return reply.text\n"
            "def blocking() -> int:\n"
            "    with emostage.blocking.Client() as client:\n"
            "        return client.reply('Hi').usage.calls\n")
        wrong = self.folder / "wrong.py"
        wrong.write_text(
            "import emostage\n"
            "async def main(client: emostage.Client) -> int:\n"
            "    client.turn('Hi', on_busy='wait')\n"
            "    return (await client.reply('Hi')).text\n")
        mypy = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports",
                "--cache-dir", self.folder / "cache"]
        environment = {**os.environ, "MYPYPATH": str(PACKAGE / "src")}
        run(*mypy, user, env=environment)
        with self.assertRaises(AssertionError) as caught:
            run(*mypy, wrong, env=environment)
        self.assertIn("Found 2 errors", str(caught.exception))

    @unittest.skipUnless(has("pip", "setuptools", "wheel", "venv", "ensurepip"),
                         "without python3-pip, python3-setuptools, python3-wheel and python3-venv")
    def test_pip_installs_it_without_a_network(self):
        source = self.folder / "source"  # a build writes beside what it builds
        shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
        run(sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", self.folder / "venv")
        python = self.folder / "venv" / "bin" / "python"
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation",
            "--disable-pip-version-check", source, env=environment, cwd=self.folder)
        said = run(python, "-I", "-c", PROGRAM, env=environment, cwd=self.folder)
        self.assertIn(str(self.folder / "venv"), said)

    def test_what_is_public_has_a_docstring_or_says_itself(self):
        for name in ("Client", "TurnStream", "Config", "Reply", "Delta", "Completed", "as_map"):
            self.assertTrue(getattr(emostage, name).__doc__, name)

    def test_the_readme_shows_what_there_is(self):
        for path in (PACKAGE / "README.md", ROOT / "README.md"):
            for name in set(re.findall(r"emostage\.([A-Z]\w+)", path.read_text())):
                self.assertIn(name, emostage.__all__)


if __name__ == "__main__":
    unittest.main()
