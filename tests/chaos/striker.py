"""Carries out a schedule of faults on an arena, and sees to it that what was broken is mended."""
import signal

from schedule import MODELS


class Striker:
    def __init__(self, arena, traffic, faults, begin):
        self._arena = arena
        self._traffic = traffic
        self._left = sorted(faults, key=lambda fault: fault.at, reverse=True)
        self._begin = begin
        self._mends = []  # (when, what)
        self.deaf = {}  # seat: until when it does not read
        self.counts = {}

    def step(self, now):
        for one in [one for one in self._mends if one[0] <= now]:
            self._mends.remove(one)
            one[1]()
        while self._left and self._begin + self._left[-1].at <= now:
            self._strike(self._left.pop(), now)

    @property
    def over(self):
        return not self._left and not self._mends

    def mend_all(self, now):
        """At once: what is mended by itself by and by, too."""
        self._left.clear()
        self.deaf.clear()
        self._arena.settle()
        mends, self._mends = self._mends, []
        for when, mend in mends:
            mend()

    def _strike(self, fault, now):
        self._arena.faults.note(fault=fault.kind, target=fault.target, lasts=fault.lasts)
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
        who = fault.kind.split(" ")[0]
        if who.startswith("gateway"):
            self._strike_gateways(fault, now)
        elif "connection" in fault.kind or fault.kind == "worker cut off":
            link = f"model-{fault.target}" if fault.target in MODELS else f"link-{fault.target}"
            self._strike_link(link, fault)
        else:
            self._strike_process(who, fault, now)

    def _strike_link(self, link, fault, share=1.0):
        ms = 1000 * fault.lasts
        if fault.kind.endswith(" cut"):
            self._arena.relay.tell("cut", link=link, how=fault.how, share=share)
        elif fault.kind.endswith("cut off"):
            self._arena.relay.tell("refuse", link=link, ms=ms)
        elif fault.kind.endswith("stalled"):
            self._arena.relay.tell("stall", link=link, ms=ms)
        elif fault.kind.endswith("half open"):
            self._arena.relay.tell("half_open", link=link, ms=ms)
        else:
            raise ValueError(fault.kind)

    def _strike_gateways(self, fault, now):
        if fault.kind == "gateway killed":
            self._traffic.crash_gateway(int(fault.target))
        elif fault.kind == "gateway deaf":
            self.deaf[int(fault.target)] = now + fault.lasts
        elif fault.kind.endswith("delayed"):
            relay = self._arena.relay
            relay.tell("delay", link=fault.target, ms=60)
            self._mends.append((now + fault.lasts,
                                lambda: relay.tell("delay", link=fault.target, ms=0)))
        else:
            self._strike_link(fault.target, fault, share=0.5)

    def _strike_process(self, who, fault, now):
        arena, name = self._arena, fault.target
        process = (arena.broker if who == "broker" else arena.models[name] if who == "model"
                   else arena.worker(name))
        again = {"broker": self._start_broker, "model": lambda: arena.start_model(name),
                 "worker": lambda: arena.start_worker(name)}[who]
        if fault.kind.endswith("stopped and woken"):
            process.signal(signal.SIGSTOP)
            self._mends.append((now + fault.lasts, lambda: process.signal(signal.SIGCONT)))
        elif fault.kind.endswith("killed"):
            arena.kill(process)
            self._mends.append((now + fault.lasts, again))
        elif who == "worker":  # told to leave: it drains while another takes its place
            arena.leave(process)
            again()
        else:
            arena.leave(process)
            self._when_ended(process, now + fault.lasts, again)

    def _when_ended(self, process, when, then):
        def look():
            if process.running:
                self._mends.append((when, look))
            else:
                then()
        self._mends.append((when, look))

    def _start_broker(self):
        self._arena.faults.note(broker="starts")
        self._arena.start_broker_again()
        self._arena.faults.note(broker="started")
