#!/usr/bin/python3
"""Writes the golden vectors: commands.json, refusals.json and events.json, beside this script.

The bytes come from Python's msgpack, or are written out by hand where no encoder would make them: an
encoder other than the one that the vectors prove. `--check` writes nothing and fails where a file is
not what this script makes.

In each file, `vectors` is a list of objects:
  name    a sentence
  bytes   the message in hexadecimal; or a list of pieces, each such a string or [string, times]
  means   (commands, events) the same message as JSON
  code    (refusals) the code of the `rejected` that it gets
  told    (refusals) the names that a broker can still read; both are there: the sender is told
"""
import json
import pathlib
import struct
import sys

import msgpack
import xxhash

HERE = pathlib.Path(__file__).resolve().parent
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def end_of(text):
    raw = text.encode()
    return {"text_bytes": len(raw), "text_hash": xxhash.xxh64(raw).hexdigest()}


def packed(value):
    return msgpack.packb(value, use_bin_type=True)


# --- encodings that are allowed and that a packer would not choose -------------------------------


def wide(value):
    """The same value with the widest headers and numbers that msgpack has."""
    if isinstance(value, str):
        raw = value.encode()
        return b"\xdb" + struct.pack(">I", len(raw)) + raw
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(wide, value))
    pairs = b"".join(wide(key) + wide(item) for key, item in value.items())
    return b"\xdf" + struct.pack(">I", len(value)) + pairs


# --- commands -------------------------------------------------------------------------------------

CANCEL = {"type": "cancel", "v": 1, "gateway": "g1", "turn": "t1"}
RESUME = {"type": "resume", "v": 1, "gateway": "g1", "turn": "t1", "after": 0}
OPEN = {"type": "open", "v": 1, "gateway": "g1", "turn": "t1", "session": "s1", "text": "Hello."}
FULL = {
    "type": "open",
    "v": 1,
    "gateway": "gateway-1.tokyo_a:2",
    "turn": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "session": "person:42",
    "text": "今日は、ほんとうに疲れました。",
    "history": [
        {"role": "user", "text": "こんばんは"},
        {"role": "assistant", "text": "こんばんは。今日はどんな一日でしたか。"},
    ],
    "locale": "ja-JP",
    "pipeline": "emostage",
    "deadline_ms": 30_000,
    "priority": "high",
    "on_busy": "interrupt",
    "on_lost": "fail",
    "traceparent": TRACE,
}


def commands():
    def vector(name, means, raw=None):
        return {"name": name, "bytes": (raw or packed(means)).hex(), "means": means}

    yield vector("an open with what it must have", OPEN)
    yield vector("an open with every field", FULL)
    yield vector("an open whose history is empty is stateless", {**OPEN, "history": []})
    yield vector("an open with the defaults written out",
                 {**OPEN, "priority": "normal", "on_busy": "enqueue", "on_lost": "continue"})
    yield vector("an open whose reply may start again", {**OPEN, "on_lost": "reset"})
    yield vector("an open of low priority that gives way",
                 {**OPEN, "priority": "low", "on_busy": "reject"})
    yield vector("an open with the longest ids and deadline",
                 {**OPEN, "gateway": "g" * 64, "turn": "T" * 64, "session": "9" * 64,
                  "pipeline": "p" * 64, "deadline_ms": 600_000})
    yield vector("an open in Chinese", {**OPEN, "text": "最近总是睡不好。", "locale": "zh-Hans-CN"})
    yield vector("an open with characters of four bytes, and a NUL",
                 {**OPEN, "text": "\U0001f642 a\u0000b \U0001f469\u200d\U0001f4bb"})
    yield vector("an open in another order of fields", dict(reversed(FULL.items())))
    yield vector("an open with the widest encodings", FULL, wide(FULL))
    yield vector("a cancel", CANCEL)
    yield vector("a resume from the start", RESUME)
    yield vector("a resume after the largest number", {**RESUME, "after": 2**64 - 1})
    yield vector("a resume with the widest encodings", RESUME, wide(RESUME))


# --- refusals -------------------------------------------------------------------------------------


def without(value, field):
    return {key: item for key, item in value.items() if key != field}


def with_raw(field, raw):
    """OPEN with `field` set to bytes that are written as they are."""
    fields = without(OPEN, field)
    out = bytes([0x80 + len(fields) + 1])
    out += b"".join(packed(key) + packed(item) for key, item in fields.items())
    return out + packed(field) + raw


def text_of(raw):
    return with_raw("text", bytes([0xA0 + len(raw)]) + raw)


