"""One turn as a test looks at it: what the package read, and whether what was on the wire kept the contract.

What is in order and whole, the package says (`take`). What breaks the contract is found here, from
the messages as they came (`see`) and from what was read. No sockets and no clock in here.
"""
import client_source  # noqa: F401
from emostage import Accepted, Completed, Delta, Failed, Reset, as_map
from emostage._reader import ENDS, OF_AN_ATTEMPT

END_TYPES = {kind.type for kind in ENDS}
ALWAYS = {"type", "turn", "session", "seq", "attempt", "at_ms"}


class Turn:
    """`command` is the open that was pushed, `raw` its bytes; None where the gateway only attached itself.

    What breaks the contract lands in `violations`: an empty list is the proof that the tests want.
    """

    def __init__(self, turn, command=None, raw=None, held=()):
        """`held`: its first events, already known."""
        self.id = turn
        self.command = command
        self.raw = raw
        self.violations = []
        self.rejections = []  # of commands about this turn, apart from one that ended it
        self.restarts = 0  # the numbers were forgotten: another broker, or a reply that did not verify
        self.damaged = False  # it did not verify the second time either
        self.received = []  # (when, event), in the order of arrival
        self.end = None
        self.seq = 0  # read up to here, without a hole
        self.events = []  # read, in order
        self._broker = None
        self._seen = {}  # number: (type, content) of what came under it
        self._seen_any = False
        for event in held:
            self.received.append((0.0, event))
            self._check_number(event)
            self.events.append(event)
            self.seq = event["seq"]
            if event["type"] in END_TYPES:
                self.end = event

    # --- what there is ---------------------------------------------------------------------------

    @property
    def text(self):
        reset = max((n for n, event in enumerate(self.events) if event["type"] == "reset"), default=0)
        return "".join(event["text"] for event in self.events[reset:] if event["type"] == "delta")

    @property
    def accepted(self):
        return self._seen_any or self.seq > 0

    @property
    def status(self):
        return self.end["type"] if self.end else None

    @property
    def code(self):
        return self.end.get("code") if self.end else None

    def of_type(self, kind):
        return [event for event in self.events if event["type"] == kind]

    def first_at(self, kind):
        """When the first event of this type arrived, or None."""
        return next((at for at, event in self.received if event["type"] == kind), None)

    def stages(self):
        return {event["stage"]: event for event in self.of_type("stage")}

    # --- what the package read -------------------------------------------------------------------

    def take(self, event):
        if event.seq == 0 and isinstance(event, Reset):
            self._take_own_reset(event)
            return
        if event.seq == 0 and isinstance(event, Failed) and event.code == "internal":
            self.damaged = True
        if event.seq:
            self._check_order(event)
            self.seq = event.seq
        read = as_map(event)
        if isinstance(event, Delta):
            self.events.append(read)
        else:
            self.events = [known for known in self.events if known["seq"] < event.first or not event.seq]
            if event.seq:
                self.events.append(read)
        if isinstance(event, ENDS):
            self.end = read
            self._check_end(event)

    def _take_own_reset(self, event):
        self.restarts += 1
        if event.reason == "damaged":  # the package reads the same numbers again
            self.violations.append("the reply's length or hash, or the order of its attempts, does not fit")
            self.events = [known for known in self.events if known["type"] not in ("delta", "reset")]
            return
        self.seq = 0
        self.events = []
        if event.reason == "turn_lost":  # by the same broker
            self._forget_numbers()

    def _forget_numbers(self):
        self._seen = {}
        self._seen_any = False

    def _check_end(self, event):
        if isinstance(event, Completed):
            raw = self.text.encode()
            if not event.verified or len(raw) != event.text_bytes:
                self.violations.append("a completed reply that was not verified")

    def _check_order(self, event):
        before = self.events[-1] if self.events else None
        if (event.seq == 1) != isinstance(event, Accepted):
            self.violations.append(f"{event.type} is number {event.seq}")
        if event.first > self.seq + 1:
            self.violations.append(f"{event.type} {event.seq} was read after {self.seq}")
        if before and isinstance(event, OF_AN_ATTEMPT) and event.attempt < before["attempt"]:
            self.violations.append(f"attempt {event.attempt} after {before['attempt']}")

    # --- what was on the wire --------------------------------------------------------------------

    def see(self, event, broker="b", now=0.0):
        """A message's event about this turn, before the package has it."""
        self.received.append((now, event))
        if broker != self._broker:  # its numbers are its own
            if self._broker is not None:
                self._forget_numbers()
            self._broker = broker
        if event["type"] == "rejected":
            return
        if not ALWAYS <= event.keys():
            self.violations.append(f"{event['type']} without {sorted(ALWAYS - event.keys())}")
            return
        self._seen_any = True
        self._check_number(event)
        if self.end is not None and event["seq"] > self.end.get("seq", event["seq"]):
            self.violations.append(f"{event['type']} {event['seq']} after the end")

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
