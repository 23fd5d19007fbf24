"""How long things take to go on, with nothing else wrong: lists of milliseconds.

Each takes an arena that is at rest, and gateways that are at the broker itself, not behind the relay.
"""
import time
import uuid

from gateway import wait, wait_for_ends

TURNS = 9  # that stream while something dies
LONG_S = 60.0
QUIET_S = 1.5  # time for what was killed before to be known everywhere


def _streaming(arena, gateway, turns=TURNS, **fields):
    """Turns that have shown some of their replies."""
    text = arena.say("I had a hard day.")
    opened = [gateway.open(text, uuid.uuid4().hex, history=[], locale="en", **fields)
              for _ in range(turns)]
    gateway.wait(lambda: all(len(turn.of_type("delta")) >= 3 for turn in opened), "deltas", LONG_S)
    return opened


def _next_delta_ms(turns, since, gateway, attempt=None):
    """For each of the turns, from `since` to its next delta (of an attempt after `attempt`)."""
    def first(turn):
        return next((at for at, event in turn.received if at > since and event["type"] == "delta" and
                     (attempt is None or event["attempt"] > attempt)), None)

    gateway.wait(lambda: all(turn.end or first(turn) for turn in turns), "the next delta", LONG_S)
    return [1000 * (first(turn) - since) for turn in turns if first(turn)]


def worker_killed(arena, gateway):
    """From kill -9 of a worker to the next token of each turn that it ran."""
    turns = _streaming(arena, gateway)
    by_worker = {}
    for turn in turns:
        by_worker.setdefault(turn.of_type("started")[-1]["worker"], []).append(turn)
    name, hit = max(by_worker.items(), key=lambda one: len(one[1]))
    killed = time.monotonic()
    arena.kill(arena.worker(name))
    took = _next_delta_ms(hit, killed, gateway, attempt=1)
    wait_for_ends(turns, [gateway], LONG_S)
    arena.start_worker(name)
    arena.wait_for_workers(3)
    return took


def broker_killed(arena, gateway):
    """From the start of a new broker to the next token of each turn that ran, where it did not end first."""
    turns = _streaming(arena, gateway)
    arena.kill(arena.broker)
    started = time.monotonic()
    arena.start_broker_again()
    live = [turn for turn in turns if not turn.end]
    took = _next_delta_ms(live, started, gateway)
    wait_for_ends(turns, [gateway], LONG_S)
    arena.wait_for_workers(3)
    return took


def resumed(arena, gateway, other, live):
    """From the push of a resume to its first event, of running turns or of ended ones."""
    turns = _streaming(arena, gateway)
    if not live:
        wait_for_ends(turns, [gateway], LONG_S)
    took = []
    for turn in turns:
        wait(lambda: True, "what is there", [gateway, other])
        asked = time.monotonic()
        joined = other.attach(turn.id)
        other.wait(lambda: joined.received, "the first event", LONG_S)
        took.append(1000 * (joined.received[0][0] - asked))
        other.forget(joined) if not live else None
    if live:
        wait(lambda: all(turn.end for turn in [*turns, *other.turns.values()]), "the ends",
             [gateway, other], LONG_S)
    for known in (gateway, other):
        for turn in list(known.turns.values()):
            known.forget(turn)
    return took
