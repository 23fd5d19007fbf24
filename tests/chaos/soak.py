#!/usr/bin/python3
"""Soak: very many short turns, cancels and faults among them; memory and files must be flat.

    soak.py --turns 200000

Samples the memory (RSS) of broker and workers and the bytes of the broker's state each second and
each hundredth of the turns. What is
kept is bounded far below the number of turns, so what grows in the second half is a leak; but with a
sanitizer (EMOSTAGE_SANITIZED), which keeps what was freed, memory is shown and not judged. Ends with 1
where something grew, a turn did not end, or the contract was broken.
"""
import argparse
import collections
import os
import random
import statistics
import sys
import time
import uuid

import zmq

import paths  # noqa: F401
from cluster import Cluster
from gateway import TooLong
from arena import broker_is_durable

GATEWAYS, IN_FLIGHT, SESSIONS = 2, 48, 300
CANCELLED = 0.30
CANCEL_AT = ("open", "started", "stage", "delta")  # when they change their minds
# 5 % of the requests meet a fault; a turn makes three of them.
MODEL = ["--tokens", 4, "--retry-after-s", 0, "--stall-ms", 50, "--fault-500", 1, "--fault-429", 1,
         "--fault-cut", 1, "--fault-malformed", 0.5, "--fault-unended", 0.5, "--fault-stall", 1]
KEPT = ["--retention-turn-ms", 2000, "--retention-turns-max", 1000, "--retention-sessions-max", 200,
        "--fanout-beacon-after-end-ms", 500]
SAMPLE_S, SAMPLES_MIN = 1.0, 100
STALL_MAX_S = 60.0  # without one end
GROWTH_MAX, GROWTH_BYTES = 1.10, 6 * 1024 * 1024  # of the end over the middle: both together
SANITIZED = "EMOSTAGE_SANITIZED" in os.environ
PARTS = (("begin", 0.10, 0.20), ("middle", 0.40, 0.55), ("end", 0.85, 1.0))


def resident_bytes(process):
    with open(f"/proc/{process.popen.pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return 1024 * int(line.split()[1])
    raise AssertionError(f"{process.name} has no memory: it has ended")


def file_bytes(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            pass  # a journal's file of a moment
    return total


class Samples:
    def __init__(self, cluster, state, turns):
        self._cluster = cluster
        self._state = state
        self._turns_between = turns / SAMPLES_MIN
        self._next, self._next_turns = 0.0, 0.0
        self.all = []  # (turns ended, {what: bytes})

    def take(self, now, ended):
        if now < self._next and ended < self._next_turns:
            return
        self._next, self._next_turns = now + SAMPLE_S, ended + self._turns_between
        sizes = {process.name: resident_bytes(process)
                 for process in (self._cluster.broker, *self._cluster.workers)}
        if self._state:
            sizes["state"] = file_bytes(self._state)
        self.all.append((ended, sizes))

    def parts(self, turns):
        """{what: {begin, middle, end: bytes}}: medians over a part of the turns."""
        found = {}
        for what in self.all[-1][1]:
            found[what] = {}
            for part, low, high in PARTS:
                ours = [sizes[what] for ended, sizes in self.all if low * turns <= ended <= high * turns]
                if not ours:
                    raise AssertionError(f"no sample from the {part} of the run: more turns are needed")
                found[what][part] = statistics.median(ours)
        return found


def grew(parts):
    """Those of `parts` that were not flat."""
    return [what for what, sizes in parts.items() if (what == "state" or not SANITIZED)
            and sizes["end"] > GROWTH_MAX * sizes["middle"] + GROWTH_BYTES]


class Soak:
    def __init__(self, cluster, turns, seed):
        self._chance = random.Random(seed)
        self._turns = turns
        self._text = cluster.say("I had a hard day.")
        self._gateways = [cluster.gateway() for _ in range(GATEWAYS)]
        self._live = [[] for _ in self._gateways]  # (turn, when to cancel it or None)
        self.opened = self.ended = 0
        self.counts = collections.Counter()
        self.violations = []

    def run(self, samples):
        last, heard = 0, time.monotonic()
        poller = zmq.Poller()
        for gateway in self._gateways:
            poller.register(gateway.sub, zmq.POLLIN)
        while self.ended < self._turns:
            now = time.monotonic()
            for number, gateway in enumerate(self._gateways):
                gateway.receive()
                self._live[number] = [one for one in self._live[number] if self._look(gateway, *one)]
                gateway.strangers.clear()
                while len(self._live[number]) < IN_FLIGHT and self.opened < self._turns:
                    self._live[number].append(self._open(gateway))
            samples.take(now, self.ended)
            if self.ended != last:
                last, heard = self.ended, now
            elif now > heard + STALL_MAX_S:
                raise TooLong(f"no turn has ended for {STALL_MAX_S} s; {self.opened - self.ended} are open")
            poller.poll(20)
        self.violations += [problem for gateway in self._gateways for problem in gateway.violations]

    def _open(self, gateway):
        self.opened += 1
        chance = self._chance
        turn = gateway.open(self._text, f"s{chance.randrange(SESSIONS)}",
                            uuid.UUID(int=chance.getrandbits(128)).hex, deadline_ms=60_000)
        when = chance.choice(CANCEL_AT) if chance.random() < CANCELLED else None
        if when == "open":
            gateway.cancel(turn.id)
            when = None
        return turn, when

    def _look(self, gateway, turn, when):
        """False when it is over."""
        if turn.end is not None:
            self.ended += 1
            self.counts[turn.status if turn.status != "failed" else f"failed: {turn.code}"] += 1
            self.violations += turn.violations
            gateway.forget(turn)
            return False
        if when and turn.events and turn.events[-1]["type"] == when:
            gateway.cancel(turn.id)
        return True


def run(arguments):
    durable = broker_is_durable()
    cluster = Cluster("soak", workers=2, slots=64, rehearsal=MODEL, broker=KEPT)
    state = cluster.folder / "state" if durable else None
    if durable:
        cluster._broker_arguments += ["--state", state]
    begin = time.monotonic()
    with cluster:
        samples = Samples(cluster, state, arguments.turns)
        soak = Soak(cluster, arguments.turns, arguments.seed)
        soak.run(samples)
        samples.take(time.monotonic() + SAMPLE_S, soak.ended)
        parts = samples.parts(arguments.turns)
    seconds = time.monotonic() - begin
    print(f"{soak.ended} turns in {seconds:.0f} s: " +
          ", ".join(f"{name} {count}" for name, count in soak.counts.most_common()))
    print(f"| {'MiB':<8} | " + " | ".join(f"{part:>7}" for part, _, _ in PARTS) + " |")
    for what, sizes in parts.items():
        print(f"| {what:<8} | " + " | ".join(f"{size / 2**20:>7.1f}" for size in sizes.values()) + " |")
    bad = [f"{what} grew" for what in grew(parts)] + soak.violations[:20]
    for problem in bad:
        print(f"VIOLATION {problem}")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        sys.exit(run(arguments))
    except AssertionError as error:
        sys.exit(f"VIOLATION: {error}")


if __name__ == "__main__":
    main()
