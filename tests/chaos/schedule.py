"""Which fault strikes when: from a seed alone, so that a run can be had again.

A fault that lasts says for how long; none outlasts the schedule. What strikes one process leaves it alone
until it is well again, and at least one worker and one model server are always well.
"""
import dataclasses
import random

GATEWAYS = 8
WORKERS = ("w0", "w1", "w2")
MODELS = ("a", "b")
GAP_S = (0.3, 2.2)  # between two faults


@dataclasses.dataclass(frozen=True)
class Fault:
    at: float  # seconds from the start
    kind: str
    target: str
    lasts: float  # seconds; 0: at once over
    how: str = ""


# kind: (weight, targets, seconds that it lasts)
KINDS = {
    "worker killed": (5, WORKERS, (0.1, 2.0)),
    "worker stopped and woken": (3, WORKERS, (0.3, 14.0)),
    "worker told to leave": (2, WORKERS, (0.0, 0.0)),
    "worker's connection cut": (3, WORKERS, (0.0, 0.0)),
    "worker cut off": (2, WORKERS, (0.5, 13.0)),
    "worker's connection stalled": (2, WORKERS, (0.5, 9.0)),
    "worker's connection half open": (1, WORKERS, (1.0, 6.0)),
    "gateways' commands cut": (2, ("commands",), (0.0, 0.0)),
    "gateways' events cut": (3, ("events",), (0.0, 0.0)),
    "gateways' events stalled": (2, ("events",), (0.2, 2.5)),
    "gateways' events half open": (1, ("events",), (0.5, 2.5)),
    "gateways' events delayed": (1, ("events",), (1.0, 3.0)),
    "gateway killed": (3, tuple(str(seat) for seat in range(GATEWAYS)), (0.0, 0.0)),
    "gateway deaf": (2, tuple(str(seat) for seat in range(GATEWAYS)), (0.5, 4.0)),
    "model killed": (2, MODELS, (0.2, 2.0)),
    "model stopped and woken": (1, MODELS, (0.3, 4.0)),
    "model's connections cut": (3, MODELS, (0.0, 0.0)),
    "model's connections stalled": (2, MODELS, (0.3, 4.0)),
}
BROKER_KINDS = {  # of a broker that keeps its state on disk
    "broker killed": (4, ("broker",), (0.0, 0.6)),
    "broker stopped and woken": (2, ("broker",), (0.2, 4.0)),
    "broker told to leave": (1, ("broker",), (0.0, 0.5)),
}
REST_S = 1.5  # after a fault its target is left alone so long


def schedule(seed, seconds, durable):
    chance = random.Random(seed)
    kinds = {**KINDS, **(BROKER_KINDS if durable else {})}
    names = list(kinds)
    weights = [kinds[name][0] for name in names]
    faults, busy_until, at = [], {}, GAP_S[1]
    while True:
        at += chance.uniform(*GAP_S)
        if at >= seconds:
            return faults
        kind = chance.choices(names, weights)[0]
        _, targets, span = kinds[kind]
        target = chance.choice(targets)
        lasts = min(chance.uniform(*span), max(0.0, seconds - at))
        how = chance.choice(("rst", "fin"))
        ill = {name for name, until in busy_until.items() if until > at}
        family = WORKERS if target in WORKERS else MODELS if target in MODELS else ()
        if target in ill or (family and len(ill & set(family)) >= len(family) - 1):
            continue
        busy_until[target] = at + lasts + REST_S
        faults.append(Fault(round(at, 3), kind, target, round(lasts, 3), how))
