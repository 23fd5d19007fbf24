"""ops/install-packages with a dpkg, an apt and a sudo that only write down what they are asked."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "ops" / "install-packages"
TOOLS = ("bash", "cat", "env", "grep", "mktemp", "rm", "sed", "tail", "true")
NOBODY = 65534

DPKG_QUERY = """#!/bin/sh
for name; do :; done
grep -qx "$name" "$HERE/installed" && printf installed
"""
APT_CACHE = """#!/bin/sh
for name; do :; done
grep -qx "$name" "$HERE/known"
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$HERE/calls"
for word; do grep -qx "$word" "$HERE/broken" && { echo "E: trouble"; exit 100; }; done
exit 0
"""
SUDO = """#!/bin/sh
echo sudo >>"$HERE/calls"
exec "$@"
"""


class InstallPackages(unittest.TestCase):
    def run_script(self, wanted, installed="", known="a b c", broken="", tools=True, sudo=True):
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            for name, words in (("installed", installed), ("known", known), ("broken", broken)):
                (here / name).write_text("".join(word + "\n" for word in words.split()))
            (here / "calls").touch(0o666)
            (here / "list").write_text(wanted)
            shutil.copy(SCRIPT, here / "install-packages")
            bin_ = here / "bin"
            bin_.mkdir()
            for tool in TOOLS:
                (bin_ / tool).symlink_to(shutil.which(tool))
            stubs = {"dpkg-query": DPKG_QUERY, "apt-cache": APT_CACHE, "apt-get": APT_GET} if tools else {}
            for name, text in (stubs | ({"sudo": SUDO} if sudo else {})).items():
                (bin_ / name).write_text(text)
                (bin_ / name).chmod(0o755)
            (here / "tmp").mkdir()
            for path in (here, bin_, here / "tmp", here / "calls"):
                path.chmod(0o777)
            done = subprocess.run([bin_ / "bash", here / "install-packages", here / "list"],
                                  env={"PATH": str(bin_), "HERE": folder, "TMPDIR": folder + "/tmp"},
                                  user=NOBODY if os.geteuid() == 0 else None,
                                  stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                                  timeout=60)
            calls = (here / "calls").read_text().splitlines()
            self.asked = [c for c in calls if c != "sudo"]
            self.sudos = len(calls) - len(self.asked)
            self.assertEqual(list((here / "tmp").iterdir()), [], "files are left")
            return done

    def test_where_all_is_there_nothing_is_said_or_asked(self):
        done = self.run_script("# comment\na\n\n  b # why\nz?\n", installed="a b", sudo=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.asked, [])

    def test_only_what_is_missing_is_installed_and_apt_is_refreshed_first(self):
        done = self.run_script("a\nb\nc\n", installed="b")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.asked), 2)
        self.assertRegex(self.asked[0], r" update$")
        self.assertRegex(self.asked[1], r" install --no-install-recommends a c$")
        self.assertGreaterEqual(self.sudos, 2)

    def test_an_optional_package_is_installed_only_where_apt_knows_it(self):
        self.run_script("a\nb?\nz?\n")
        self.assertRegex(self.asked[-1], r" install --no-install-recommends a b$")
        self.run_script("a\nb?\n", installed="a")
        self.assertRegex(self.asked[-1], r" install --no-install-recommends b$")

    def test_without_root_and_sudo_it_says_what_to_install(self):
        done = self.run_script("a\nb\n", sudo=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("as root, please: apt-get install a b", done.stderr)
        self.assertEqual(self.asked, [])

    def test_a_package_that_apt_does_not_know_is_named(self):
        done = self.run_script("a\nz\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt knows no package z", done.stderr)
        self.assertFalse(any(" install " in call for call in self.asked))

    def test_a_failure_of_apt_ends_with_one_clear_sentence(self):
        for step, sentence in (("update", "apt-get update failed"),
                               ("install", "by hand: apt-get install a")):
            done = self.run_script("a\n", broken=step)
            self.assertEqual(done.returncode, 1)
            self.assertIn("E: trouble", done.stderr)
            self.assertIn(sentence, done.stderr.splitlines()[-1])

    def test_elsewhere_than_on_debian_it_says_so(self):
        done = self.run_script("a\nb\n", tools=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("neither Debian nor Ubuntu; install what corresponds to: a b", done.stderr)


if __name__ == "__main__":
    unittest.main()
