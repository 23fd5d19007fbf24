// gateway/http/page/follow.mjs, on a clock of its own.
import assert from "node:assert/strict";
import test from "node:test";

import { Follower, limits } from "../../../gateway/http/page/follow.mjs";

// Runs a follower as turn.mjs does: the last request, the timer, the count of each action.
class Run {
  now = 1_000_000;
  done = [];
  wait = null;

  constructor(options = {}) {
    this.follower = new Follower({ random: () => 0.5, ...options });
  }
  on(is, more = {}) {
    const actions = this.follower.on({ is, ...more }, this.now);
    for (const action of actions) {
      if (action.is === "wait") this.wait = action.ms;
      else this.done.push(action.is === "read" ? `read ${action.after}` : action.is === "over" ? `over ${action.how}` : action.is);
    }
    return this;
  }
  time() {
    this.now += this.wait;
    return this.on("time");
  }
  take() {
    const done = this.done.join(", ");
    this.done = [];
    return done;
  }
  expect(done) {
    assert.equal(this.take(), done);
    return this;
  }
  reading() {
    this.on("start").on("answer", { status: 202 }).on("open", { status: 200 }).take();
    return this;
  }
}

test("a turn is pushed, read and over", () => {
  const run = new Run().on("start").expect("post");
  run.on("answer", { status: 202 }).expect("read 0");
  run.on("open", { status: 200 }).on("alive").on("event", { seq: 1 }).expect("");
  run.on("event", { seq: 2, end: true, intact: true }).expect("cut, over ended");
  assert.equal(run.follower.phase, "over");
  run.on("time").on("stop").on("broken").on("hurry").expect("");
});

test("a stream that breaks is read on after the last number", () => {
  const run = new Run().reading().on("event", { seq: 7 }).on("broken").expect("");
  run.time().expect("read 7").on("broken").time().expect("read 7");
  run.on("open", { status: 200 }).on("event", { seq: 8 }).on("broken").time().expect("read 8");
});

