// gateway/http/page/store.mjs: what is read back from the tab's storage.
import assert from "node:assert/strict";
import test from "node:test";

import { new_conversation, new_id, read_conversation, store, turns_max } from "../../../gateway/http/page/store.mjs";

const turn = (text = "a") => ({ id: new_id(), text, body: "{}", accepted: true });

test("ids are random, and fit an Idempotency-Key", () => {
  assert.match(new_id(), /^[0-9a-f]{32}$/);
  assert.notEqual(new_id(), new_id());
});

test("a conversation that was kept is read back", () => {
  const kept = { ...new_conversation(), alert: true, turns: [turn(), turn("b")] };
  assert.deepEqual(read_conversation(JSON.stringify(kept)), kept);
});

test("what is none is none, and turns that are none are left out", () => {
  for (const json of [null, "", "{", "null", "[]", "{}", '{"session":"x","turns":[]}']) {
    assert.equal(read_conversation(json), null);
  }
  const kept = { ...new_conversation(), turns: [null, 1, {}, { ...turn(), id: "../x" }, { ...turn(), text: 1 }, turn("b")] };
  assert.deepEqual(read_conversation(JSON.stringify(kept)).turns.map((one) => one.text), ["b"]);
});

test("a conversation has a limit, and the newest turns stay", () => {
  const turns = Array.from({ length: turns_max + 5 }, (_, at) => turn(`${at}`));
  const read = read_conversation(JSON.stringify({ ...new_conversation(), turns })).turns;
  assert.equal(read.length, turns_max);
  assert.equal(read.at(-1).text, `${turns_max + 4}`);
});

test("without a storage, and with a full one, the page goes on", (context) => {
  assert.equal(store.conversation(), null);
  assert.equal(store.keep_key("k"), false);
  const held = new Map();
  const chars_max = 900;
  globalThis.sessionStorage = {
    getItem: (name) => held.get(name) ?? null,
    setItem(name, value) {
      if (value.length > chars_max) throw new Error("full");
      held.set(name, value);
    },
    removeItem: (name) => held.delete(name),
  };
  context.after(() => delete globalThis.sessionStorage);
  const kept = { ...new_conversation(), turns: Array.from({ length: 20 }, (_, at) => turn(`${at}`)) };
  store.keep(kept);
  const read = store.conversation().turns;
  assert.ok(read.length > 0 && read.length < 20);
  assert.equal(read.at(-1).text, "19");
  store.forget();
  assert.equal(store.conversation(), null);
});
