"""The golden vectors of schemas/golden, seen from Python; and that they are what their script makes."""
import json
import pathlib
import subprocess
import sys
import unittest

import msgpack
import zmq

from gateway import Gateway
from turn import Turn

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

    def test_what_the_gateway_pushes_is_what_the_vectors_mean(self):
        context = zmq.Context()
        pull = context.socket(zmq.PULL)
        pull.setsockopt(zmq.RCVTIMEO, 10_000)
        endpoint = f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}"
        gateway = Gateway(endpoint, endpoint, "g1", mends=False)
        try:
            for vector in vectors("commands.json"):
                means = dict(vector["means"])
                gateway.name = means["gateway"]
                if means["type"] == "cancel":
                    gateway.cancel(means["turn"])
                elif means["type"] == "resume":
                    gateway.resume(means["turn"], means["after"])
                else:
                    fields = {key: value for key, value in means.items()
                              if key not in ("type", "v", "gateway")}
                    gateway.open(**fields)
                with self.subTest(vector["name"]):
                    self.assertEqual(msgpack.unpackb(pull.recv()), means)
        finally:
            gateway.close()
            context.destroy(linger=0)

    def test_the_whole_turn_is_read_as_whole(self):
        (vector,) = [one for one in vectors("events.json") if "whole turn" in one["name"]]
        turn = Turn("t1")
        for event in vector["means"]["events"]:
            turn.take(event)
        self.assertEqual((turn.status, turn.text, turn.violations), ("completed", "Hello.", []))
        self.assertFalse(turn.damaged)


if __name__ == "__main__":
    unittest.main()
