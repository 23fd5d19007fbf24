#!/usr/bin/python3
"""Chaos: broker, three workers, two model servers and eight gateways, and everything that can go wrong.

    chaos.py --seconds 40 [--seed 7]
    chaos.py --minutes 20 [--seed 7]

At the end nothing is broken any more, every turn is waited for and pushed once more by a gateway that has
not seen it, recovery is timed, and the checker reads the histories. Ends with 1 where anything was lost,
doubled, out of order or not answered; the table says what happened.
"""
import argparse
import random
import sys
import time

import msgpack
import zmq

import paths  # noqa: F401
import recovery
import report
from arena import Arena
from checker import AUDIT, Histories, check
from gateway import TooLong, wait_for_ends
from schedule import GATEWAYS, schedule
from striker import Striker
from traffic import Traffic

TOKENS, ITL_MS = 40, 25
MODEL = ["--ttft-ms", 30, "--itl-ms", ITL_MS, "--tokens", TOKENS, "--retry-after-s", 1, "--stall-ms",
         2500, "--fault-cut", 3, "--fault-stall", 1, "--fault-500", 2, "--fault-429", 2,
         "--fault-malformed", 1, "--fault-unended", 1, "--fault-split", 5]
SUBSCRIBER_MESSAGES = 300  # a deaf gateway loses what comes after those
POLL_S = 0.02
DRAIN_S = 120.0
AUDIT_AT_ONCE = 40
SHOWN = 20  # violations
TRIALS = 5


def run_until(traffic, striker, done, limit, what):
    """Everything takes its turn until `done(now)`; AssertionError at `limit` on the clock."""
    while not done(now := time.monotonic()):
        if now > limit:
            raise AssertionError(f"{what}: {traffic.live()} turns are still open")
        striker.step(now)
        traffic.step(now)
        poller = zmq.Poller()
        for seat, gateway in enumerate(traffic.gateways()):
            if striker.deaf.get(seat, 0) <= now:
                gateway.receive()
                poller.register(gateway.sub, zmq.POLLIN)
        poller.poll(int(1000 * POLL_S))


def drain(arena, traffic, striker):
    traffic.closed = True
    striker.mend_all(time.monotonic())
    run_until(traffic, striker, lambda _: striker.over, time.monotonic() + DRAIN_S, "mending")
    arena.wait_for_workers(3, DRAIN_S)
    run_until(traffic, striker, lambda _: traffic.idle(), time.monotonic() + DRAIN_S, "drain")
    begin = time.monotonic()
    while (queue := arena.queue())["waiting"] or queue["running"]:
        if time.monotonic() > begin + DRAIN_S:
            raise AssertionError(f"the broker still has {queue['waiting']} turns that wait and "
                                 f"{queue['running']} that run")
        run_until(traffic, striker, lambda now, until=time.monotonic() + 0.2: now > until,
                  time.monotonic() + DRAIN_S, "drain")


def audit(arena, turns):
    """Every turn once more, from a gateway that knows nothing of it."""
    auditor = arena.gateway(f"{AUDIT}-0", relayed=False)
    for begin in range(0, len(turns), AUDIT_AT_ONCE):
        asked = []
        for raw in turns[begin:begin + AUDIT_AT_ONCE]:
            command = {**msgpack.unpackb(raw), "gateway": auditor.name}
            asked.append(auditor.follow_bytes(command, msgpack.packb(command)))
        wait_for_ends(asked, [auditor], DRAIN_S)
        for turn in asked:
            auditor.forget(turn)
    arena.close_gateway(auditor)


def time_recovery(arena, trials):
    """What it takes, each from a state of rest."""
    first, second = (arena.gateway(f"timer-{n}", relayed=False) for n in range(2))
    times = {"kill -9 of a worker to the next token": [], "start of a broker to the next token": [],
             "resume of a running turn to its first event": [],
             "resume of an ended turn to its first event": []}
    worker, broker, running, ended = times.values()
    for _ in range(trials):
        running += recovery.resumed(arena, first, second, live=True)
        ended += recovery.resumed(arena, first, second, live=False)
        worker += recovery.worker_killed(arena, first)
        if arena.durable:
            broker += recovery.broker_killed(arena, first)
    return times


def run(arguments):
    name = arguments.name
    begin = time.monotonic()
    arena = Arena(name, arguments.seed, models=MODEL, slots=32, broker=[
        "--retention-turn-ms", 3 * 3600 * 1000, "--drain-ms", 1500,
        "--fanout-subscriber-messages-max", SUBSCRIBER_MESSAGES])
    print(f"seed {arguments.seed}, {arguments.seconds:.0f} s, broker "
          f"{'with' if arena.durable else 'without'} a journal; histories in {arena.histories}",
          flush=True)
    with arena:
        traffic = Traffic(random.Random(arguments.seed), arena, GATEWAYS, arguments.people,
                          receive_max=SUBSCRIBER_MESSAGES)
        faults = schedule(arguments.seed, arguments.seconds, arena.durable)
        start = time.monotonic()
        striker = Striker(arena, traffic, faults, start)
        run_until(traffic, striker, lambda now: now >= start + arguments.seconds,
                  start + arguments.seconds + DRAIN_S, "the run")
        drain(arena, traffic, striker)
        audit(arena, traffic.to_audit)
        times = time_recovery(arena, arguments.trials)
        live_violations = traffic.take_violations()
    histories = Histories(arena.histories)
    violations = live_violations + check(histories)
    counts = report.counts_of(histories)
    print(report.table(counts, times))
    for turn, what in violations[:SHOWN]:
        print(f"VIOLATION {turn or ''}: {what}")
    print(f"{len(violations)} violations, {time.monotonic() - begin:.0f} s, seed {arguments.seed}, "
          f"histories in {arena.histories}")
    if not counts["completed"] or not counts["faults"]:
        print("nothing was completed, or nothing was broken: this run proves nothing")
        return 1
    return 1 if violations else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=float, default=30, help="of faults (default 30)")
    length.add_argument("--minutes", type=float, help="of faults")
    parser.add_argument("--seed", type=int, help="default: by the clock")
    parser.add_argument("--people", type=int, default=24, help="who write (default 24)")
    parser.add_argument("--trials", type=int, default=TRIALS, help="of each recovery that is timed")
    parser.add_argument("--name", default="chaos", help="of the folder of the run")
    arguments = parser.parse_args()
    if arguments.minutes:
        arguments.seconds = 60 * arguments.minutes
    if arguments.seed is None:
        arguments.seed = time.time_ns() % 1_000_000
    try:
        sys.exit(run(arguments))
    except (AssertionError, TooLong) as error:
        sys.exit(f"VIOLATION: {error}\nseed {arguments.seed}")


if __name__ == "__main__":
    main()
