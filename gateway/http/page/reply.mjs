// What is known of one turn: its events, applied in their order, make the reply and what is beside it.
//
// A machine without I/O. Events may come again after a reconnect: a number that was applied changes
// nothing, a merged delta (`from`) replaces what is held of its numbers. An event without a number
// is the gateway's own: its `reset` says that all numbers begin anew, its `failed` that it has lost the turn
// (schemas/PROTOCOL.md, gateway/client/turn_sink.hpp).

import { xxh64 } from "./xxh64.mjs";

export const stages_max = 16; // of one turn; more are not kept
const ends = new Set(["completed", "failed", "cancelled", "rejected"]);

const is_object = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const is_count = (value) => Number.isSafeInteger(value) && value >= 0;

export class Reply {
  seq = 0; // of the last event that was applied
  stages = new Map(); // by name, in the order of their ends
  state = "sent"; // then: queued, running, ended
  position = 0; // turns that wait before it, while queued
  alert = false;
  end = null;
  text = ""; // of the reply so far
  #pieces = []; // {from, seq, text}: the deltas since the last reset

  // The end event says the length and the hash of the reply: does it fit? True of other ends.
  intact() {
    if (this.end?.type !== "completed") return true;
    const bytes = new TextEncoder().encode(this.text);
    return bytes.length === this.end.text_bytes && xxh64(bytes) === this.end.text_hash;
  }

  // What has changed: {is: "more", text}, {is: "text"} (all of it), {is: "stage", stage},
  // {is: "alert"}, {is: "state"}, {is: "end"}; null: nothing. "again": `event` cannot be applied to
  // what is held; read from the start. {is: "lost", code}: this reader hears nothing more, which is
  // no end of the turn.
  apply(event) {
    if (!is_object(event) || typeof event.type !== "string" || this.end) return null;
    const seq = is_count(event.seq) ? event.seq : 0;
    const from = is_count(event.from) && event.from > 0 && event.from <= seq ? event.from : seq;
    if (seq > 0 && seq <= this.seq) return null;
    if (seq === 0 && event.type === "failed") return { is: "lost", code: event.code };
    // Numbers that a merged event replaces are given back first.
    let dropped = false;
    if (seq > 0 && from <= this.seq) {
      if (this.#pieces.some((piece) => piece.from < from && piece.seq >= from)) {
        return { is: "again" };
      }
      const kept = this.#pieces.filter((piece) => piece.seq < from);
      dropped = kept.length < this.#pieces.length;
      this.#pieces = kept;
      if (dropped) this.text = kept.map((piece) => piece.text).join("");
    }
    if (seq > 0) this.seq = seq;
    const change = this.#take(event, seq, from);
    return dropped && (change === null || change.is === "more") ? { is: "text" } : change;
  }

  // All that was heard is void: it is read again from the first event.
  forget() {
    Object.assign(this, new Reply(), { alert: this.alert });
    this.#pieces = [];
  }

  #take(event, seq, from) {
    switch (event.type) {
      case "accepted":
        this.state = "queued";
        this.position = is_count(event.position) ? event.position : 0;
        return { is: "state" };
      case "started":
        this.state = "running";
        return { is: "state" };
      case "stage":
        return this.#take_stage(event);
      case "alert":
        this.alert ||= event.value === "alert";
        return this.alert ? { is: "alert" } : null;
      case "delta": {
        if (typeof event.text !== "string" || event.text === "") return null;
        this.state = "running";
        this.#pieces.push({ from, seq, text: event.text });
        this.text += event.text;
        return { is: "more", text: event.text };
      }
      case "reset":
        this.#pieces = [];
        this.text = "";
        if (seq === 0) this.seq = 0;
        return { is: "text" };
    }
    if (!ends.has(event.type)) return null;
    this.end = event;
    this.state = "ended";
    return { is: "end" };
  }

  #take_stage(event) {
    if (typeof event.stage !== "string") return null;
    if (!this.stages.has(event.stage) && this.stages.size >= stages_max) return null;
    const stage = {
      stage: event.stage,
      status: event.status,
      result: is_object(event.result) ? event.result : {},
    };
    this.stages.set(event.stage, stage);
    this.state = "running";
    this.alert ||= stage.result.risk === "alert";
    return { is: "stage", stage };
  }
}
