"""The model as lines of text, each a list of (text, style). Pure: no terminal is needed to look at it.

Styles: title, head, plain, dim, good, warn, bad.
"""
import time

from . import figures
from .figures import count, percent, rate, seconds, size

SORTS = ("name", "runs", "turns/s", "first p99")
WIDTH_MIN = 40


class View:
    """What the reader chose."""

    def __init__(self):
        self.sort = 0
        self.paused = False
        self.help = False
        self.scroll = 0

    def on_key(self, key):
        """False: leave."""
        if key in ("q", "Q", "\x1b"):
            return False
        if key == "s":
            self.sort = (self.sort + 1) % len(SORTS)
        elif key in ("p", " "):
            self.paused = not self.paused
        elif key in ("h", "?"):
            self.help = not self.help
        elif key in ("down", "j"):
            self.scroll += 1
        elif key in ("up", "k"):
            self.scroll = max(0, self.scroll - 1)
        return True


def render(model, view, width, height, clock=None, ascii_only=False):
    """At most `height` lines of at most `width` columns; a negative height: all of them."""
    width = max(width, WIDTH_MIN)
    body = []
    for broker in model.of("broker"):
        body += _broker(broker, model.now, width, ascii_only) + [[]]
    body += _workers(model, view, width, ascii_only)
    body += _endpoints(model, width)
    body += _gateways(model, width)
    body += _waiting(model, width)
    head = [_head(model, view, width, clock)]
    foot = [_foot(view, width)]
    if view.help:
        body = _help() + body
    if height >= 0:
        room = max(0, height - len(head) - len(foot))
        view.scroll = max(0, min(view.scroll, len(body) - room))
        body = body[view.scroll:view.scroll + room]
        body += [[]] * (room - len(body))
    lines = [_fit(line, width) for line in head + body + foot]
    return [_plain(line) for line in lines] if ascii_only else lines


# --- parts ---------------------------------------------------------------------------------------

def _head(model, view, width, clock):
    brokers = model.of("broker")
    here = sum(broker.here for broker in brokers)
    workers = [worker for worker in model.of("worker") if worker.here]
    left = [(" emostage-top ", "title"),
            (f"  brokers {here}/{len(brokers)}", "plain" if here == len(brokers) else "bad"),
            (f"  workers {len(workers)}", "plain" if workers else "bad")]
    if view.paused:
        left.append(("  paused", "warn"))
    return _ends(left, [((clock or time.strftime("%H:%M:%S")) + " ", "dim")], width)


def _foot(view, width):
    keys = [(" q", "head"), (" quit  ", "dim"), ("p", "head"), (" pause  ", "dim"), ("s", "head"),
            (f" sort: {SORTS[view.sort]}  ", "dim"), ("↑↓", "head"), (" scroll  ", "dim"), ("h", "head"),
            (" help", "dim")]
    return _ends(keys, [], width)


def _help():
    lines = ("wait: from a turn's acceptance until a worker has it",
             "first: until the first piece of the reply (of an endpoint: its first token)",
             "a / b: the median and the 99th percentile",
             "own: our own work on a turn; lag: how late a worker's loop is",
             "Rates and percentiles are those of the last 15 s. – : nothing happened, or not known yet.")
    return [[("  " + line, "dim")] for line in lines] + [[]]


def _state(process, now):
    """(words, style) of a process that may be gone."""
    if process.seen_at is None:
        return ("no answer", "bad") if process.missed_at is not None else ("asking", "dim")
    if process.missed_at is not None:
        return f"gone {seconds(max(1.0, now - process.missed_at))}", "bad"
    return "", "good"


