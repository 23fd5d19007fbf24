#!/usr/bin/python3
"""Replays dialogues through a running broker, and says how their turns ended.

    replay.py --commands tcp://127.0.0.1:7701 --events tcp://127.0.0.1:7702 DIALOGUES.jsonl ...
    replay.py --hostile TEXTS.jsonl

Dialogues: one a line, {id, language, turns: [{role: "client" or "counselor", text}]}. Every turn of the
client is sent with the turns before it as `history`. Hostile texts: one a line, {b64}; each is the
text of one turn.

Prints a table, one line for each file. Ends with 0 where every turn ended and the contract held.
"""
import argparse
import base64
import collections
import json
import pathlib
import sys
import time
import uuid

import msgpack

from gateway import Gateway, TooLong

ROLES = {"client": "user", "counselor": "assistant"}
COLUMNS = ("turns", "completed", "degraded", "rejected", "failed", "cancelled", "open", "violations")


def turns_of(dialogue, limits):
    """(text, history) of every turn of the client; the history's newest part that may be sent."""
    said = [{"role": ROLES[turn["role"]], "text": turn["text"]} for turn in dialogue["turns"]]
    for number, one in enumerate(said):
        if one["role"] == "user" and one["text"]:
            history, size = [], 0
            for before in reversed(said[:number]):
                size += len(before["text"].encode())
                if len(history) == limits["history_utterances"] or size > limits["history_bytes"]:
                    break
                history.insert(0, before)
            yield one["text"], history


def commands_of_dialogues(path, limits):
    for line in path.open():
        dialogue = json.loads(line)
        for text, history in turns_of(dialogue, limits):
            yield {"text": text, "history": history, "locale": dialogue["language"]}


def commands_of_hostile(path, _limits):
    for line in path.open():
        yield {"text": base64.b64decode(json.loads(line)["b64"]), "history": []}


def packed(command):
    """msgpack; a text that is bytes is written as str nevertheless."""
    if not isinstance(command["text"], bytes):
        return msgpack.packb(command, use_bin_type=True)
    packer = msgpack.Packer(autoreset=False)
    rest = {key: value for key, value in command.items() if key != "text"}
    packer.pack_map_header(len(command))
    for key, value in rest.items():
        packer.pack(key)
        packer.pack(value)
    packer.pack("text")
    raw = command["text"]
    return packer.bytes() + b"\xdb" + len(raw).to_bytes(4, "big") + raw


class Table:
    def __init__(self):
        self.counts = collections.Counter()
        self.degraded = collections.Counter()
        self.codes = collections.Counter()
        self.violations = []
        self.first_token_ms, self.total_ms = [], []

    def take(self, turn, opened):
        self.counts["turns"] += 1
        self.counts[turn.status or "open"] += 1
        if turn.code:
            self.codes[f"{turn.status}:{turn.code}"] += 1
        for problem in turn.violations:
            self.violations.append((turn.id, problem))
        if turn.status == "completed":
            self.counts["degraded"] += bool(turn.end["degraded"])
            self.degraded.update(turn.end["degraded"])
            self.total_ms.append(1000 * (turn.received[-1][0] - opened))
        if turn.first_at("delta"):
            self.first_token_ms.append(1000 * (turn.first_at("delta") - opened))

    def line(self, name, seconds):
        self.counts["violations"] = len(self.violations)
        cells = [f"{self.counts[column]:>11}" for column in COLUMNS]
        return f"{name:<28}" + "".join(cells) + f"{seconds:>9.1f}"

    def details(self):
        for what, counted in (("degraded", self.degraded), ("codes", self.codes)):
            if counted:
                yield f"  {what}: " + ", ".join(f"{key} {n}" for key, n in counted.most_common())
        for what, values in (("first token", self.first_token_ms), ("whole turn", self.total_ms)):
            if values:
                values.sort()
                yield (f"  {what}, ms: median {values[len(values) // 2]:.0f}, "
                       f"p95 {values[int(0.95 * len(values))]:.0f}, max {values[-1]:.0f}")
        for turn, problem in self.violations[:10]:
            yield f"  VIOLATION {turn}: {problem}"


def replay(gateway, commands, options):
    """`options.in_flight` turns at once, in the order of the file."""
    table, flying = Table(), {}
    commands = iter(commands)
    more = True

    def launch(command):
        turn = {"type": "open", "v": 1, "gateway": gateway.name, "turn": uuid.uuid4().hex,
                "session": uuid.uuid4().hex, "deadline_ms": options.deadline_ms, **command}
        if options.pipeline:
            turn["pipeline"] = options.pipeline
        followed = gateway.follow_bytes(turn, packed(turn))
        flying[followed.id] = (followed, time.monotonic())

    while more or flying:
        while more and len(flying) < options.in_flight:
            command = next(commands, None)
            more = command is not None
            if more:
                launch(command)
        if not flying:
            break
        try:
            gateway.wait(lambda: any(turn.end for turn, _ in flying.values()), "an end",
                         options.deadline_ms / 1000 + 30)
        except TooLong:
            for turn, opened in flying.values():
                table.take(turn, opened)
            break
        for turn, opened in [one for one in flying.values() if one[0].end]:
            del flying[turn.id]
            gateway.forget(turn)
            table.take(turn, opened)
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dialogues", nargs="*", type=pathlib.Path, help="JSONL files of dialogues")
    parser.add_argument("--hostile", action="append", default=[], type=pathlib.Path,
                        help="JSONL file of texts in base64; may be given again")
    parser.add_argument("--commands", default="tcp://127.0.0.1:7701")
    parser.add_argument("--events", default="tcp://127.0.0.1:7702")
    parser.add_argument("--in-flight", type=int, default=16, help="turns at once (default 16)")
    parser.add_argument("--deadline-ms", type=int, default=120_000)
    parser.add_argument("--pipeline", help="default: the broker's")
    parser.add_argument("--limit", type=int, help="at most so many turns of each file")
    options = parser.parse_args()
    files = [(path, commands_of_dialogues) for path in options.dialogues]
    files += [(path, commands_of_hostile) for path in options.hostile]
    if not files:
        parser.error("no file was given")
    gateway = Gateway(options.commands, options.events)
    bad = False
    try:
        gateway.wait_for_hello(15)
        limits = gateway.hellos[0]["limits"]
        print(f"{'file':<28}" + "".join(f"{column:>11}" for column in COLUMNS) + f"{'seconds':>9}")
        for path, read in files:
            begin = time.monotonic()
            commands = list(read(path, limits))[: options.limit]
            table = replay(gateway, commands, options)
            print(table.line(path.name, time.monotonic() - begin))
            print(*table.details(), sep="\n", flush=True)
            bad = bad or table.counts["open"] or table.violations
            bad = bad or table.counts["turns"] != len(commands)
        for problem in gateway.violations:
            print(f"  VIOLATION {problem}")
        bad = bad or gateway.violations
    except TooLong as error:
        sys.exit(f"no broker answered: {error}")
    finally:
        gateway.close()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
