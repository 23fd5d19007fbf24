// gateway/http/page/view.mjs: how things stand with a turn.
import assert from "node:assert/strict";
import test from "node:test";

// A text node is made with the first view only; the rest of the module needs no document.
import { standing } from "../../../gateway/http/page/view.mjs";
import { Reply } from "../../../gateway/http/page/reply.mjs";

const turn = (events = [], more = {}) => {
  const reply = new Reply();
  events.forEach((event, at) => reply.apply({ seq: at + 1, ...event }));
  return { reply, trouble: null, stopping: false, outcome: null, ...more };
};
const ended = { outcome: { how: "ended" } };
const word = (...of) => standing(turn(...of), 0).word;

test("from sending to writing", () => {
  assert.equal(word(), "sending");
  assert.deepEqual(standing(turn([{ type: "accepted", position: 3 }]), 0), { word: "queued_behind", values: { count: 3 }, waiting: true });
  assert.equal(word([{ type: "accepted", position: 0 }]), "queued");
  assert.equal(word([{ type: "started" }]), "running");
  assert.equal(word([{ type: "stage", stage: "phase", status: "done" }]), "writing");
  assert.equal(word([{ type: "delta", text: "a" }]), "");
  assert.equal(word([{ type: "delta", text: "a" }], { stopping: true }), "stopping");
});

test("trouble comes before how far the turn is, with the seconds that are left", () => {
  const busy = standing(turn([], { trouble: { is: "busy", until: 4500 } }), 1000);
  assert.deepEqual([busy.word, busy.values.seconds, busy.trouble, busy.again], ["busy", 4, true, false]);
  const asleep = standing(turn([], { trouble: { is: "asleep", until: null } }), 1000);
  assert.deepEqual([asleep.word, asleep.again, asleep.waiting], ["asleep", true, false]);
  assert.equal(word([], { trouble: { is: "key", until: null } }), "key_needed");
});

test("every end has its word, and what may help is offered", () => {
  assert.equal(word([{ type: "completed", finish_reason: "stop" }], ended), "");
  assert.equal(word([{ type: "completed", finish_reason: "length" }], ended), "cut_short");
  assert.equal(word([{ type: "cancelled", reason: "requested" }], ended), "stopped");
  assert.equal(word([{ type: "cancelled", reason: "interrupted" }], ended), "interrupted");
  assert.deepEqual(standing(turn([{ type: "failed", code: "model_cut" }], ended), 0), { word: "failed_model", again: true });
  assert.deepEqual(standing(turn([], { outcome: { how: "failed", code: "too_large" } }), 0), { word: "failed_refused", again: true });
  assert.equal(word([], { outcome: { how: "withdrawn" } }), "withdrawn");
  assert.equal(word([{ type: "completed" }], { outcome: { how: "damaged" } }), "damaged");
});