def _broker(broker, now, width, ascii_only):
    state, style = _state(broker, now)
    if not state:
        state, style = _broker_state(broker)
    started = broker.value("emostage_start_time_seconds")
    versions = broker.label_values("emostage_build_info", "version")
    up = None if started is None else time.time() - started
    head = _ends([(" broker ", "head"), (broker.address + "  ", "plain"), (state, style)],
                 [(f"{versions[0] if versions else ''}  up {seconds(up)}  "
                   f"cpu {percent(broker.rate('process_cpu_seconds_total'), 1)}  "
                   f"{size(broker.value('process_resident_memory_bytes'))} ", "dim")], width)
    if not broker.history:
        return [head]
    dead = "dim" if not broker.here else None
    p50, p99 = 0.5, 0.99
    wait = broker.quantiles("emostage_queue_wait_seconds", p50, p99)
    first = broker.quantiles("emostage_first_delta_seconds", p50, p99)
    took = broker.quantiles("emostage_turn_duration_seconds", p50, p99, outcome="completed")
    commit = broker.quantiles("emostage_journal_commit_seconds", p50, p99)
    slots, used = broker.value("emostage_worker_slots"), broker.value("emostage_worker_slots_used")
    waiting = broker.value("emostage_turns_waiting")
    failed = broker.rate("emostage_turns_total", outcome="failed")
    rejected = broker.rate("emostage_turns_total", outcome="rejected")
    alerts = broker.rate("emostage_alerts_total")
    rows = [
        ("turns", [(f"{rate(broker.rate('emostage_turns_total', outcome='completed'))}/s completed", None),
                   (f"{rate(failed)}/s failed", "bad" if failed else None),
                   (f"{rate(broker.rate('emostage_turns_total', outcome='cancelled'))}/s cancelled", None),
                   (f"{rate(rejected)}/s rejected", "warn" if rejected else None),
                   (f"{rate(alerts)}/s alerts", "warn" if alerts else None)]),
        ("slots", [(f"{figures.bar((used or 0) / slots if slots else 0, 16, ascii_only)} "
                    f"{count(used)}/{count(slots)}", None),
                   (f"waiting {count(waiting)}", "warn" if waiting else None),
                   (f"oldest {seconds(broker.value('emostage_turns_waiting_oldest_seconds'))}", None)]),
        ("wait", [(_pair(wait), None), (f"first {_pair(first)}", None), (f"turn {_pair(took)}", None)]),
        ("flow", [(f"{rate(broker.rate('emostage_deltas_total'))}/s deltas", None),
                  (f"{rate(broker.rate('emostage_resets_total'))}/s resets", None),
                  (f"{rate(broker.rate('emostage_replays_total'))}/s replays", None),
                  (f"{rate(broker.rate('emostage_leases_lost_total'))}/s leases lost", None)]),
        ("journal", [(f"{rate(broker.rate('emostage_journal_commits_total'))}/s commits", None),
                     (f"in {_pair(commit)}", None),
                     (f"unstored {count(broker.value('emostage_journal_turns_unstored'))}", None),
                     (f"kept {count(broker.value('emostage_turns_kept'))} turns", None)]),
    ]
    lines = [head]
    for name, cells in rows:
        line = [(f"   {name:<8}", "dim")]
        for text, its in cells:
            line.append((text + "  ", dead or its or "plain"))
        lines.append(line)
    return lines


def _broker_state(broker):
    if broker.value("emostage_draining"):
        return "draining", "warn"
    if broker.value("emostage_takes_turns") == 0:
        return "cannot store", "bad"
    if not broker.value("emostage_workers", state="ready"):
        return "no workers", "bad"
    return "ready", "good"


def _worker_row(worker, now):
    state, style = _state(worker, now)
    if not state and worker.value("emostage_worker_draining"):
        state, style = "draining", "warn"
    elif not state and not worker.value("emostage_worker_shards_registered"):
        state, style = "no broker", "bad"
    elif not state:
        state, style = "ready", "good"
    turns = worker.rate("gen_ai_workflow_duration_seconds_count")
    first = worker.quantiles("emostage_worker_first_delta_seconds", 0.5, 0.99)
    own = worker.quantiles("emostage_worker_overhead_seconds", 0.5, 0.99)
    runs, slots = worker.value("emostage_worker_runs"), worker.value("emostage_worker_run_slots")
    failed = worker.rate("emostage_worker_stages_total", status="failed")
    keys = {"name": worker.name, "runs": -(runs or 0), "turns/s": -(turns or 0),
            "first p99": -(first[1] or 0)}
    return keys, {
        "worker": (worker.name, "plain"), "state": (state, style),
        "runs": (f"{count(runs)}/{count(slots)}", None), "load": _load(runs, slots),
        "turns/s": (rate(turns), None), "first p50": (seconds(first[0]), None), "p99": (seconds(first[1]), None),
        "own p50": (seconds(own[0]), None), "own p99": (seconds(own[1]), None),
        "stages failed/s": (rate(failed), "warn" if failed else None),
        "lag p99": (seconds(worker.quantiles("emostage_worker_loop_lag_seconds", 0.99)[0]), None),
        "cpu": (percent(worker.rate("process_cpu_seconds_total"), 1), None),
        "memory": (size(worker.value("process_resident_memory_bytes")), None),
        "pages": (worker.address, "dim")}, not worker.here


