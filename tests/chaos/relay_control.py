"""Starts the relay as a process, and tells it what to do."""
import pathlib
import socket
import sys
import json

import paths  # noqa: F401
from processes import Process

ANSWER_MAX_S = 20.0


class RelayControl:
    def __init__(self, folder, seed=1):
        self.process = Process("relay", [sys.executable, "-B",
                                         pathlib.Path(__file__).with_name("relay.py"),
                                         "--seed", seed], folder)
        port = int(self.process.expect(r"control on 127\.0\.0\.1:(\d+)").group(1))
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_MAX_S)
        self._lines = self._socket.makefile("rb")

    def tell(self, do, **fields):
        self._socket.sendall(json.dumps({"do": do, **fields}).encode() + b"\n")
        answer = json.loads(self._lines.readline())
        if not answer.pop("ok"):
            raise ValueError(answer["error"])
        return answer

    def listen(self, link, target):
        """The address of a new link to `target`; both as tcp://HOST:PORT or both as HOST:PORT."""
        scheme = "tcp://" if target.startswith("tcp://") else ""
        port = self.tell("listen", link=link, target=target.removeprefix(scheme))["port"]
        return f"{scheme}127.0.0.1:{port}"

    def close(self):
        self._lines.close()
        self._socket.close()
        self.process.kill()
