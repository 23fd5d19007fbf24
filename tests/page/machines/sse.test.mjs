// gateway/http/page/sse.mjs
import assert from "node:assert/strict";
import test from "node:test";

import { event_chars_max, SseParser } from "../../../gateway/http/page/sse.mjs";

const stream = "\uFEFF: ping\r\n\r\nid: 1\nevent: delta\ndata: a\ndata:b\n\nid\r\rdata\n\nevent: x\n\n" +
  "id: 3\r\nnothing: here\r\ndata:  two\r\n\r\nid: a\0b\ndata: 眠れない\n\n";
const events = [
  { id: "1", event: "delta", data: "a\nb" },
  { id: null, event: "message", data: "" },
  { id: "3", event: "message", data: " two" },
  { id: null, event: "message", data: "眠れない" },
];

test("one piece gives all events", () => {
  assert.deepEqual(new SseParser().push(stream), events);
});

test("any cut into two gives the same, and so does each character by itself", () => {
  for (let cut = 0; cut <= stream.length; ++cut) {
    const parser = new SseParser();
    assert.deepEqual([...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))], events, `${cut}`);
  }
  const parser = new SseParser();
  assert.deepEqual([...stream].flatMap((one) => parser.push(one)), events);
});

test("an event that never ends gives nothing", () => {
  assert.deepEqual(new SseParser().push("id: 1\ndata: a\n"), []);
});

test("an event that is too long is refused, in one line and in many", () => {
  assert.throws(() => new SseParser().push(`data: ${"x".repeat(event_chars_max)}`), RangeError);
  const parser = new SseParser();
  const line = `data: ${"x".repeat(event_chars_max / 16)}\n`;
  assert.throws(() => { for (let n = 0; n < 17; ++n) parser.push(line); }, RangeError);
});

test("many events of a bounded length are not too long", () => {
  const parser = new SseParser();
  const one = `data: ${"x".repeat(event_chars_max / 4)}\n\n`;
  for (let n = 0; n < 8; ++n) assert.equal(parser.push(one).length, 1);
});