def _load(runs, slots):
    share = (runs or 0) / slots if slots else 0
    return share, "warn" if share >= 0.95 else None


def _workers(model, view, width, ascii_only):
    rows = [_worker_row(worker, model.now) for worker in model.of("worker")]
    unlisted = sum(not row.get("admin") for broker in model.of("broker") for row in broker.workers())
    if not rows and not unlisted:
        return [[(" no workers", "bad")], []]
    rows.sort(key=lambda row: (row[0][SORTS[view.sort]], row[0]["name"]))
    columns = [("worker", 16, "<"), ("state", 10, "<"), ("runs", 9, ">"), ("load", 10, "bar"),
               ("turns/s", 8, ">"), ("first p50", 10, ">"), ("p99", 8, ">"), ("own p99", 8, ">"),
               ("lag p99", 8, ">"), ("cpu", 6, ">"), ("memory", 8, ">"), ("own p50", 8, ">"),
               ("stages failed/s", 16, ">"), ("pages", 22, "<")]
    lines = _table(columns, [(cells, dead) for _, cells, dead in rows], width, ascii_only)
    if unlisted:
        lines.append([(f"   and {unlisted} without pages of their own (--admin off)", "dim")])
    return lines + [[]]


BREAKER = {0: ("ready", "good"), 1: ("on probation", "warn"), 2: ("given up", "bad")}


def _endpoints(model, width):
    """Model servers, each as all workers together see it."""
    found = {}
    for worker in model.of("worker"):
        for name in worker.label_values("emostage_worker_model_breaker_state", "endpoint"):
            found.setdefault(name, []).append(worker)
    rows = []
    for name, workers in sorted(found.items()):
        here = [worker for worker in workers if worker.here]
        worst = max((worker.value("emostage_worker_model_breaker_state", endpoint=name) or 0
                     for worker in here), default=None)
        models = {model for worker in workers for model in
                  _models(worker, name)}
        rows.append(({
            "model server": (name, "plain"),
            "state": BREAKER.get(worst, ("–", "dim")),
            "asked": (count(_sum(worker.value("emostage_worker_model_requests_running", endpoint=name)
                                 for worker in here)), None),
            "answers/s": (rate(_sum(worker.rate("emostage_worker_model_requests_total", endpoint=name, outcome="ok")
                                    for worker in here)), None),
            "failed/s": _failed(here, name),
            "first p50": (seconds(_merged(here, "gen_ai_server_time_to_first_token_seconds", 0.5, name)), None),
            "p99": (seconds(_merged(here, "gen_ai_server_time_to_first_token_seconds", 0.99, name)), None),
            "token p50": (seconds(_merged(here, "gen_ai_server_time_per_output_token_seconds", 0.5, name)), None),
            "tokens/s": (rate(_sum(worker.rate("gen_ai_client_token_usage_sum", endpoint=name,
                                               gen_ai_token_type="output") for worker in here)), None),
            "model": (", ".join(sorted(models)), "dim")}, not here))
    columns = [("model server", 22, "<"), ("state", 12, "<"), ("asked", 6, ">"), ("answers/s", 10, ">"),
               ("failed/s", 9, ">"), ("first p50", 10, ">"), ("p99", 8, ">"), ("token p50", 10, ">"),
               ("tokens/s", 9, ">"), ("model", 30, "<")]
    return _table(columns, rows, width) + [[]] if rows else []


def _models(worker, endpoint):
    return {labels.get("gen_ai_request_model", "") for labels, _ in
            worker.newest.get("gen_ai_client_operation_duration_seconds_count", ())
            if labels.get("endpoint") == endpoint}


def _failed(workers, endpoint):
    every = _sum(worker.rate("emostage_worker_model_requests_total", endpoint=endpoint) for worker in workers)
    fine = _sum(worker.rate("emostage_worker_model_requests_total", endpoint=endpoint, outcome=outcome)
                for worker in workers for outcome in ("ok", "stopped"))
    failed = None if every is None or fine is None else max(0.0, every - fine)
    return rate(failed), "bad" if failed else None


