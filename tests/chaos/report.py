"""The counts of a run, from its histories, as one table."""
import collections
import statistics

from checker import ENDS, in_order


def _of_turn(turn, counts):
    counts["accepted"] += 1
    end = turn.end
    kind = end["type"] if end else "open"
    if kind == "failed":
        counts[f"failed: {end['code']}"] += 1
    elif kind == "cancelled":
        counts[f"cancelled: {end['reason']}"] += 1
    else:
        counts[kind] += 1
    events = in_order(turn)
    speaker, continued, resets = None, 0, 0
    for event in events:
        if event["type"] == "delta":
            continued += speaker is not None and speaker != event["attempt"]
            speaker = event["attempt"]
        elif event["type"] == "reset":
            resets += 1
            speaker = None
    counts["continued by another worker"] += bool(continued)
    counts["reset"] += bool(resets)
    counts["with more than one attempt"] += max((event["attempt"] for event in events), default=0) > 1
    counts["attempts"] += max((event["attempt"] for event in events), default=0)
    counts["resumed"] += any(seen.after for seen in turn.seen.values())
    counts["resumes"] += sum(len(seen.after) for seen in turn.seen.values())
    counts["alerts"] += any(event["type"] == "alert" for event in events)
    counts["degraded"] += bool(end and end.get("degraded"))


ROWS = ("turns pushed", "accepted", "completed", "degraded", "continued by another worker", "reset",
        "with more than one attempt", "attempts", "resumed", "resumes", "alerts", "open")


def counts_of(histories):
    counts = collections.Counter()
    for turn in histories.turns.values():
        counts["turns pushed"] += bool(turn.opens)
        if turn.accepted:
            _of_turn(turn, counts)
        else:
            codes = {event["code"] for seen in turn.seen.values() for _, event in seen.rejections}
            for code in codes or {"no answer"}:
                counts[f"rejected: {code}"] += 1
    for _, note in histories.faults:
        if "fault" in note:
            counts[f"fault: {note['fault']}"] += 1
            counts["faults"] += 1
    return counts


def table(counts, times):
    """`times`: {what: [ms, …]}."""
    rows = [(name, counts[name]) for name in ROWS]
    rows += sorted((name, count) for name, count in counts.items()
                   if name.split(":")[0] in ("rejected", *ENDS) and ":" in name)
    rows.append(("faults", counts["faults"]))
    rows += sorted((name, count) for name, count in counts.items() if name.startswith("fault:"))
    lines = [f"| {name:<44} | {count:>8} |" for name, count in rows]
    for what, took in times.items():
        if took:
            lines.append(f"| {what + ', ms':<44} | median {statistics.median(took):.1f}, "
                         f"worst {max(took):.1f}, of {len(took)} |")
    return "\n".join(lines)
