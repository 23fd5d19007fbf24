"""What eight gateways do all day: people who write in bursts, change their minds, come back, and join.

All choices come from one seed; `step(now)` does what is due. One thread, with the gateways.
"""
import collections
import uuid

import msgpack

TEXTS = (
    ("en", "I can't sleep lately, and work is too much."),
    ("en", "My sister does not talk to me any more."),
    ("ja", "仕事がつらくて、最近ねむれません。"),
    ("ja", "母とけんかをしてしまいました。"),
    ("zh", "我最近总是睡不着，压力很大。"),
    ("zh", "朋友都不理我了，我很难过。"),
    ("en", "I want to die."),
)
BURST_GAP_S = (0.02, 0.4)  # between the messages of one burst
CANCEL_AFTER_S = (0.0, 1.6)
JOIN_AFTER_S = (0.1, 2.5)
DEADLINES_MS = (20_000, 30_000, 45_000)
SHORT_DEADLINE_MS = 1_200


class Mix:
    """Shares of the turns, as fractions."""

    def __init__(self, **shares):
        self.cancelled = 0.20
        self.cancelled_by_another = 0.2  # of the cancelled ones
        self.joined = 0.12  # by a second gateway
        self.pushed_twice = 0.05
        self.contradicted = 0.02  # pushed again with other content
        self.stateless = 0.5
        self.short_deadline = 0.02
        self.on_busy = (("enqueue", 0.7), ("interrupt", 0.2), ("reject", 0.1))
        self.on_lost = (("continue", 0.5), ("reset", 0.25), ("fail", 0.25))
        self.priority = (("normal", 0.8), ("high", 0.1), ("low", 0.1))
        for name, share in shares.items():
            assert hasattr(self, name), name
            setattr(self, name, share)


def pick(chance, weighted):
    return chance.choices([what for what, _ in weighted], [weight for _, weight in weighted])[0]


