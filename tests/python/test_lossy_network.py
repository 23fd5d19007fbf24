"""The core on a network that loses, doubles, delays and reorders, with a broker that changes its mind.

Simulated time, and one seed for each run: a failing seed replays. What must hold whatever happens:
a reader gets each number of a broker once and in order, exactly one end and nothing after it, a
completed reply is the one that the broker ended with, and nothing asks without end.
"""
import heapq
import itertools
import random
import unittest

import msgpack
import xxhash

import paths  # noqa: F401
from emostage import (Accepted, Cancelled, Completed, Config, Delta, Failed, Rejected, Reset, Stage,
                      Started)
from emostage._core import Core
from emostage._wire import decode, encode_batch
from emostage.commands import Open
from emostage.events import Batch, Beacon, Hello

SEEDS = range(200)
TURNS = 6
END_S = 200.0
PUSHES_MAX = 400  # of one run: a few for each turn and fault
WORDS = ["つら", "い", "ですね", "", "I hear ", "you", "。", "😌"]


class LossyNetwork:
    def __init__(self, chance, loss):
        self.chance = chance
        self.loss = loss
        self._queue = []
        self._ticks = itertools.count()

    def send(self, now, what, sure=False):
        for _ in range(self.chance.choice((1, 1, 1, 1, 2))):
            if sure or self.chance.random() >= self.loss:
                delay = self.chance.choice((0.001, 0.001, 0.002, self.chance.uniform(0, 0.2)))
                heapq.heappush(self._queue, (now + delay, next(self._ticks), what))

    def due(self, now):
        while self._queue and self._queue[0][0] <= now:
            yield heapq.heappop(self._queue)[2]

    def next_time(self):
        return self._queue[0][0] if self._queue else float("inf")


class PlayedTurn:
    """What the broker has of one turn, and how it will go on."""

    def __init__(self, chance, turn):
        self.id = turn
        self.events = []
        self.attempt = 0
        self.text = ""
        self.ended = False
        self.next_at = 0.0
        self.chance = chance
        self.left = chance.randrange(3, 40)
        self.add(Accepted)

    def add(self, kind, skip=0, **fields):
        seq = len(self.events) + 1 + skip
        event = kind(turn=self.id, session="s", seq=seq, attempt=self.attempt, at_ms=seq, **fields)
        self.events += [None] * skip + [event]
        return event

    def step(self):
        """The next event of its run."""
        chance = self.chance
        if self.attempt == 0:
            self.attempt = 1
            return self.add(Started, worker="w1")
        self.left -= 1
        if self.left == 0:
            self.ended = True
            if chance.random() < 0.15:
                return self.add(Failed, code="model_cut", message="x", retryable=True)
            raw = self.text.encode()
            return self.add(Completed, text_bytes=len(raw), finish_reason="stop",
                            text_hash=xxhash.xxh64(raw).hexdigest())
        dice = chance.random()
        if dice < 0.03:  # a worker dies: what it said last may be void
            self.attempt += 1
            self.text = ""
            skip = chance.choice((0, 0, 5))
            first = len(self.events) + 1
            return self.add(Reset, skip=skip, reason="worker_lost", from_seq=first if skip else None)
        if dice < 0.10:
            return self.add(Stage, stage=chance.choice(("phase", "perspective")), result={"x": 1})
        self.text += (word := chance.choice(WORDS))
        return self.add(Delta, text=word)

    def cancel(self):
        self.ended = True
        return self.add(Cancelled, reason="requested")

    def replay(self, after):
        """As a broker may: some deltas merged, sometimes from before what was asked for."""
        chance, at = self.chance, after
        if chance.random() < 0.2:
            at = max(0, after - chance.randrange(4))
        while at < len(self.events):
            event = self.events[at]
            if event is None:  # void: the reset after it stands for it
                at += 1
                continue
            run = at
            while isinstance(event, Delta) and run + 1 < len(self.events) and \
                    isinstance(self.events[run + 1], Delta) and chance.random() < 0.7:
                run += 1
            if run > at:
                text = "".join(one.text for one in self.events[at:run + 1])
                last = self.events[run]
                event = Delta(turn=self.id, session="s", seq=last.seq, attempt=last.attempt,
                              at_ms=last.at_ms, text=text, from_seq=at + 1)
            yield event
            at = run + 1


class PlayedBroker:
    def __init__(self, chance, events, gateway):
        self.chance, self.events, self.gateway = chance, events, gateway
        self.name = "b0"
        self.turns = {}
        self.played = []  # those of the state that was lost too
        self.beacon_at = 1.0
        self.change_at = chance.uniform(0.5, 4) if chance.random() < 0.25 else float("inf")
        self.hello_due = True

    def say(self, now, *events, sure=False):
        self.events.send(now, encode_batch(Batch(broker=self.name, events=events)), sure)

    def on(self, command, now):
        turn = self.turns.get(command["turn"])
        if command["type"] == "open":
            if turn is None:
                turn = self.turns[command["turn"]] = PlayedTurn(self.chance, command["turn"])
                turn.next_at = now + 0.01
                self.played.append(turn)
            for event in turn.replay(0):
                self.say(now, event)
        elif turn is None:
            self.say(now, Rejected(turn=command["turn"], code="unknown_turn", message="x"))
        elif command["type"] == "resume":
            for event in turn.replay(command["after"]):
                self.say(now, event)
        elif turn.ended:
            self.say(now, turn.events[-1])
        else:
            self.say(now, turn.cancel())

    def run(self, now):
        if self.hello_due:
            self.hello_due = False
            self.say(now, Hello(limits={}), sure=True)
        if now >= self.change_at:
            self.change_at = float("inf")
            self.name, self.turns = "b1", {}
            self.say(now, Hello(limits={}), sure=True)
        for turn in self.turns.values():
            while not turn.ended and now >= turn.next_at:
                self.say(now, turn.step())
                turn.next_at += self.chance.choice((0.0, 0.005, 0.02))
        if now >= self.beacon_at:
            self.beacon_at += 1
            if self.turns:
                self.say(now, Beacon(live=tuple((one.id, len(one.events)) for one in self.turns.values())))

    def next_time(self):
        running = [one.next_at for one in self.turns.values() if not one.ended]
        return min([self.beacon_at, self.change_at, *running, 0.0 if self.hello_due else float("inf")])