def refusals():
    both = {"gateway": "g1", "turn": "t1"}

    def vector(name, code, value, told=both):
        pieces = value if isinstance(value, (bytes, list)) else packed(value)
        return {"name": name, "bytes": pieces.hex() if isinstance(pieces, bytes) else pieces,
                "code": code, "told": told}

    def malformed(name, raw, code="malformed"):
        return vector(name, code, raw, {})

    def invalid(name, value, told=both):
        return vector(name, "invalid_field", value, told)

    whole = packed(FULL)
    yield malformed("nothing at all", b"")
    yield malformed("a byte that msgpack never uses", b"\xc1")
    yield malformed("an open without its last byte", whole[:-1])
    yield malformed("the first half of an open", whole[: len(whole) // 2])
    yield malformed("a map that promises more than follows", b"\x86" + packed(OPEN)[1:30])
    yield malformed("an open with a byte after it", packed(OPEN) + b"\xc0")
    yield malformed("two commands in one frame", packed(CANCEL) + packed(CANCEL))
    yield malformed("nil", packed(None))
    yield malformed("a number", packed(7))
    yield malformed("a string", packed("open"))
    yield malformed("an array of a command", packed([OPEN]))
    yield malformed("JSON", json.dumps(CANCEL).encode())
    yield malformed("an HTTP request", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    yield malformed("a string header that promises 4 GiB", b"\xdb\xff\xff\xff\xff")
    yield malformed("an array header that promises 4 G items", b"\xdd\xff\xff\xff\xff", "too_large")
    yield malformed("a map header that promises 4 G fields", b"\xdf\xff\xff\xff\xff", "too_large")
    yield vector("arrays in arrays, a thousand deep", "too_large", [["91", 1000], "c0"], {})
    yield vector("a history of maps in maps", "too_large",
                 [with_raw("history", b"").hex(), ["81a16b", 200], "c0"], {})

    for field in ("session", "text", "type", "v"):
        yield invalid(f"an open without {field}", without(OPEN, field))
    yield invalid("an open without gateway", without(OPEN, "gateway"), {"turn": "t1"})
    yield invalid("an open without turn", without(OPEN, "turn"), {"gateway": "g1"})
    yield invalid("an empty map", {}, {})
    yield vector("a version to come", "unsupported_version", {**OPEN, "v": 2})
    yield vector("version 0", "unsupported_version", {**OPEN, "v": 0})
    yield vector("a version of many digits", "unsupported_version", {**OPEN, "v": 2**40})
    yield invalid("a version in a string", {**OPEN, "v": "1"})
    yield invalid("a version with a fraction", {**OPEN, "v": 1.0})
    yield invalid("a negative version", {**OPEN, "v": -1})
    yield invalid("an unknown type", {**OPEN, "type": "opne"})
    yield invalid("a type that is a number", {**OPEN, "type": 1})
    yield invalid("a misspelt field", {**OPEN, "sesion": "s1"})
    yield invalid("a field that is another command's", {**OPEN, "after": 0})
    yield invalid("a cancel with a field too many", {**CANCEL, "reason": "x"})
    yield invalid("a field whose name is a number", {**OPEN, 7: 7})
    yield invalid("a field whose name is empty", {**OPEN, "": 1})
    yield invalid("a field twice", b"\x87" + packed(OPEN)[1:] + packed("text") + packed("again"))
    yield invalid("a turn twice cannot be told which",
                  b"\x85" + packed(CANCEL)[1:] + packed("turn") + packed("t2"), {"gateway": "g1"})

    for name, bad in (("empty", ""), ("with a space", "a b"), ("with a slash", "a/b"),
                      ("with a letter outside ASCII", "ä"), ("with a line break", "a\n"),
                      ("of 65 bytes", "a" * 65), ("that is a number", 7), ("that is nil", None),
                      ("in bin", b"t1")):
        yield invalid(f"a gateway {name}", {**OPEN, "gateway": bad}, {"turn": "t1"})
        yield invalid(f"a turn {name}", {**OPEN, "turn": bad}, {"gateway": "g1"})
        yield invalid(f"a session {name}", {**OPEN, "session": bad})
        yield invalid(f"a pipeline {name}", {**OPEN, "pipeline": bad})

    yield invalid("an empty text", {**OPEN, "text": ""})
    yield invalid("a text in bin", {**OPEN, "text": b"hi"})
    yield invalid("a text that is a number", {**OPEN, "text": 7})
    yield invalid("a text that is nil", {**OPEN, "text": None})
    yield invalid("a text that is an extension", {**OPEN, "text": msgpack.ExtType(5, b"hi")})
    yield invalid("a text that is a map", {**OPEN, "text": {"text": "hi"}})
    for name, raw in (("a byte that UTF-8 never uses", b"hi\xff"),
                      ("a continuation without a start", b"\x80hi"),
                      ("a start without its continuation", b"hi\xe4\xbb"),
                      ("an overlong slash", b"\xc0\xaf"),
                      ("a surrogate", b"\xed\xa0\x80"),
                      ("a character beyond U+10FFFF", b"\xf4\x90\x80\x80")):
        yield invalid(f"a text with {name}", text_of(raw))
    for name, size in (("one byte more than is taken", 32 * 1024 + 1), ("1 MB", 1024 * 1024)):
        header = b"\xdb" + struct.pack(">I", size)
        yield vector(f"a text of {name}", "too_large",
                     [with_raw("text", header).hex(), ["61", size]])

    utterance = {"role": "user", "text": "hi"}
    yield invalid("a history that is a string", {**OPEN, "history": "hi"})
    yield invalid("a history that is nil", {**OPEN, "history": None})
    for name, item in (("without role", without(utterance, "role")),
                       ("without text", without(utterance, "text")),
                       ("of another role", {**utterance, "role": "system"}),
                       ("with a field too many", {**utterance, "name": "x"}),
                       ("whose text is a number", {**utterance, "text": 7}),
                       ("whose text is bin", {**utterance, "text": b"hi"})):
        yield invalid(f"a history with an utterance {name}", {**OPEN, "history": [utterance, item]})
    yield invalid("a history with text that is not UTF-8",
                  with_raw("history", b"\x91\x82" + packed("role") + packed("user") +
                           packed("text") + b"\xa1\xff"))
    yield vector("a history of 201 utterances", "too_large",
                 [with_raw("history", b"\xdc\x00\xc9").hex(), [packed(utterance).hex(), 201]])
    size = 64 * 1024
    piece = (b"\x82" + packed("role") + packed("user") + packed("text") +
             b"\xdb" + struct.pack(">I", size)).hex()
    yield vector("a history of more than 256 KiB", "too_large",
                 [with_raw("history", b"\x95").hex()] + [piece, ["61", size]] * 5)

    for name, bad in (("with an underscore", "ja_JP"), ("that is a sentence", "ja; drop"),
                      ("that is a number", 7)):
        yield invalid(f"a locale {name}", {**OPEN, "locale": bad})
    for name, bad in (("of nothing", 0), ("below nothing", -1), ("beyond the limit", 600_001),
                      ("with a fraction", 1.5), ("in a string", "1000"), ("that is nil", None),
                      ("that is true", True)):
        yield invalid(f"a deadline {name}", {**OPEN, "deadline_ms": bad})
    yield invalid("an unknown priority", {**OPEN, "priority": "urgent"})
    yield invalid("an unknown way of being busy", {**OPEN, "on_busy": "drop"})
    yield invalid("an unknown way of losing words", {**OPEN, "on_lost": "go_on"})
    for name, bad in (("of another version", "01" + TRACE[2:]), ("in capitals", TRACE.upper()),
                      ("cut off", TRACE[:-1]), ("that is a sentence", "x" * 55)):
        yield invalid(f"a trace context {name}", {**OPEN, "traceparent": bad})

    yield invalid("a resume without after", without(RESUME, "after"))
    for name, bad in (("negative", -1), ("a string", "0"), ("a fraction", 0.5), ("nil", None)):
        yield invalid(f"a resume whose after is {name}", {**RESUME, "after": bad})


# --- events ---------------------------------------------------------------------------------------


def events():
    def batch(*items):
        return {"v": 1, "broker": "b-7f3a", "events": list(items)}

    def of_turn(kind, seq, attempt=1, **adds):
        return {"type": kind, "turn": "t1", "session": "s1", "seq": seq, "attempt": attempt,
                "at_ms": 1_760_000_000_000 + seq, **adds}

    def vector(name, means, raw=None, newer=False):
        made = {"name": name, "bytes": (raw or packed(means)).hex(), "means": means}
        if newer:
            made["newer"] = True
        return made

    usage = {"prompt_tokens": 812, "completion_tokens": 143, "calls": 3}
    completed = {**end_of("That sounds hard.\n"), "finish_reason": "stop",
                 "usage": usage, "timings_ms": {"total": 1234, "first_token": 310},
                 "degraded": ["phase", "perspective.needs"]}
    limits = {"text_bytes": 32768, "history_utterances": 200, "history_bytes": 262144,
              "reply_bytes": 65536, "deadline_ms": 600000, "retention_ms": 600000}
    perspective = {"state": "tired, and alone with it",
                   "emotions": [{"name": "sadness", "strength": 2}],
                   "needs": ["to be heard"], "risk": "none"}
    phase = {"phase": "exploring", "confidence": 0.75}
    rejected = {"type": "rejected", "turn": "t1", "at_ms": 1_760_000_000_000,
                "code": "overloaded", "message": "the queue is full"}

    yield vector("hello", batch({"type": "hello", "at_ms": 1_760_000_000_000, "protocol": 1,
                                 "limits": limits}))
    yield vector("a beacon of two turns", batch({"type": "beacon", "at_ms": 1_760_000_000_000,
                                                 "live": [["t1", 7], ["t2", 2**40]]}))
    yield vector("a beacon of no turn", batch({"type": "beacon", "at_ms": 1_760_000_000_000,
                                               "live": []}))
    yield vector("what workers serve", batch({"type": "pipelines", "at_ms": 1_760_000_000_000,
                                              "names": ["emostage", "brief"]}))
    yield vector("accepted", batch(of_turn("accepted", 1, 0, position=3)))
    yield vector("started", batch(of_turn("started", 2, worker="w-1.0")))
    yield vector("a stage with what the client feels",
                 batch(of_turn("stage", 3, stage="perspective", status="done", result=perspective,
                               ms=412)))
    yield vector("a stage with a phase",
                 batch(of_turn("stage", 4, stage="phase", status="done", result=phase, ms=388)))
    yield vector("a stage that failed",
                 batch(of_turn("stage", 3, stage="phase", status="failed", ms=8000)))
    yield vector("a stage that was skipped",
                 batch(of_turn("stage", 4, stage="perspective", status="skipped", ms=8000)))
    yield vector("a delta", batch(of_turn("delta", 5, text="つらかった")))
    yield vector("a delta of a replay", batch(of_turn("delta", 42, text="That sounds hard.",
                                                      **{"from": 5})))
    yield vector("a delta of the first line break", batch(of_turn("delta", 6, text="\n")))
    yield vector("reset", batch(of_turn("reset", 17, 2, reason="worker_lost")))
    yield vector("a reset that stands for what was lost",
                 batch(of_turn("reset", 517, 2, reason="worker_lost", **{"from": 6})))
    yield vector("an end that stands for what was lost",
                 batch(of_turn("cancelled", 517, 1, reason="requested", **{"from": 6})))
    yield vector("a stage with a field that is a default",
                 batch(of_turn("stage", 4, stage="phase", status="done", result=phase, ms=388,
                               defaulted=["confidence"])))
    yield vector("an alert", batch(of_turn("alert", 5, stage="perspective", field="risk",
                                           value="alert")))
    yield vector("completed", batch(of_turn("completed", 7, **completed)))
    yield vector("completed, with nothing degraded and no usage told",
                 batch(of_turn("completed", 2**33, **{
                     **completed, "degraded": [], "timings_ms": {},
                     "usage": {"prompt_tokens": 0, "completion_tokens": 0, "calls": 1}})))
    yield vector("failed, for good", batch(of_turn("failed", 9, code="model_refused",
                                                   message="HTTP 401", retryable=False)))
    yield vector("failed, and worth another turn",
                 batch(of_turn("failed", 9, 3, code="attempts_exhausted",
                               message="the workers that ran it were lost", retryable=True)))
    yield vector("cancelled", batch(of_turn("cancelled", 12, reason="requested")))
    yield vector("rejected, and told when to come back",
                 batch({**rejected, "retry_after_ms": 1500}))
    yield vector("rejected", batch({**rejected, "session": "s1", "code": "conflict"}))
    yield vector("a whole turn in one batch", batch(
        of_turn("accepted", 1, 0, position=0), of_turn("started", 2, worker="w"),
        of_turn("stage", 3, stage="phase", status="done", result=phase, ms=1),
        of_turn("delta", 4, text="Hello"), of_turn("delta", 5, text="."),
        of_turn("completed", 6, **{**completed, **end_of("Hello.")})))
    yield vector("a batch of nothing", batch())
    wide_batch = batch(of_turn("accepted", 1, 0, position=0), of_turn("delta", 2, text="hi"))
    yield vector("a batch with the widest encodings", wide_batch, wide(wide_batch))
    yield vector("an event type to come", batch(of_turn("mood", 8, colour="blue")), newer=True)
    yield vector("fields to come", {**batch({**of_turn("delta", 8, text="hi"), "logprob": -0.5}),
                                    "shard": 3}, newer=True)


FILES = {
    "commands.json": ("Commands: bytes, and what they mean.", commands),
    "refusals.json": ("Commands that must be refused, the code that they get, and the names that can "
                      "still be read.", refusals),
    "events.json": ("Event messages (the second frame): bytes, and what they mean. `newer`: of a "
                    "version to come; what is unknown is skipped.", events),
}


def text_of_file(name):
    about, make = FILES[name]
    lines = ",\n".join("  " + json.dumps(vector, ensure_ascii=True) for vector in make())
    return '{"about": ' + json.dumps(about) + ',\n "vectors": [\n' + lines + "\n]}\n"


def main():
    check = sys.argv[1:] == ["--check"]
    stale = []
    for name in FILES:
        path, text = HERE / name, text_of_file(name)
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"{', '.join(stale)}: not what make_golden.py makes; run it and read the difference")


if __name__ == "__main__":
    main()
