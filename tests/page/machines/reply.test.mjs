// gateway/http/page/reply.mjs
import assert from "node:assert/strict";
import test from "node:test";

import { Reply, stages_max } from "../../../gateway/http/page/reply.mjs";
import { xxh64 } from "../../../gateway/http/page/xxh64.mjs";

const delta = (seq, text, from) => ({ type: "delta", seq, text, ...(from && { from }) });
const completed = (seq, text) => {
  const bytes = new TextEncoder().encode(text);
  return { type: "completed", seq, text_bytes: bytes.length, text_hash: xxh64(bytes), finish_reason: "stop" };
};
const whole = [
  { type: "accepted", seq: 1, position: 2 },
  { type: "started", seq: 2 },
  { type: "stage", seq: 3, stage: "phase", status: "done", result: { phase: "exploring" } },
  delta(4, "つら"), delta(5, "い"), delta(6, "ですね"),
  completed(7, "つらいですね"),
];

function read(events, reply = new Reply()) {
  for (const event of events) reply.apply(event);
  return reply;
}

function check_whole(reply) {
  assert.equal(reply.text, "つらいですね");
  assert.equal(reply.state, "ended");
  assert.equal(reply.seq, 7);
  assert.ok(reply.intact());
}

test("a turn from its start to its end", () => {
  const reply = new Reply();
  assert.equal(reply.state, "sent");
  reply.apply(whole[0]);
  assert.deepEqual([reply.state, reply.position], ["queued", 2]);
  reply.apply(whole[1]);
  assert.equal(reply.state, "running");
  assert.equal(reply.apply(whole[2]).is, "stage");
  assert.deepEqual(reply.apply(whole[3]), { is: "more", text: "つら" });
  read(whole.slice(4), reply);
  check_whole(reply);
});

test("a stream that breaks anywhere and goes on after the last number gives the same text", () => {
  for (let cut = 0; cut <= whole.length; ++cut) {
    for (let back = 0; back <= cut; ++back) {
      check_whole(read(whole.slice(back), read(whole.slice(0, cut))));
    }
  }
});

test("merged deltas replace what is held of their numbers", () => {
  for (let held = 3; held < 6; ++held) {
    for (let from = 4; from <= held + 1; ++from) {
      const text = ["つら", "い", "ですね"].slice(from - 4).join("");
      const reply = read(whole.slice(0, held));
      reply.apply(delta(6, text, from));
      check_whole(read([whole[6]], reply));
    }
  }
});

test("a merged delta that would have to cut another one asks to read again", () => {
  const reply = read([...whole.slice(0, 3), delta(5, "つらい", 4)]);
  assert.deepEqual(reply.apply(delta(6, "いですね", 5)), { is: "again" });
  assert.equal(reply.text, "つらい");
});

test("a reset forgets the reply, and one without a number all numbers", () => {
  const reply = read(whole.slice(0, 5));
  assert.deepEqual(reply.apply({ type: "reset", seq: 6, reason: "attempt" }), { is: "text" });
  assert.deepEqual([reply.text, reply.seq], ["", 6]);
  read([delta(7, "別の"), { type: "reset", reason: "broker" }], reply);
  assert.deepEqual([reply.text, reply.seq], ["", 0]);
  check_whole(read(whole, reply));
});

test("an end takes back the words whose numbers it stands for", () => {
  const reply = read(whole.slice(0, 6));
  assert.equal(reply.apply({ type: "failed", seq: 7, from: 6, code: "worker_lost" }).is, "end");
  assert.equal(reply.text, "つらい");
});

test("a text that does not fit its end is not intact: its length, and its hash", () => {
  assert.ok(!read([...whole.slice(0, 5), whole[6]]).intact());
  assert.ok(!read([delta(1, "abc"), completed(2, "abd")]).intact());
  assert.ok(read([delta(1, "abc"), { type: "failed", seq: 2 }]).intact());
});

test("nothing changes after the end", () => {
  const reply = read(whole);
  assert.equal(reply.apply(delta(8, "mehr")), null);
  check_whole(reply);
});

test("a gateway that gives up has not ended the turn, one that cancelled it has", () => {
  const reply = read(whole.slice(0, 5));
  assert.deepEqual(reply.apply({ type: "failed", code: "unknown_turn" }), { is: "lost", code: "unknown_turn" });
  assert.deepEqual([reply.text, reply.end, reply.seq], ["つらい", null, 5]);
  check_whole(read(whole, reply));
  assert.equal(new Reply().apply({ type: "cancelled", reason: "requested" }).is, "end");
});

test("forgetting voids all but the alert", () => {
  const reply = read([...whole, { type: "alert", seq: 8, value: "alert" }]);
  reply.alert = true;
  reply.forget();
  assert.deepEqual([reply.text, reply.seq, reply.end, reply.stages.size, reply.alert], ["", 0, null, 0, true]);
  check_whole(read(whole, reply));
});

test("an alert is seen in the event and in the result, and nothing else is one", () => {
  assert.equal(read([{ type: "alert", seq: 1, stage: "p", field: "risk", value: "alert" }]).alert, true);
  const stage = (risk) => ({ type: "stage", seq: 1, stage: "perspective", status: "done", result: { risk } });
  assert.equal(read([stage("alert")]).alert, true);
  assert.equal(read([stage("concern")]).alert, false);
  assert.equal(read([stage("none")]).alert, false);
});

test("what is no event changes nothing, and unknown types count their numbers", () => {
  const reply = new Reply();
  for (const event of [null, 1, "x", [], {}, { type: 7 }, { type: "delta", seq: -1 }, { type: "delta", seq: 1.5, text: 3 }]) {
    assert.equal(reply.apply(event), null);
  }
  assert.equal(reply.seq, 0);
  assert.equal(reply.apply({ type: "of the future", seq: 4 }), null);
  assert.equal(reply.seq, 4);
});

test("results that are no maps are none, and stages have a limit", () => {
  const reply = read([{ type: "stage", seq: 1, stage: "phase", status: "done", result: "text" }]);
  assert.deepEqual(reply.stages.get("phase").result, {});
  for (let n = 0; n < 2 * stages_max; ++n) reply.apply({ type: "stage", seq: n + 2, stage: `s${n}`, status: "done" });
  assert.equal(reply.stages.size, stages_max);
});
