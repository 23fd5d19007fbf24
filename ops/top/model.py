"""What is known of each process: its newest page, and what it was some seconds ago.

A machine: on(now, pages) takes what was fetched; nothing here fetches or draws.
"""
import collections

from . import samples

WINDOW_S = 15.0   # rates and percentiles are of this time
GONE_S = 60.0     # a worker that is no longer there is shown as gone for so long
PROCESSES_MAX = 2_000


class Process:
    """One address: a broker, a worker or a gateway."""

    def __init__(self, kind, address, name):
        self.kind = kind
        self.address = address
        self.name = name
        self.listed = True         # by its broker, or on the command line
        self.seen_at = None        # the last answer
        self.missed_at = None      # since when there is none
        self.history = collections.deque()  # (time, samples)
        self.extra = {}            # other pages, as JSON

    def on(self, now, page, extra):
        if page is None:
            if self.missed_at is None:
                self.missed_at = now
            return
        if self.missed_at is not None:
            self.history.clear()  # a gap is no rate
        self.missed_at = None
        self.seen_at = now
        self.extra = extra
        self.history.append((now, page))
        while len(self.history) > 2 and self.history[1][0] <= now - WINDOW_S:
            self.history.popleft()

    @property
    def here(self):
        return self.missed_at is None and self.seen_at is not None

    @property
    def newest(self):
        return self.history[-1][1] if self.history else {}

    def value(self, name, **labels):
        return samples.total(self.newest, name, **labels)

    def rate(self, name, **labels):
        """A second; None where two pages are not there yet."""
        if len(self.history) < 2:
            return None
        (then, old), (now, new) = self.history[0], self.history[-1]
        grown = samples.growth(samples.total(old, name, **labels),
                               samples.total(new, name, **labels))
        return None if grown is None or now <= then else grown / (now - then)

    def quantiles(self, name, *shares, **labels):
        """Of the window; None for each where nothing happened in it."""
        if len(self.history) < 2:
            return tuple(None for _ in shares)
        grown = samples.bucket_growth(samples.buckets(self.history[0][1], name, **labels),
                                      samples.buckets(self.history[-1][1], name, **labels))
        return tuple(samples.quantile(share, grown) for share in shares)

    def workers(self):
        """Those that a broker lists, as far as they make sense."""
        page = self.extra.get("/workers")
        rows = page.get("workers") if isinstance(page, dict) else None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def waiting(self):
        """{gateway: turns that wait}"""
        page = self.extra.get("/queue")
        waits = page.get("waiting_by_gateway") if isinstance(page, dict) else None
        return {str(name): turns for name, turns in waits.items()
                if isinstance(turns, (int, float))} if isinstance(waits, dict) else {}

    def label_values(self, name, label):
        return sorted({labels[label] for labels, _ in self.newest.get(name, ()) if label in labels})


class Model:
    def __init__(self, brokers, workers=(), gateways=()):
        self.processes = {}
        self.now = 0.0
        for kind, addresses in (("broker", brokers), ("worker", workers), ("gateway", gateways)):
            for address in addresses:
                self.processes[address] = Process(kind, address, address)
        self._fixed = set(self.processes)

    def of(self, kind):
        return [process for process in self.processes.values() if process.kind == kind]

    def wanted(self):
        """[(address, pages)] to be fetched next."""
        return [(process.address, ("/metrics", "/queue", "/workers")
                 if process.kind == "broker" else ("/metrics",))
                for process in self.processes.values() if process.listed or process.here]

    def on(self, now, pages):
        """`pages`: {address: (samples or None, {path: JSON})}."""
        self.now = now
        for address, (page, extra) in pages.items():
            if address in self.processes:
                self.processes[address].on(now, page, extra)
        self._follow_lists(now)

    def _follow_lists(self, now):
        listed = {}
        for broker in self.of("broker"):
            for row in broker.workers():
                address = row.get("admin")
                if isinstance(address, str) and address:
                    listed[address] = str(row.get("worker", address))
        for address, name in listed.items():
            if address not in self.processes and len(self.processes) < PROCESSES_MAX:
                self.processes[address] = Process("worker", address, name)
            if address in self.processes:
                self.processes[address].name = name
        brokers_here = any(broker.here for broker in self.of("broker"))
        for process in list(self.of("worker")):
            if process.address in self._fixed:
                continue
            process.listed = process.address in listed or not brokers_here
            gone = process.missed_at is not None and now - process.missed_at > GONE_S
            if not process.listed and (gone or process.seen_at is None):
                del self.processes[process.address]
