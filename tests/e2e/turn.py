"""One turn as a gateway sees it: its events put in order, holes found, the reply proved whole.

Written from schemas/PROTOCOL.md alone. No sockets and no clock in here.
"""
import xxhash

ENDS = ("completed", "failed", "cancelled", "rejected")
ALWAYS = {"type", "turn", "session", "seq", "attempt", "at_ms"}
HELD_MAX = 10_000  # events that came early, of one turn


class Turn:
    """`command` is the open that was pushed, `raw` its bytes; None where the gateway only attached itself.

    What breaks the contract lands in `violations`: an empty list is the proof that the tests want.
    """

    def __init__(self, turn, command=None, raw=None):
        self.id = turn
        self.command = command
        self.raw = raw
        self.violations = []
        self.rejections = []  # of commands about this turn, apart from one that ended it
        self.restarts = 0  # the numbers were forgotten: another broker, or a hash that did not fit
        self.received = []  # (when, event), in the order of arrival
        self.forget()

    def forget(self):
        """The numbers start anew."""
        self.seq = 0  # applied up to here, without a hole
        self.named = 0  # the highest number that a beacon named
        self.events = []  # applied, in order
        self.end = None
        self.damaged = False  # whole by its numbers, but not by its hash
        self._held = {}
        self._pieces = []  # (first, last, text) of the deltas since the last reset
        self._seen = {}  # number: (type, content) of what came under it

    # --- what there is ---------------------------------------------------------------------------

    @property
    def text(self):
        return "".join(text for _, _, text in self._pieces)

    @property
    def accepted(self):
        return self.seq > 0 or bool(self._held)

    @property
    def status(self):
        return self.end["type"] if self.end else None

    @property
    def code(self):
        return self.end.get("code") if self.end else None

    @property
    def incomplete(self):
        """Something is known to be missing: `resume` with `after` = seq mends it."""
        return self.end is None and (bool(self._held) or self.named > self.seq)

    def of_type(self, kind):
        return [event for event in self.events if event["type"] == kind]

    def first_at(self, kind):
        """When the first event of this type arrived, or None."""
        return next((at for at, event in self.received if event["type"] == kind), None)

    def stages(self):
        return {event["stage"]: event for event in self.of_type("stage")}

    # --- what comes ------------------------------------------------------------------------------

    def take(self, event, now=0.0):
        self.received.append((now, event))
        if event["type"] == "rejected":
            self._take_rejected(event)
            return
        if not ALWAYS <= event.keys():
            self.violations.append(f"{event['type']} without {sorted(ALWAYS - event.keys())}")
            return
        self._check_number(event)
        if self.end is not None:
            if event["seq"] > self.end["seq"]:
                self.violations.append(f"{event['type']} {event['seq']} after the end")
            return
        if len(self._held) < HELD_MAX:
            self._held[event["seq"]] = event
        self._apply_held()

    def _take_rejected(self, event):
        lost = event["code"] == "unknown_turn" and self.command is None
        if self.end is None and (lost or not self.accepted):
            self.end = event
        else:
            self.rejections.append(event)  # the turn itself is not disturbed

    def _apply_held(self):
        while self._held and self.end is None:
            # A merged delta of a replay may begin before single ones that came early.
            fits = [seq for seq, event in self._held.items()
                    if event.get("from", seq) <= self.seq + 1]
            if not fits:
                return
            event = self._held.pop(min(fits))
            if event["seq"] > self.seq:
                self._apply(event)

    def _apply(self, event):
        seq, first = event["seq"], event.get("from", event["seq"])
        if event["type"] == "delta":
            if first <= self.seq and not self._drop_from(first):
                return  # cuts through a delta that is held merged: resume after `seq` instead
            self._pieces.append((first, seq, event["text"]))
        else:
            if event["type"] == "reset":
                self._pieces.clear()
            self.events = [known for known in self.events if known["seq"] < first]
        self._check_order(event)
        self.seq = seq
        self.events.append(event)
        if event["type"] in ENDS:
            self._take_end(event)

    def _drop_from(self, first):
        if any(begin < first <= end for begin, end, _ in self._pieces):
            return False
        self._pieces = [piece for piece in self._pieces if piece[0] < first]
        self.events = [event for event in self.events if event["seq"] < first]
        return True

    def _take_end(self, event):
        self.end = event
        if event["type"] != "completed":
            return
        raw = self.text.encode()
        if (len(raw), xxhash.xxh64(raw).hexdigest()) != (event["text_bytes"], event["text_hash"]):
            self.damaged = True

    # --- what must hold --------------------------------------------------------------------------

    def _check_number(self, event):
        """A number never stands for two contents."""
        seq = event["seq"]
        if seq < 1 or not 1 <= event.get("from", 1) <= seq:
            self.violations.append(f"{event['type']} has the numbers {event.get('from')} to {seq}")
        if event["type"] != "delta" and "from" in event:
            for number in range(event["from"], seq):  # what they were is void
                self._seen.pop(number, None)
        elif "from" in event:  # merged: comparable where all its numbers are known one by one
            parts = [self._seen.get(n) for n in range(event["from"], seq + 1)]
            if all(parts):
                text = "".join(content for _, content in parts)
                if any(kind != "delta" for kind, _ in parts) or text != event["text"]:
                    self.violations.append(f"numbers {event['from']} to {seq} have two contents")
            return
        # A broker that was killed says again when it said something; what it said is the same.
        content = event["text"] if event["type"] == "delta" else repr(sorted(
            (key, value) for key, value in event.items() if key != "at_ms"))
        if self._seen.setdefault(seq, (event["type"], content)) != (event["type"], content):
            self.violations.append(f"number {seq} has two contents")

    def _check_order(self, event):
        before = self.events[-1] if self.events else None
        kind = event["type"]
        if (before is None) != (kind == "accepted"):
            self.violations.append(f"{kind} is number {event['seq']}")
        if before and event["attempt"] < before["attempt"]:
            self.violations.append(f"attempt {event['attempt']} after {before['attempt']}")