test("pauses grow to their limit, and an event makes them short again", () => {
  const run = new Run().reading();
  const pauses = [];
  for (let n = 0; n < 9; ++n) {
    run.on("broken");
    pauses.push(run.wait);
    run.time();
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
  run.on("open", { status: 200 }).on("alive").on("broken");
  assert.equal(run.wait, limits.pause_max_ms); // a stream that brings nothing is no progress
  run.time().on("open", { status: 200 }).on("event", { seq: 1 }).on("broken");
  assert.equal(run.wait, limits.pause_first_ms);
});

test("pauses are spread, so that readers do not come back in one moment", () => {
  const pause = (random) => {
    const run = new Run({ random: () => random }).reading().on("broken");
    return run.wait;
  };
  assert.deepEqual([pause(0), pause(1)], [188, 313]);
});

test("one short break is not worth a word, a longer one is until there is life", () => {
  const run = new Run().reading().on("broken");
  assert.equal(run.follower.trouble, null);
  run.time().on("broken");
  assert.equal(run.follower.trouble.is, "away");
  run.time().on("open", { status: 200 });
  assert.equal(run.follower.trouble.is, "away");
  run.on("alive");
  assert.equal(run.follower.trouble, null);
});

test("a POST without an answer is sent again, and so is one that comes too late", () => {
  new Run().on("start").on("broken").expect("post").time().expect("post");
  const run = new Run().on("start");
  assert.equal(run.wait, limits.post_ms);
  run.time().expect("post, cut");
  assert.equal(run.wait, limits.pause_first_ms);
  run.time().expect("post");
});

test("a stream that has gone silent, pings too, is cut and read on", () => {
  const run = new Run().reading().on("event", { seq: 3 });
  assert.equal(run.wait, limits.quiet_ms);
  run.time().expect("cut").time().expect("read 3");
});

test("429 and 503 are waited for as they ask, within a limit", () => {
  for (const status of [429, 503]) {
    const run = new Run().on("start").on("answer", { status, retry_ms: 3000, code: "overloaded" });
    assert.equal(run.wait, 3000);
    assert.deepEqual(run.follower.trouble, { is: "busy", until: run.now + 3000 });
    run.expect("post").time().expect("post").on("answer", { status: 202 }).expect("read 0");
    assert.equal(run.follower.trouble, null);
  }
  const run = new Run().on("start").on("answer", { status: 429, retry_ms: 86_400_000 });
  assert.equal(run.wait, limits.retry_ms_max);
  const reader = new Run().on("start").on("answer", { status: 202 }).on("open", { status: 429, retry_ms: 2000 });
  reader.take();
  assert.equal(reader.wait, 2000);
  reader.time().expect("read 0");
});

test("a refusal is over at once, faults after some tries", () => {
  for (const status of [400, 403, 404, 409, 413, 415]) {
    new Run().on("start").on("answer", { status, code: "x" }).expect("post, cut, over failed");
  }
  for (const status of [500, 502, 504]) {
    const run = new Run().on("start");
    for (let n = 1; n < limits.server_tries_max; ++n) run.on("answer", { status }).time();
    run.take();
    run.on("answer", { status }).expect("cut, over failed");
  }
});

test("after a long time without life a person is asked, and may go on", () => {
  const run = new Run().reading().on("event", { seq: 4 });
  let tries = 0;
  for (; run.follower.phase !== "asleep"; ++tries) {
    assert.ok(tries < 200);
    run.on("broken");
    if (run.follower.phase !== "asleep") run.time();
  }
  assert.equal(run.follower.trouble.is, "asleep");
  run.take();
  run.on("time").expect("").on("hurry").expect("read 4");
  assert.equal(run.follower.trouble, null);
  run.on("broken");
  assert.equal(run.follower.phase, "resting");
});

test("when the network is back nothing waits for its pause", () => {
  const run = new Run().reading().on("broken").on("hurry").expect("read 0").on("hurry").expect("");
  new Run().on("start").on("broken").on("hurry").expect("post, post");
  assert.equal(run.follower.phase, "opening");
  // But a gateway that asks for time gets it.
  new Run().on("start").on("answer", { status: 429, retry_ms: 5000 }).on("hurry").expect("post");
});

test("a broker that no longer knows the turn gets it again, some times", () => {
  const run = new Run().reading().on("event", { seq: 9 }).on("broken").time().expect("read 9");
  for (let n = 0; n < limits.pushes_max; ++n) {
    run.on("open", { status: 404 }).expect("forget, post").on("answer", { status: 202 }).expect("read 0");
  }
  run.on("open", { status: 404 }).expect("cut, over failed");
});

test("a gateway that gives the turn up is asked again, unless it says that this is in vain", () => {
  const gone = new Run().reading().on("event", { seq: 5 }).on("lost", { code: "unknown_turn" });
  gone.expect("cut, forget, post").on("answer", { status: 202 }).expect("read 0");
  const away = new Run().reading().on("event", { seq: 5 }).on("lost", { code: "unavailable" });
  away.expect("cut").time().expect("read 5");
  new Run().reading().on("lost", { code: "internal" }).expect("cut, over failed");
  new Run().reading().on("stop").on("lost", { code: "unknown_turn" }).expect("delete, cut, cut, over withdrawn");
});

test("a text that does not fit its end is read from its start, twice", () => {
  const run = new Run().reading();
  for (let n = 0; n < limits.rereads_max; ++n) {
    run.on("event", { seq: 5, end: true, intact: false }).expect("cut, forget, read 0").on("open", { status: 200 });
  }
  run.on("event", { seq: 5, end: true, intact: false }).expect("cut, over damaged");
  const mended = new Run().reading().on("event", { seq: 5, end: true, intact: false }).on("open", { status: 200 });
  mended.take();
  mended.on("event", { seq: 5, end: true, intact: true }).expect("cut, over ended");
  new Run().reading().on("event", { again: true }).expect("cut, forget, read 0");
});

test("204 where the end is not known reads from the start, and does not go on for ever", () => {
  const run = new Run().reading().on("event", { seq: 5 }).on("broken").time().expect("read 5");
  for (let n = 0; n < limits.rereads_max; ++n) run.on("open", { status: 204 }).expect("cut, forget, read 0");
  run.on("open", { status: 204 }).expect("cut, over failed");
});

test("a turn that was accepted before a reload is read, not pushed", () => {
  new Run({ accepted: true }).on("start").expect("read 0");
});

test("stopping a reply tells the gateway once, and its end comes by the stream", () => {
  const run = new Run().reading().on("stop").expect("delete").on("stop").on("alive").expect("");
  run.on("stopped", { status: 200 }).on("alive").on("event", { seq: 4 }).expect("");
  run.on("event", { seq: 5, end: true, intact: true }).expect("cut, over ended");
});

test("a stop that did not arrive is told again when there is life, not without limit", () => {
  const run = new Run().reading().on("stop").on("stopped", { status: 0 }).on("broken").time();
  run.expect("delete, read 0").on("open", { status: 200 }).expect("delete").on("stopped", { status: 503 });
  let deletes = 2;
  for (let n = 0; n < 50; ++n) {
    run.on("alive").on("stopped", { status: 0 });
    deletes += run.take() === "delete" ? 1 : 0;
  }
  assert.equal(deletes, limits.stops_max);
});

test("stopping what is being pushed waits for the answer", () => {
  const accepted = new Run().on("start").on("stop").expect("post").on("answer", { status: 202 });
  accepted.expect("read 0, delete");
  new Run().on("start").on("stop").on("answer", { status: 429 }).expect("post, cut, over withdrawn");
  // Nobody knows whether it arrived: the gateway is told.
  new Run().on("start").on("stop").on("broken").expect("post, delete, cut, over withdrawn");
  new Run().on("start").on("broken").on("stop").expect("post, delete, cut, over withdrawn");
  // It was refused: there is nothing to tell.
  new Run().on("start").on("answer", { status: 503 }).on("stop").expect("post, cut, over withdrawn");
});

test("a stop of what nobody keeps any more, or nobody can reach, ends the waiting", () => {
  new Run().reading().on("stop").on("stopped", { status: 404 }).expect("delete, cut, over withdrawn");
  const known = new Run().reading().on("stop").on("stopped", { status: 0 }).on("broken").time();
  known.take();
  known.on("open", { status: 404 }).expect("cut, over withdrawn");
});

test("401 asks for a key and goes on with it, where it was", () => {
  const post = new Run().on("start").on("answer", { status: 401 }).expect("post, cut");
  assert.equal(post.follower.trouble.is, "key");
  post.on("time").on("hurry").expect("").on("key").expect("post");
  const read = new Run().reading().on("event", { seq: 3 }).on("broken").time().on("open", { status: 401 });
  read.expect("read 3, cut").on("key").expect("read 3");
  new Run().on("start").on("answer", { status: 401 }).on("stop").expect("post, cut, cut, over withdrawn");
});

test("late words of a request that is no longer under way change nothing", () => {
  const run = new Run().reading();
  run.on("answer", { status: 500 }).on("open", { status: 404 }).on("key").on("start").expect("");
  const pausing = new Run().reading().on("broken");
  pausing.on("event", { seq: 9 }).on("alive").on("broken").expect("").time().expect("read 0");
});
