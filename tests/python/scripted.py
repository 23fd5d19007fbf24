"""A broker that a test plays by hand, for the core alone: no sockets, and the test's own clock."""
import unittest

import msgpack
import xxhash

import paths  # noqa: F401
from emostage import Accepted, Completed, Config, Delta, Stage, Started
from emostage._core import Core
from emostage.commands import Open
from emostage.events import Batch, Beacon, Hello


def at(seq, attempt=1):
    return {"turn": "t", "session": "s", "seq": seq, "attempt": attempt, "at_ms": seq}


def delta(seq, text, first=None, attempt=1):
    return Delta(**at(seq, attempt), text=text, from_seq=first)


def completed(seq, text, attempt=1):
    raw = text.encode()
    return Completed(**at(seq, attempt), text_bytes=len(raw), finish_reason="stop",
                     text_hash=xxhash.xxh64(raw).hexdigest())


def whole_turn():
    return [Accepted(**at(1, 0)), Started(**at(2), worker="w"), Stage(**at(3), stage="phase"),
            delta(4, "つら"), delta(5, "い"), delta(6, "ですね"), completed(7, "つらいですね")]


TEXT = "つらいですね"


class ScriptedPort:
    def __init__(self):
        self.pushed = []  # commands as maps
        self.links = []
        self.resubscribed = 0
        self.room = True

    def push(self, command):
        if self.room:
            self.pushed.append(msgpack.unpackb(command))
        return self.room

    def resubscribe(self):
        self.resubscribed += 1

    def link_changed(self, link):
        self.links.append(link)

    def take(self):
        """What was pushed since the last time, in short: ("resume", 5), ("open", turn), ..."""
        pushed, self.pushed = self.pushed, []
        return [(one["type"], one["after"] if one["type"] == "resume" else one["turn"])
                for one in pushed]


class CoreCase(unittest.TestCase):
    config = Config()

    def setUp(self):
        self.now = 1000.0
        self.port = ScriptedPort()
        self.core = Core("g1", self.port, self.now, self.config)
        self.woken = 0

    def wake(self):
        self.woken += 1

    def say(self, *events, broker="b"):
        self.core.on(Batch(broker=broker, events=events), self.now)

    def hello(self, broker="b", **limits):
        self.say(Hello(limits=limits), broker=broker)

    def beacon(self, *live):
        self.say(Beacon(live=live))

    def pass_time(self, seconds, beacons=None):
        """As a shell does: on_time() whenever it asks for it. `beacons`: one each second, of these."""
        until = self.now + seconds
        beacon_at = self.now + 1 if beacons is not None else float("inf")
        for _ in range(100_000):
            due = self.core.next_time()
            due = until if due is None else min(due, until)
            self.now = max(self.now, min(due, beacon_at))
            if self.now >= beacon_at:
                beacon_at += 1
                self.beacon(*beacons)
            elif self.now >= until:
                self.core.on_time(self.now)
                return
            else:
                self.core.on_time(self.now)
        self.fail("the core asks for its time again and again")

    def open(self, turn="t", on_leave="cancel", **fields):
        command = Open(**{"turn": turn, "session": "s", "text": "Hello.", **fields})
        return self.core.open(command, self.now, self.wake, on_leave)

    def join(self, turn="t", **fields):
        return self.core.join(turn, self.now, self.wake, **fields)


def taken(inbox):
    """All that there is."""
    events = []
    while (event := inbox.take()) is not None:
        events.append(event)
    return events


def seqs(events):
    return [event.seq for event in events]


def text_of(events):
    """The reply as a reader that knows nothing but the protocol puts it together."""
    text = ""
    for event in events:
        if event.type == "reset":
            text = ""
        elif event.type == "delta":
            text += event.text
    return text