def _gateways(model, width):
    rows = []
    for gateway in model.of("gateway"):
        state, style = _state(gateway, model.now)
        if not state and gateway.value("emostage_gateway_link_up") == 0:
            state, style = "no broker", "bad"
        first = gateway.quantiles("emostage_gateway_time_to_first_delta_seconds", 0.5, 0.99)
        rows.append(({"gateway": (gateway.address, "plain"), "state": (state or "ready", style),
                      "requests/s": (rate(gateway.rate("emostage_gateway_requests_total")), None),
                      "streams": (count(gateway.value("emostage_gateway_streams")), None),
                      "first p50": (seconds(first[0]), None), "p99": (seconds(first[1]), None),
                      "deltas/s": (rate(gateway.rate("emostage_gateway_deltas_total")), None),
                      "gone/s": (rate(gateway.rate("emostage_gateway_clients_gone_total")), None),
                      "cpu": (percent(gateway.rate("process_cpu_seconds_total"), 1), None),
                      "memory": (size(gateway.value("process_resident_memory_bytes")), None)},
                     not gateway.here))
    columns = [("gateway", 22, "<"), ("state", 10, "<"), ("streams", 9, ">"), ("requests/s", 10, ">"),
               ("deltas/s", 8, ">"), ("first p50", 10, ">"), ("p99", 8, ">"), ("gone/s", 8, ">"), ("cpu", 6, ">"), ("memory", 8, ">")]
    return _table(columns, rows, width) + [[]] if rows else []


def _waiting(model, width):
    """Who has turns waiting, the most first."""
    waits = {}
    for broker in model.of("broker"):
        for name, turns in broker.waiting().items():
            waits[name] = waits.get(name, 0) + turns
    if not waits:
        return []
    line = [(" waiting  ", "head")]
    for name, turns in sorted(waits.items(), key=lambda one: (-one[1], one[0]))[:20]:
        line.append((f"{name} {count(turns)}   ", "plain"))
    return [line, []]


# --- tables and lines ----------------------------------------------------------------------------

def _sum(values):
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _merged(processes, name, share, endpoint):
    from . import samples
    counts = {}
    for process in processes:
        if len(process.history) < 2:
            continue
        grown = samples.bucket_growth(samples.buckets(process.history[0][1], name, endpoint=endpoint),
                                      samples.buckets(process.history[-1][1], name, endpoint=endpoint))
        for bound, value in grown.items():
            counts[bound] = counts.get(bound, 0.0) + value
    return samples.quantile(share, counts)


def _pair(values):
    return f"{seconds(values[0])} / {seconds(values[1])}"


def _table(columns, rows, width, ascii_only=False):
    """As many of the columns as fit, the first ones first."""
    shown, used = [], 1
    for name, wide, align in columns:
        if used + wide > width and shown:
            break
        shown.append((name, wide, align))
        used += wide + 1
    lines = [[(" ", "head")] + [(_cell(name, wide, "<" if align == "bar" else align) + " ", "head")
                                for name, wide, align in shown]]
    for cells, dead in rows:
        line = [(" ", "plain")]
        for name, wide, align in shown:
            value, style = cells[name]
            if align == "bar":
                text = figures.bar(value, wide, ascii_only)
            else:
                text = _cell(value, wide, align)
            style = style or "plain"
            line.append((text + " ", "dim" if dead and name != "state" else style))
        lines.append(line)
    return lines


def _cell(text, wide, align):
    if len(text) > wide:
        text = text[:wide - 1] + "…"
    return f"{text:{align}{wide}}"


def _ends(left, right, width):
    taken = sum(len(text) for text, _ in left) + sum(len(text) for text, _ in right)
    if taken > width:
        return left
    return left + [(" " * (width - taken), "plain")] + right


def _fit(line, width):
    fitted, left = [], width
    for text, style in line:
        if left <= 0:
            break
        fitted.append((text[:left], style))
        left -= len(text)
    return fitted


PLAIN = str.maketrans({"–": "-", "µ": "u", "…": "~", "↑": "^", "↓": "v", "·": "."})


def _plain(line):
    return [(text.translate(PLAIN).encode("ascii", "replace").decode(), style) for text, style in line]
