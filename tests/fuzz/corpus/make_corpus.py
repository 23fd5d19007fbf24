#!/usr/bin/python3
"""Writes the kept corpora of the wire targets: from the golden vectors, and the worker link by hand."""
import json
import pathlib
import re

import msgpack

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parents[2] / "schemas" / "golden"
SEED_BYTES_MAX = 1024
REFUSALS = re.compile("in bin|twice|extension|maps in maps|promises|surrogate|with a field too many|"
                      "a negative version|of another role|a deadline with a fraction")


def golden(name, chosen=re.compile("")):
    for vector in json.loads((GOLDEN / name).read_text())["vectors"]:
        if isinstance(vector["bytes"], str) and chosen.search(vector["name"]):
            yield vector["name"], bytes.fromhex(vector["bytes"])


def links():
    """The first byte says the direction: 1 is worker to broker."""
    completed = {"type": "completed", "text_bytes": 2, "text_hash": "0123456789abcdef",
                 "finish_reason": "stop", "degraded": ["phase"], "timings_ms": {"total": 9},
                 "usage": {"prompt_tokens": 1, "completion_tokens": 1, "calls": 3},
                 "state": {"phase": "opening"}}
    result = {"phase": "opening", "confidence": 0.5}
    outputs = [{"type": "started", "worker": "w"},
               {"type": "stage", "stage": "phase", "status": "done", "result": result, "ms": 4},
               {"type": "stage", "stage": "perspective", "status": "skipped", "ms": 4},
               {"type": "delta", "text": "はい"}, {"type": "reset", "reason": "model_cut"},
               completed, {"type": "failed", "code": "model_busy", "message": "", "retryable": True},
               {"type": "cancelled", "reason": "requested"}]
    from_worker = [
        {"type": "ready", "v": 1, "worker": "w", "instance": "i-1", "slots": 64,
         "pipelines": ["base", "emostage"]},
        {"type": "beat", "instance": "i-1", "number": 7, "leases": [1, 2**40], "draining": False},
        {"type": "output", "lease": 1, "ordinal": 1, "events": outputs},
        {"type": "return", "lease": 1, "reason": "draining"}]
    lease = {"type": "lease", "lease": 1, "attempt": 1, "turn": "t", "session": "s",
             "pipeline": "emostage", "locale": "ja", "text": "つかれた", "history": [[0, "a"], [1, "b"]],
             "state": {"phase": "opening"}, "left_ms": 120_000, "reply_bytes_max": 65_536,
             "traceparent": ""}
    to_worker = [{"type": "welcome", "broker": "b", "beat_ms": 1000, "fence_ms": 7000}, lease,
                 {"type": "stop", "lease": 1, "fenced": True, "reason": "requested"},
                 {"type": "beat", "number": 7}, {"type": "register"}]
    for direction, messages in ((1, from_worker), (0, to_worker)):
        for message in messages:
            yield f"{direction} {message['type']}", bytes([direction]) + msgpack.packb(message)


def write(target, seeds):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    for name, raw in seeds:
        if len(raw) <= SEED_BYTES_MAX:
            (folder / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")).write_bytes(raw)


if __name__ == "__main__":
    write("command_fuzz", list(golden("commands.json")) + list(golden("refusals.json", REFUSALS)))
    write("events_fuzz", golden("events.json"))
    write("link_fuzz", links())
