#!/usr/bin/python3
"""Reads the histories of a run and says what in them breaks the gateways' contract.

    checker.py FOLDER      prints the violations and the counts; ends with 1 where there is a violation

Written from schemas/PROTOCOL.md, after the fact, over what was on the wire (history.py): nothing of the
gateway that took part is used. What several gateways saw of a turn is one evidence.
"""
import collections
import dataclasses
import json
import pathlib
import sys

import xxhash

from history import read
from spans import Contradiction, Span, paths_through, texts_agree

ENDS = ("completed", "failed", "cancelled")
ALWAYS = {"type", "turn", "session", "seq", "attempt", "at_ms"}
KNOWN = {*ENDS, "accepted", "started", "stage", "delta", "reset", "alert"}
SAME_OPEN = ("session", "text", "history", "locale", "pipeline")  # what makes two opens the same
UNKNOWN = "unknown_turn"
NOT_ABOUT_THE_TURN = {UNKNOWN, "conflict"}  # such a rejection ends nothing for a gateway
EXPECTED_REJECTIONS = {*NOT_ABOUT_THE_TURN, "session_busy", "overloaded", "unavailable"}
CANCEL_REASONS = ("requested", "interrupted")
AUDIT = "audit"  # gateways whose name begins so pushed every turn again after the run


@dataclasses.dataclass
class Seen:
    """One turn, as one gateway saw it."""

    events: list = dataclasses.field(default_factory=list)  # (at, event), rejections not included
    rejections: list = dataclasses.field(default_factory=list)
    opened: bool = False
    after: list = dataclasses.field(default_factory=list)  # of its resumes

    @property
    def refused(self):
        """It was told that the turn was over before it began: it does not wait for more."""
        return any(event["code"] not in NOT_ABOUT_THE_TURN for _, event in self.rejections)


class Turn:
    def __init__(self, name):
        self.id = name
        self.opens = []  # (at, gateway, command)
        self.cancels = []  # (at, gateway)
        self.seen = collections.defaultdict(Seen)

    @property
    def command(self):
        return self.opens[0][2] if self.opens else None

    def events(self):
        return (event for seen in self.seen.values() for _, event in seen.events)

    @property
    def accepted(self):
        return any(seen.events for seen in self.seen.values())

    def first(self, kind, attempt=None):
        """Of this type the event with the lowest number; None where nobody saw one."""
        found = [event for event in self.events()
                 if event["type"] == kind and attempt in (None, event["attempt"])]
        return min(found, key=lambda event: event["seq"], default=None)

    @property
    def end(self):
        return next((event for event in self.events() if event["type"] in ENDS), None)


