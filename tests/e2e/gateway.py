"""A gateway in Python: pushes turns, puts what comes back in order, and mends what gets lost.

Written from schemas/PROTOCOL.md alone, so that the contract is proved from outside. One thread; all
waits are bounded. It checks the contract as it goes: see `violations`.

    gateway = Gateway(commands, events, "g1")
    gateway.wait_for_hello()
    turn = gateway.open("I had a hard day.", session="s1")
    gateway.wait(lambda: turn.end, "the turn's end")
    print(turn.text)
"""
import time
import uuid

import msgpack
import zmq

from turn import Turn

GAP_S = 0.005  # a missing number may be on its way
SILENCE_S = 3.0  # without an answer to an open, or without a word about a live turn
ASK_FIRST_S, ASK_MAX_S = 0.25, 2.0  # between two questions about one turn: grows
SEND_MAX_S = 5.0


class Gateway:
    def __init__(self, commands, events, name=None, receive_max=100_000, receive_bytes=-1, mends=True):
        """What waits to be read is bounded by messages here and by bytes in the system (-1: its choice)."""
        self.name = name or "py-" + uuid.uuid4().hex[:12]
        self.mends = mends
        self.turns = {}
        self.violations = []  # those that belong to no turn
        self.strangers = []  # events about turns that nobody here asked for
        self.hellos = []
        self.beacons = 0
        self.broker = None
        self.asked = 0  # resumes and repeated opens
        self.keep = lambda event: True  # tests lose events with it
        self._live = {}  # those of `turns` that have not ended
        self._asks = {}  # turn id: (not before, pause)
        self._heard = {}  # turn id: when there was a word about it
        self._gap_since = {}
        self._context = zmq.Context()
        self._push = self._context.socket(zmq.PUSH)
        self._push.setsockopt(zmq.LINGER, 0)
        self._push.setsockopt(zmq.SNDTIMEO, int(SEND_MAX_S * 1000))
        self._push.connect(commands)
        self.sub = self._context.socket(zmq.SUB)
        self.sub.setsockopt(zmq.LINGER, 0)
        self.sub.setsockopt(zmq.RCVHWM, receive_max)
        self.sub.setsockopt(zmq.RCVBUF, receive_bytes)
        self.sub.setsockopt(zmq.SUBSCRIBE, self.name.encode() + b"/")
        self.sub.connect(events)

    def close(self):
        self._push.close()
        self.sub.close()
        self._context.term()

    # --- commands --------------------------------------------------------------------------------

    def open(self, text, session=None, turn=None, **fields):
        """`fields` are the optional ones of `open`; those that are None are left out."""
        turn = turn or uuid.uuid4().hex
        command = {"type": "open", "v": 1, "gateway": self.name, "turn": turn,
                   "session": session or uuid.uuid4().hex, "text": text}
        command.update({key: value for key, value in fields.items() if value is not None})
        return self.follow_bytes(command, msgpack.packb(command, use_bin_type=True))

    def follow_bytes(self, command, raw):
        """An open whose bytes are made elsewhere, because this gateway would not make such ones."""
        turn = self._follow(Turn(command["turn"], command, raw))
        self.push_bytes(raw)
        return turn

    def push_again(self, turn):
        """The same open, unchanged: joins the turn."""
        self.asked += 1
        self.push_bytes(turn.raw)

    def attach(self, turn, held=()):
        """Joins a turn that may be another gateway's; `held`: its first events, already known."""
        turn = self._follow(Turn(turn))
        for event in held:
            turn.take(event)
        self.resume(turn.id, turn.seq)
        return turn

    def resume(self, turn, after):
        self.asked += 1
        self.push({"type": "resume", "v": 1, "gateway": self.name, "turn": turn, "after": after})

    def cancel(self, turn):
        self.push({"type": "cancel", "v": 1, "gateway": self.name, "turn": turn})

    def push(self, command):
        self.push_bytes(msgpack.packb(command, use_bin_type=True))

    def push_bytes(self, raw):
        self._push.send(raw)

    def push_frames(self, frames):
        self._push.send_multipart(frames)

    def forget(self, turn):
        """Events of this turn are those of a stranger from now on."""
        for known in (self.turns, self._live, self._heard, self._asks, self._gap_since):
            known.pop(turn.id, None)

    # --- waiting ---------------------------------------------------------------------------------

    def wait(self, condition, what, timeout=30.0):
        wait(condition, what, [self], timeout)

    def wait_for_hello(self, timeout=30.0):
        self.wait(lambda: self.hellos, "hello", timeout)

    def wait_for_ends(self, turns, timeout=60.0):
        wait_for_ends(turns, [self], timeout)

    # --- events ----------------------------------------------------------------------------------

    def receive(self):
        """Takes what is there and asks for what is missing. Gives how long it may sleep, in seconds."""
        now = time.monotonic()
        try:
            for _ in range(1_000):
                self._take_message(self.sub.recv_multipart(zmq.NOBLOCK), time.monotonic())
        except zmq.Again:
            pass
        return self._mend(now) if self.mends else SILENCE_S

    def _take_message(self, frames, now):
        try:
            topic, body = frames
            batch = msgpack.unpackb(body, raw=False, strict_map_key=True)
            version, broker, events = batch["v"], batch["broker"], batch["events"]
        except (ValueError, KeyError, TypeError) as error:  # msgpack's and UTF-8's errors included
            self.violations.append(f"an event message that cannot be read: {type(error).__name__}")
            return
        if topic != self.name.encode() + b"/" or version != 1:
            self.violations.append("an event message for somebody else")
            return
        if broker != self.broker:
            another = self.broker is not None
            self.broker = broker
            if another:
                self._start_over()
        for event in events:
            if self.keep(event):
                self._take(event, now)

    def _take(self, event, now):
        if event["type"] == "hello":
            self.hellos.append(event)
            if len(self.hellos) > 1:
                for turn in list(self._live.values()):
                    self._ask(turn, now)
        elif event["type"] == "beacon":
            self.beacons += 1
            for name, last in event["live"]:
                if name in self._live:
                    self.turns[name].named = max(self.turns[name].named, last)
                    self._heard[name] = now
        elif event.get("turn") in self.turns:
            self._take_of_turn(self.turns[event["turn"]], event, now)
        elif "turn" in event:
            self.strangers.append(event)

    def _take_of_turn(self, turn, event, now):
        before = turn.seq
        if turn.id in self._live:
            self._heard[turn.id] = now
        if event["type"] == "rejected" and event["code"] == "unknown_turn":
            if self.mends and turn.command is not None and turn.end is None:
                self._restart(turn, now)
                return
        turn.take(event, now)
        if turn.damaged:
            if turn.restarts > 0 or not self.mends:
                turn.violations.append("the reply's length or hash does not fit")
                turn.damaged = False
            else:
                turn.restarts += 1
                turn.forget()
                self.resume(turn.id, 0)
        if turn.seq != before:
            self._asks.pop(turn.id, None)
            self._gap_since.pop(turn.id, None)
        if turn.end is not None:
            for known in (self._live, self._heard, self._asks, self._gap_since):
                known.pop(turn.id, None)

    # --- mending ---------------------------------------------------------------------------------

    def _mend(self, now):
        """PROTOCOL.md, "Loss, and how it is mended"."""
        sleep = SILENCE_S
        for turn in list(self._live.values()):
            if turn.incomplete:
                due = self._gap_since.setdefault(turn.id, now) + GAP_S
            else:
                due = self._heard[turn.id] + SILENCE_S
            due = max(due, self._asks.get(turn.id, (0, 0))[0])
            if due <= now:
                self._ask(turn, now)
                due = self._asks[turn.id][0]
            sleep = min(sleep, due - now)
        return max(sleep, 0.0)

    def _ask(self, turn, now):
        _, pause = self._asks.get(turn.id, (0, ASK_FIRST_S))
        self._asks[turn.id] = (now + pause, min(2 * pause, ASK_MAX_S))
        if turn.accepted or turn.command is None:
            self.resume(turn.id, turn.seq)
        else:
            self.push_again(turn)

    def _start_over(self):
        """Another broker: the turns that the old one knew are gone."""
        for turn in list(self._live.values()):
            self._restart(turn, time.monotonic())

    def _restart(self, turn, now):
        if turn.accepted:
            turn.restarts += 1
        turn.forget()
        self._asks.pop(turn.id, None)
        self._ask(turn, now)

    def _follow(self, turn):
        self.turns[turn.id] = turn
        self._live[turn.id] = turn
        self._heard[turn.id] = time.monotonic()
        return turn


class TooLong(AssertionError):
    pass


def wait(condition, what, gateways, timeout=30.0):
    """Receives on all `gateways` until `condition()` holds. TooLong after `timeout` seconds."""
    poller = zmq.Poller()
    for gateway in gateways:
        poller.register(gateway.sub, zmq.POLLIN)
    until = time.monotonic() + timeout
    while True:
        sleep = min(gateway.receive() for gateway in gateways)
        if condition():
            return
        left = until - time.monotonic()
        if left <= 0:
            raise TooLong(f"{what}: not within {timeout} s")
        poller.poll(max(1, int(1000 * min(sleep, left))))


def wait_for_ends(turns, gateways, timeout=60.0):
    left = list(turns)

    def all_ended():
        while left and left[-1].end:
            left.pop()
        return not left

    try:
        wait(all_ended, "the ends of all turns", gateways, timeout)
    except TooLong as error:
        shown = [(turn.id, turn.seq, turn.events[-1]["type"] if turn.events else "nothing")
                 for turn in left if not turn.end]
        raise TooLong(f"{error}; open are {len(shown)}: {shown[:5]}") from None
