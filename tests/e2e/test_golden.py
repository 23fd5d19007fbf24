"""The golden vectors of schemas/golden are what their script makes, and what msgpack reads in them.

How the Python client reads and writes them: tests/python/test_golden.py.
"""
import json
import pathlib
import subprocess
import sys
import unittest

import msgpack

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "golden"


def vectors(name):
    return json.loads((GOLDEN / name).read_text())["vectors"]


def bytes_of(vector):
    value = vector["bytes"]
    if isinstance(value, str):
        return bytes.fromhex(value)
    return b"".join(bytes.fromhex(piece) if isinstance(piece, str)
                    else bytes.fromhex(piece[0]) * piece[1] for piece in value)


class GoldenTest(unittest.TestCase):
    def test_the_files_are_what_their_script_makes(self):
        subprocess.run([sys.executable, GOLDEN / "make_golden.py", "--check"], check=True)

    def test_commands_and_events_are_decoded_to_what_they_mean(self):
        for name in ("commands.json", "events.json"):
            for vector in vectors(name):
                with self.subTest(vector["name"]):
                    self.assertEqual(msgpack.unpackb(bytes_of(vector)), vector["means"])


if __name__ == "__main__":
    unittest.main()
