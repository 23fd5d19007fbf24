"""What some tests want of the machine: programs, and npm's packages.

Where it is missing they are skipped with a line that says so, and fail where the environment says that this
is CI.
"""
import fcntl
import os
import re
import shutil
import subprocess
import unittest

INSTALL_MAX_S = 300
NO_NETWORK = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|"
                        r"EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network request|E50[0-9]")


def missing(why):
    if os.environ.get("CI", "").lower() == "true" or os.environ.get("EMOSTAGE_CI"):
        raise AssertionError(f"this cannot be tested: {why}")
    raise unittest.SkipTest(why)


def program(name, instead=""):
    """Its path. `instead`: where it is missing, more about it."""
    path = shutil.which(name)
    if path is None:
        missing(f"there is no {name}{instead}")
    return path


def npm_packages(source, folder):
    """Installs what package-lock.json of `source` names into `folder`, exactly, once; gives node's path."""
    node, npm = program("node"), program("npm")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side install once
        _install(npm, source, folder)
    return node


def _install(npm, source, folder):
    wanted = (source / "package-lock.json").read_bytes()
    stamp = folder / "installed-lock.json"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=folder, capture_output=True, text=True, timeout=INSTALL_MAX_S, check=False)
    if done.returncode != 0:
        said = done.stderr.strip()
        if NO_NETWORK.search(said):
            missing("npm's registry cannot be reached")
        raise AssertionError(f"npm ci failed:\n{said[-2000:]}")
    stamp.write_bytes(wanted)