class Histories:
    """All that was written down in a folder."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.run = json.loads((folder / "run.json").read_text())
        self.turns = {}
        self.brokers = set()
        self.violations = []
        self.faults = []
        for path in sorted(folder.glob("gateway-*.jsonl")):
            self._read(path, path.stem.removeprefix("gateway-"))
        if (folder / "faults.jsonl").exists():
            self.faults = [(at, note) for at, _, note in read(folder / "faults.jsonl")]

    def turn(self, name):
        return self.turns.setdefault(name, Turn(name))

    def _read(self, path, gateway):
        for at, kind, value in read(path):
            if kind == "push":
                self._take_command(at, gateway, value)
            elif kind == "got":
                self._take_batch(at, gateway, *value)

    def _take_command(self, at, gateway, command):
        turn = self.turn(command["turn"])
        if command["type"] == "open":
            turn.opens.append((at, gateway, command))
            turn.seen[gateway].opened = True
        elif command["type"] == "cancel":
            turn.cancels.append((at, gateway))
        else:
            turn.seen[gateway].after.append(command["after"])

    def _take_batch(self, at, gateway, topic, batch):
        if topic != f"{gateway}/" or batch.get("v") != 1:
            self.violations.append((None, f"{gateway} got a message for {topic}"))
        self.brokers.add(batch["broker"])
        for event in batch["events"]:
            if "turn" not in event:
                continue
            seen = self.turn(event["turn"]).seen[gateway]
            if event["type"] == "rejected":
                seen.rejections.append((at, event))
            elif problem := misshapen(event):
                self.violations.append((event["turn"], problem))
            else:
                seen.events.append((at, event))


def misshapen(event):
    """What makes an event one that cannot be judged further; None where it is well."""
    if missing := ALWAYS - event.keys():
        return f"{event['type']} without {', '.join(sorted(missing))}"
    first, last = event.get("from", event["seq"]), event["seq"]
    if not all(isinstance(number, int) for number in (first, last, event["attempt"])):
        return f"{event['type']} with numbers that are none"
    if not 1 <= first <= last:
        return f"{event['type']} stands for the numbers {first} to {last}"
    if event["type"] == "delta":
        try:
            event["text"].encode()
        except UnicodeEncodeError:
            return f"delta {last} is not UTF-8"
    return None


def content(event):
    """What must be the same whenever a number is seen: all but when the broker says it was."""
    if event["type"] == "delta":
        return event["text"]
    return json.dumps({key: value for key, value in event.items() if key != "at_ms"}, sort_keys=True)


def span(event):
    return Span(event.get("from", event["seq"]), event["seq"], event["type"], event["attempt"],
                content(event))


# --- one turn ------------------------------------------------------------------------------------

def voided(turn):
    """The numbers that a reset or an end with `from` has declared never to have been."""
    return [(event["from"], event["seq"] - 1) for event in turn.events() if is_gap(event)]


def is_gap(event):
    return event["type"] != "delta" and "from" in event


def is_void(one, voids):
    """Its numbers end within what was voided; what voids ends one past it."""
    return one.kind not in ("reset", *ENDS) and any(first <= one.last <= last for first, last in voids)


def check_voids(turn, ranges):
    """After a gateway got the `reset`, what it voids does not come back."""
    for gateway, seen in turn.seen.items():
        gone = []
        for _, event in seen.events:
            if is_void(span(event), gone):
                yield f"{gateway} got number {event['seq']} after the reset that voids it"
            if is_gap(event):
                gone.append((event["from"], event["seq"] - 1))
    for first, last in ranges:
        if any(event["type"] in (*ENDS, "accepted") and first <= event["seq"] <= last
               for event in turn.events()):
            yield f"a reset voids {first} to {last}, in which stands what must be durable"


def check_numbers(turn):
    """A number never stands for two contents."""
    voids = voided(turn)
    yield from check_voids(turn, voids)
    try:
        texts_agree({one for one in map(span, turn.events()) if not is_void(one, voids)})
    except Contradiction as error:
        yield str(error)


def check_ends(turn):
    """Exactly one end, and nothing after it."""
    ends = {content(event): event for event in turn.events() if event["type"] in ENDS}
    if len(ends) != 1:
        kinds = sorted(event["type"] for event in ends.values())
        yield f"accepted, and {len(ends)} ends: {', '.join(kinds)}"
        return
    (end,) = ends.values()
    for event in turn.events():
        if event["seq"] > end["seq"]:
            yield f"{event['type']} {event['seq']} after the end, which is {end['seq']}"


def shown_by(path):
    """The reply that a path of spans makes, with what was forgotten on the way left out."""
    text = ""
    for one in path:
        if one.kind == "delta":
            text += one.content
        elif one.kind == "reset":
            text = ""
    return text


def check_whole(turn):
    """Each gateway that asked got all numbers, and the reply that `completed` proves."""
    end = turn.end
    if end is None:
        return  # check_ends has told it
    for gateway, seen in turn.seen.items():
        if not seen.events or not (seen.opened or seen.after) or seen.refused:
            continue
        begin = 0 if seen.opened or not seen.after else min(seen.after)
        spans = {span(event) for _, event in seen.events}
        path = paths_through(spans, begin, end["seq"])
        if path is None:
            held = sorted({(one.first, one.last) for one in spans})
            yield f"{gateway} never got all of {begin + 1} to {end['seq']}: it has {brief(held)}"
        elif end["type"] == "completed" and begin == 0:
            raw = shown_by(path).encode()
            if (len(raw), xxhash.xxh64(raw).hexdigest()) != (end["text_bytes"], end["text_hash"]):
                yield f"{gateway} holds {len(raw)} bytes, which are not the {end['text_bytes']} of the end"


def brief(held):
    """Ranges, joined where they meet; at most the first eight."""
    joined = []
    for first, last in held:
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(last, joined[-1][1])
        else:
            joined.append([first, last])
    return ", ".join(f"{first}-{last}" for first, last in joined[:8]) + ("…" if len(joined) > 8 else "")


def in_order(turn):
    """One event a number, by number; merged deltas too. What was voided is left out."""
    voids = voided(turn)
    by_number = {(event["seq"], event["type"]): event for event in turn.events()
                 if not is_void(span(event), voids)}
    return [by_number[key] for key in sorted(by_number, key=lambda key: key[0])]


def check_attempts(turn):
    """Attempts only grow, and each has started (again, where it was handed back)."""
    highest, starts = 0, []
    for event in in_order(turn):
        number, attempt, kind = event["seq"], event["attempt"], event["type"]
        if (number == 1) != (kind == "accepted"):
            yield f"{kind} is number {number}"
        if attempt < highest:
            yield f"{kind} {number} is of attempt {attempt}, after {highest}"
        highest = max(highest, attempt)
        if kind == "started":
            starts.append(attempt)
        elif kind in ("stage", "delta", "alert", "completed") and attempt not in starts:
            yield f"{kind} {number} of attempt {attempt}, which has not started"
    if starts != sorted(starts):
        yield f"attempts started as {starts}"


def check_stages(turn):
    """A stage that has ended is not run again, whatever becomes of its worker."""
    ended = [event["stage"] for event in in_order(turn) if event["type"] == "stage"]
    for stage in sorted(set(ended)):
        if ended.count(stage) > 1:
            yield f"stage {stage} ended {ended.count(stage)} times"


def check_on_lost(turn):
    """What `on_lost` asks for: `fail` takes nothing back, `reset` never goes on over a loss."""
    wish = (turn.command or {}).get("on_lost", "continue")
    speaker = None  # the attempt whose words are shown
    for event in in_order(turn):
        if event["type"] == "delta":
            if wish == "reset" and speaker not in (None, event["attempt"]):
                yield f"on_lost reset, and delta {event['seq']} goes on from attempt {speaker}"
            speaker = event["attempt"]
        elif event["type"] == "reset":
            if wish == "fail" and speaker is not None and event["reason"] == "worker_lost":
                yield f"on_lost fail, and reset {event['seq']} takes words back"
            speaker = None


def same_open(command):
    return json.dumps([command.get(key) for key in SAME_OPEN])


def check_commands(turn, sessions):
    """Answers fit the commands: conflicts, cancels, interrupts, and every open is answered."""
    contents = {same_open(command) for _, _, command in turn.opens}
    rejections = [event for seen in turn.seen.values() for _, event in seen.rejections]
    if turn.opens and not turn.accepted and {event["code"] for event in rejections} <= {UNKNOWN}:
        yield "an open that was never answered"
    if len(contents) < 2 and any(event["code"] == "conflict" for event in rejections):
        yield "rejected as a conflict, but all opens were the same"
    for code in sorted({event["code"] for event in rejections} - EXPECTED_REJECTIONS):
        yield f"rejected as {code}"
    accepted = turn.first("accepted")
    if accepted and any(event["code"] == UNKNOWN and event["at_ms"] > accepted["at_ms"]
                        for event in rejections):
        yield "accepted, and unknown later"
    end = turn.end
    if end is not None and end["type"] == "cancelled":
        if end["reason"] not in CANCEL_REASONS:
            yield f"cancelled as {end['reason']}"
        if end["reason"] == "requested" and not turn.cancels:
            yield "cancelled as requested, but nobody did"
        if end["reason"] == "interrupted" and not any(
                other.command.get("on_busy") == "interrupt" for other in sessions[end["session"]]
                if other is not turn and other.command):
            yield "cancelled as interrupted, but no turn of its session does that"
    for event in turn.events():
        if turn.command and event["session"] != turn.command["session"]:
            yield f"{event['type']} {event['seq']} names another session"
            break


def check_audit(turn):
    """Pushed again after the run: the same end again, to a gateway that had never asked before."""
    for gateway, seen in turn.seen.items():
        if gateway.startswith(AUDIT) and seen.opened:
            if not any(event["type"] in ENDS for _, event in seen.events):
                yield f"{gateway} pushed it again after its end and did not get it"


# --- all turns -----------------------------------------------------------------------------------

def check_sessions(sessions):
    """One running turn a session, in the order of acceptance (as far as milliseconds tell it)."""
    for session, turns in sessions.items():
        ran = []
        for turn in turns:
            accepted, started, end = turn.first("accepted"), turn.first("started"), turn.end
            if accepted and started and end:
                ran.append((started["at_ms"], end["at_ms"], accepted["at_ms"], turn))
        ran.sort(key=lambda one: one[:3])
        for (_, end, accepted, turn), (start, _, later, other) in zip(ran, ran[1:]):
            if start < end:
                yield other.id, f"started {end - start} ms before {turn.id} of session {session} ended"
            if later < accepted:
                yield other.id, f"ran after {turn.id} of session {session}, but was accepted before it"


def check_replies(turns):
    """The rehearsal says the same to the same: so a reply that was cut, doubled or mixed shows."""
    said = collections.defaultdict(dict)
    for turn in turns:
        end, command = turn.end, turn.command
        if not end or end["type"] != "completed" or end["degraded"] or not command:
            continue
        if command.get("history") != [] or end["finish_reason"] != "stop":
            continue
        if len({same_open(other) for _, _, other in turn.opens}) > 1:
            continue  # which of them was accepted cannot be told
        key = (command["text"], command.get("locale"), command.get("pipeline"))
        said[key].setdefault((end["text_bytes"], end["text_hash"]), []).append(turn.id)
    for found in said.values():
        if len(found) > 1:
            rare = min(found, key=lambda one: len(found[one]))
            sizes = ", ".join(f"{len(ids)} of {size} bytes" for (size, _), ids in found.items())
            yield found[rare][0], f"another reply than others with the same words: {sizes}"


PER_TURN = (check_numbers, check_ends, check_whole, check_attempts, check_stages, check_on_lost, check_audit)


def check(histories):
    """[(turn or None, what)]: empty is the proof."""
    violations = list(histories.violations)
    if histories.run.get("durable") and len(histories.brokers) > 1:
        violations.append((None, f"{len(histories.brokers)} broker ids from one store"))
    sessions = collections.defaultdict(list)
    for turn in histories.turns.values():
        if turn.command:
            sessions[turn.command["session"]].append(turn)
    for turn in histories.turns.values():
        if turn.accepted:
            for rule in PER_TURN:
                violations += [(turn.id, what) for what in rule(turn)]
            violations += [(turn.id, f"type {event['type']} is not in the contract")
                           for event in turn.events() if event["type"] not in KNOWN]
        violations += [(turn.id, what) for what in check_commands(turn, sessions)]
    violations += check_sessions(sessions)
    violations += check_replies(histories.turns.values())
    return violations


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: checker.py FOLDER")
    histories = Histories(sys.argv[1])
    violations = check(histories)
    for turn, what in violations:
        print(f"VIOLATION {turn or ''}: {what}")
    print(f"{len(histories.turns)} turns, {len(violations)} violations")
    sys.exit(1 if violations or not histories.turns else 0)


if __name__ == "__main__":
    main()