class Port:
    def __init__(self, run):
        self.run = run
        self.pushed = 0

    def push(self, command):
        if self.run.chance.random() < 0.02:
            return False
        self.pushed += 1
        self.run.commands.send(self.run.now, command)
        return True

    def resubscribe(self):
        self.run.broker.hello_due = True

    def link_changed(self, link):
        pass


class Run:
    def __init__(self, seed, loss):
        self.chance = random.Random(seed)
        self.now = 0.0
        self.commands, self.events = LossyNetwork(self.chance, loss), LossyNetwork(self.chance, loss)
        self.broker = PlayedBroker(self.chance, self.events, "g1")
        self.port = Port(self)
        slow = self.chance.random() < 0.3
        config = Config(inbox_events_max=self.chance.choice((3, 10)) if slow else 1024)
        self.core = Core("g1", self.port, 0.0, config)
        self.config = config
        self.inboxes = {}
        self.read = {}
        self.read_at = {}
        self.cancels = {}

    def open(self, number):
        turn = f"t{number}"
        self.inboxes[turn] = self.core.open(
            Open(turn=turn, session=f"s{number}", text="Hello."), self.now, lambda: None)
        self.read[turn] = []
        if self.chance.random() < 0.15:
            self.cancels[turn] = self.now + self.chance.uniform(0, 1.5)

    def take(self):
        for turn, inbox in self.inboxes.items():
            if self.now < self.read_at.get(turn, 0):
                continue
            self.read_at[turn] = self.now + self.chance.choice((0, 0, 0.05))
            yield len(inbox)
            while (event := inbox.take()) is not None:
                self.read[turn].append((self.core.broker, event))
            if inbox.paused:
                self.core.drained(turn, self.now)

    def go(self):
        opens = sorted(self.chance.uniform(0, 2) for _ in range(TURNS))
        self.sizes = []
        while self.now < END_S and (opens or self.core.turns or any(map(len, self.inboxes.values()))):
            while opens and opens[0] <= self.now:
                opens.pop(0)
                self.open(len(self.inboxes))
            for command in self.commands.due(self.now):
                self.broker.on(msgpack.unpackb(command), self.now)
            self.broker.run(self.now)
            for body in self.events.due(self.now):
                self.core.on(decode(body), self.now)
            for turn, when in list(self.cancels.items()):
                if self.now >= when:
                    self.core.cancel(turn, self.now)
                    del self.cancels[turn]
            due = self.core.next_time()
            if due is not None and due <= self.now:
                self.core.on_time(self.now)
            self.sizes += self.take()
            due = self.core.next_time()
            times = [self.commands.next_time(), self.events.next_time(), self.broker.next_time(),
                     due if due is not None else float("inf"), self.now + 0.05, *opens[:1]]
            self.now = max(self.now + 0.0005, min(times))


class LossyNetworkTest(unittest.TestCase):
    def check(self, seed, loss):
        run = Run(seed, loss)
        run.go()
        self.assertLess(run.now, END_S, "every turn ends")
        self.assertLess(run.port.pushed, PUSHES_MAX)
        self.assertLessEqual(max(run.sizes), run.config.inbox_events_max + 256)
        ends = []
        for turn, read in run.read.items():
            ends.append(self.check_turn(run, turn, read))
        return ends

    def check_turn(self, run, turn, read):
        events = [event for _, event in read]
        kinds = [event.type for event in events]
        self.assertEqual(sum(kind in ("completed", "failed", "cancelled", "rejected") for kind in kinds), 1)
        last, text, before = 0, "", {}
        for event in events:
            if event.seq == 0:
                if isinstance(event, Reset):
                    last, text = 0, ""
                    self.assertIn(event.reason, ("broker_changed", "turn_lost"))
                continue
            self.assertGreater(event.seq, last)
            if event.type not in ("reset", "failed", "cancelled"):
                self.assertLessEqual(event.first, last + 1, "no hole")
            self.assertGreaterEqual(event.attempt, before.get("attempt", 0) if last else 0)
            before = {"attempt": event.attempt}
            last = event.seq
            text = "" if isinstance(event, Reset) else text + getattr(event, "text", "")
        end = events[-1]
        if isinstance(end, Completed):
            self.assertTrue(end.verified)
            self.assertIn((turn, text, end.seq), [(one.id, one.text, len(one.events))
                                                  for one in run.broker.played if one.ended])
        else:
            self.assertNotEqual(getattr(end, "code", None), "internal")
        return end.type

    def run_seeds(self, loss):
        ends = []
        for seed in SEEDS:
            with self.subTest(seed=seed, loss=loss):
                ends += self.check(seed, loss)
        completed = ends.count("completed") / len(ends)
        print(f"    loss {loss:.0%}: {len(ends)} turns, {completed:.0%} completed")
        return completed

    def test_without_loss(self):
        self.assertGreater(self.run_seeds(0.0), 0.6)

    def test_a_fifth_is_lost(self):
        self.assertGreater(self.run_seeds(0.2), 0.6)

    def test_half_is_lost(self):
        self.assertGreater(self.run_seeds(0.5), 0.5)


if __name__ == "__main__":
    unittest.main()