class Traffic:
    def __init__(self, chance, arena, gateways=8, people=24, pause_s=1.2, mix=None, waiting_max=120,
                 relayed=True, turns_max=None, receive_max=100_000):
        """`people` write, each in a session of their own, and rest `pause_s` after what ended."""
        self._chance = chance
        self._arena = arena
        self._mix = mix or Mix()
        self._relayed = relayed
        self._waiting_max = waiting_max
        self._pause_s = pause_s
        self._turns_max = turns_max
        self._receive_max = receive_max
        self.seats = [arena.gateway(f"g{number}", relayed=relayed, receive_max=receive_max)
                      for number in range(gateways)]
        self._returning = {}  # seat: turns that its gateway forgot when it died
        self._live = collections.defaultdict(list)  # seat: turns it follows
        self._due = []  # (when, what, arguments), unsorted
        self._texts = [(locale, arena.say(text)) for locale, text in TEXTS]
        self._people = [(number % gateways, f"s{number}") for number in range(people)]
        self._busy_until = {}
        self._contradicted = set()
        self.opened = 0
        self.to_audit = []  # the opens of turns that were accepted and have ended
        self.violations = []
        self.closed = False  # no new turns

    # --- what the faults need --------------------------------------------------------------------

    def crash_gateway(self, seat):
        """Its process dies, and a new one of the same name asks for what the old one knew by heart."""
        if seat in self._returning:
            return
        old = self.seats[seat]
        self._returning[seat] = self._live.pop(seat, [])
        self._arena.close_gateway(old)
        self._collect(old)
        self.seats[seat] = self._arena.gateway(f"g{seat}", wait=False, relayed=self._relayed,
                                               receive_max=self._receive_max)
        self.seats[seat].history.note(died=True)

    def gateways(self):
        return self.seats

    def live(self):
        return sum(len(turns) for turns in self._live.values()) + \
            sum(len(turns) for turns in self._returning.values())

    def idle(self):
        return not self.live() and not self._due

    def take_violations(self):
        """What the gateways themselves found."""
        for gateway in self.seats:
            self._collect(gateway)
        return self.violations

    # --- what people do --------------------------------------------------------------------------

    def step(self, now):
        for seat in list(self._returning):
            if self.seats[seat].hellos:
                self._return(seat)
        self._harvest()
        if not self.closed:
            self._begin_bursts(now)
        due = [one for one in self._due if one[0] <= now]
        self._due = [one for one in self._due if one[0] > now]
        for _, what, arguments in due:
            what(now, *arguments)

    def _begin_bursts(self, now):
        for seat, session in self._people:
            if now < self._busy_until.get(session, 0) or seat in self._returning:
                continue
            if self.live() >= self._waiting_max or self._enough():
                return
            when = now
            for _ in range(self._chance.choice((1, 1, 1, 2, 3))):
                self._due.append((when, self._say, (seat, session)))
                when += self._chance.uniform(*BURST_GAP_S)
            self._busy_until[session] = when + self._chance.expovariate(1 / self._pause_s)

    def _enough(self):
        return self._turns_max is not None and self.opened >= self._turns_max

    def _say(self, now, seat, session):
        if seat in self._returning or self._enough():
            return
        chance, mix, gateway = self._chance, self._mix, self.seats[seat]
        locale, text = chance.choice(self._texts)
        fields = {"locale": locale, "on_busy": pick(chance, mix.on_busy),
                  "on_lost": pick(chance, mix.on_lost), "priority": pick(chance, mix.priority),
                  "deadline_ms": chance.choice(DEADLINES_MS)}
        if chance.random() < mix.stateless:
            fields["history"] = []
        if chance.random() < mix.short_deadline:
            fields["deadline_ms"] = SHORT_DEADLINE_MS
        turn = gateway.open(text, session, uuid.UUID(int=chance.getrandbits(128)).hex, **fields)
        self._live[seat].append(turn)
        self.opened += 1
        if chance.random() < mix.cancelled:
            other = chance.randrange(len(self.seats))
            who = other if chance.random() < mix.cancelled_by_another else seat
            self._later(now, CANCEL_AFTER_S, self._cancel, who, turn.id)
        if chance.random() < mix.joined:
            self._later(now, JOIN_AFTER_S, self._join, chance.randrange(len(self.seats)), turn.id)
        if fields["on_busy"] != "reject" and chance.random() < mix.pushed_twice:
            gateway.push_bytes(turn.raw)
        if chance.random() < mix.contradicted:
            self._contradicted.add(turn.id)
            gateway.push({**turn.command, "text": text + "?"})

    def _later(self, now, span, what, *arguments):
        self._due.append((now + self._chance.uniform(*span), what, arguments))

    def _cancel(self, _now, seat, turn):
        if seat not in self._returning:
            self.seats[seat].cancel(turn)

    def _join(self, _now, seat, turn):
        if seat not in self._returning and turn not in self.seats[seat].turns:
            self._live[seat].append(self.seats[seat].attach(turn))

    def _return(self, seat):
        gateway = self.seats[seat]
        for turn in self._returning.pop(seat):
            if turn.raw is not None:
                again = gateway.follow_bytes(msgpack.unpackb(turn.raw), turn.raw)
            else:
                again = gateway.attach(turn.id)
            self._live[seat].append(again)

    # --- what is over ----------------------------------------------------------------------------

    def _harvest(self):
        for seat, turns in self._live.items():
            gateway = self.seats[seat]
            for turn in turns:
                if turn.end is not None:
                    self._collect_turn(turn)
                    gateway.forget(turn)
            self._live[seat] = [turn for turn in turns if turn.end is None]
            gateway.strangers.clear()  # words about turns that it has forgotten

    def _collect_turn(self, turn):
        self.violations += [(turn.id, problem) for problem in turn.violations]
        if turn.raw and turn.status != "rejected" and turn.id not in self._contradicted:
            self.to_audit.append(turn.raw)

    def _collect(self, gateway):
        self.violations += [(None, problem) for problem in gateway.violations]
