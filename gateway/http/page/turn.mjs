// One turn: does what its Follower says, with fetch and a timer, and keeps its Reply.
//
// The sink hears `turn_changed(turn, change)` (see Reply.apply), `turn_moved(turn)` when the state or
// the connection may have changed, `turn_over(turn)` once.

import { Follower } from "./follow.mjs";
import { Reply } from "./reply.mjs";
import { SseParser } from "./sse.mjs";

export class Turn {
  reply = new Reply();
  outcome = null; // {how, code} once it is over
  #follower;
  #api;
  #sink;
  #cutter = null; // of the request under way
  #timer = 0;

  // `id`: the idempotency key. `body`: the POST's, always the same for one id.
  constructor({ id, text, body, accepted = false }, api, sink) {
    Object.assign(this, { id, text, body });
    this.#api = api;
    this.#sink = sink;
    this.#follower = new Follower({ accepted });
  }

  get accepted() {
    return this.#follower.accepted;
  }
  get trouble() {
    return this.outcome ? null : this.#follower.trouble;
  }
  get stopping() {
    return this.#follower.stopping && !this.outcome;
  }

  start() {
    this.#feed({ is: "start" });
  }
  stop() {
    this.#feed({ is: "stop" });
  }
  hurry() {
    this.#feed({ is: "hurry" });
  }
  new_key() {
    this.#feed({ is: "key" });
  }

  // Nobody looks any more.
  drop() {
    this.#sink = { turn_changed() {}, turn_moved() {}, turn_over() {} };
  }

  #feed(input) {
    if (this.outcome) return;
    for (const action of this.#follower.on(input, Date.now())) this.#do(action);
    if (!this.outcome) this.#sink.turn_moved(this);
  }

  #do(action) {
    switch (action.is) {
      case "post":
        this.#post();
        return;
      case "read":
        this.#read(action.after);
        return;
      case "delete":
        this.#api.remove(this.id).then((status) => this.#feed({ is: "stopped", status }));
        return;
      case "cut":
        this.#cut();
        return;
      case "wait":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#feed({ is: "time" }), action.ms);
        return;
      case "forget":
        this.reply.forget();
        this.#sink.turn_changed(this, { is: "text" });
        return;
      case "over":
        clearTimeout(this.#timer);
        this.outcome = { how: action.how, code: action.code };
        this.#sink.turn_over(this);
    }
  }

  #cut() {
    const cutter = this.#cutter;
    this.#cutter = null;
    cutter?.abort();
  }

  #begin() {
    this.#cut();
    this.#cutter = new AbortController();
    return this.#cutter;
  }

  async #post() {
    const cutter = this.#begin();
    let input = { is: "broken" };
    try {
      const answer = await this.#api.post(this.id, this.body, cutter.signal);
      input = { is: "answer", ...answer };
    } catch {
      // There was no answer.
    }
    if (this.#cutter === cutter) this.#feed(input);
  }

  async #read(after) {
    const cutter = this.#begin();
    const mine = () => this.#cutter === cutter;
    try {
      const { stream, ...head } = await this.#api.events(this.id, after, cutter.signal);
      if (!mine()) return;
      this.#feed({ is: "open", ...head });
      if (!stream) return;
      await this.#read_events(stream, mine);
    } catch {
      // The body broke off, or was no event stream.
    }
    if (!mine()) return;
    this.#cut();
    this.#feed({ is: "broken" });
  }

  async #read_events(stream, mine) {
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser();
    while (mine()) {
      const { done, value } = await reader.read();
      if (done || !mine()) return;
      this.#feed({ is: "alive" });
      for (const message of parser.push(decoder.decode(value, { stream: true }))) {
        if (mine()) this.#take(message.data);
      }
    }
  }

  #take(data) {
    const event = JSON.parse(data); // what is no JSON breaks the stream off: it is read again
    const change = this.reply.apply(event);
    if (change === null) return;
    if (change.is === "again") return this.#feed({ is: "event", again: true });
    if (change.is === "lost") return this.#feed(change);
    this.#sink.turn_changed(this, change);
    const end = change.is === "end";
    this.#feed({ is: "event", seq: this.reply.seq, end, intact: end && this.reply.intact() });
  }
}
