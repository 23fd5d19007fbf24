"""What a gateway pushed and what it got, written down as it was on the wire.

One file a gateway, one JSON object a line; `at` is the monotonic clock of the machine, in seconds:

    {"at": 12.5, "push": BASE64}                 a command
    {"at": 12.6, "topic": "g0/", "got": BASE64}  an event message
    {"at": 12.7, "note": {…}}                    what else happened to this gateway

The bytes stay packed, so that nothing that reads them live has touched them. `faults.jsonl` beside them
has the notes of who broke what, and `run.json` what the run was.
"""
import base64
import json
import pathlib
import sys
import time

import msgpack

import paths  # noqa: F401
from gateway import Gateway

BUFFER = 256 * 1024  # bytes that wait to be written


class Recorder:
    def __init__(self, path):
        self._file = open(path, "a", buffering=BUFFER)

    def pushed(self, raw):
        self._write(time.monotonic(), f'"push": "{base64.b64encode(raw).decode()}"')

    def received(self, frames):
        topic = json.dumps(frames[0].decode("ascii", "backslashreplace"))
        body = base64.b64encode(b"".join(frames[1:])).decode()
        self._write(time.monotonic(), f'"topic": {topic}, "got": "{body}"')

    def note(self, **what):
        self._write(time.monotonic(), f'"note": {json.dumps(what)}')

    def _write(self, at, rest):
        self._file.write(f'{{"at": {at:.6f}, {rest}}}\n')

    def close(self):
        self._file.close()


class RecordedGateway(Gateway):
    """A gateway that writes down all that it says and hears, before it looks at it."""

    def __init__(self, commands, events, name, folder, **settings):
        self.history = Recorder(pathlib.Path(folder) / f"gateway-{name}.jsonl")
        super().__init__(commands, events, name, **settings)

    def push_bytes(self, raw):
        self.history.pushed(raw)
        super().push_bytes(raw)

    def _take_message(self, frames, now):
        self.history.received(frames)
        super()._take_message(frames, now)

    def close(self):
        super().close()
        self.history.close()


def unpacked(raw):
    """Text that is no UTF-8 comes out as lone surrogates, which a check can see."""
    return msgpack.unpackb(raw, raw=False, unicode_errors="surrogateescape", strict_map_key=True)


def read(path):
    """(at, kind, value) of a file: kind is push, got or note; `got` gives (topic, batch)."""
    with open(path) as file:
        for line in file:
            one = json.loads(line)
            if "push" in one:
                yield one["at"], "push", unpacked(base64.b64decode(one["push"]))
            elif "got" in one:
                yield one["at"], "got", (one["topic"], unpacked(base64.b64decode(one["got"])))
            else:
                yield one["at"], "note", one["note"]


def show(folder, turn):
    """All about one turn, in the order of time; of texts only their length."""
    lines = []
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        name = path.stem.removeprefix("gateway-")
        for at, kind, value in read(path):
            if kind == "note":
                lines.append((at, f"{name}: {value}"))
            elif kind == "push" and value.get("turn") == turn:
                lines.append((at, f"{name} > {brief(value)}"))
            elif kind == "got":
                lines += [(at, f"{name} < {brief(event)}") for event in value[1]["events"]
                          if event.get("turn") == turn]
    for at, line in sorted(lines):
        print(f"{at:.3f} {line}")


def brief(one):
    leave = {"turn", "session", "v", "gateway"}
    return " ".join(f"{key}={len(value) if key in ('text', 'history', 'result') else value}"
                    for key, value in one.items() if key not in leave)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: history.py FOLDER TURN")
    show(*sys.argv[1:])
