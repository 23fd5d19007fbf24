// Server-sent events out of text that comes in pieces (WHATWG HTML, section 9.2.6).
//
// A machine without I/O. Pieces may be cut anywhere, also between CR and LF. Comments and unknown
// fields are skipped. One event has at most `event_chars_max` characters: more is no event of ours.

export const event_chars_max = 1024 * 1024;

export class SseParser {
  #line = "";
  #after_cr = false;
  #first = true;
  #id = null;
  #event = "";
  #data = [];
  #chars = 0;

  // The events that are whole with this piece: [{id, event, data}]; `id` is null where the event
  // has none of its own. Throws RangeError where one is too long.
  push(piece) {
    const events = [];
    if (this.#first && piece !== "") {
      this.#first = false;
      if (piece[0] === "\uFEFF") piece = piece.slice(1);
    }
    if (this.#after_cr && piece !== "") {
      this.#after_cr = false;
      if (piece[0] === "\n") piece = piece.slice(1);
    }
    let begin = 0;
    for (let at = 0; at < piece.length; ++at) {
      const mark = piece[at];
      if (mark !== "\n" && mark !== "\r") continue;
      this.#take(this.#line + piece.slice(begin, at), events);
      this.#line = "";
      if (mark === "\r") {
        if (at + 1 === piece.length) this.#after_cr = true;
        else if (piece[at + 1] === "\n") ++at;
      }
      begin = at + 1;
    }
    this.#line += piece.slice(begin);
    this.#bound(this.#line.length);
    return events;
  }

  #bound(more) {
    if (this.#chars + more > event_chars_max) throw new RangeError("an event is too long");
  }

  #take(line, events) {
    if (line === "") {
      if (this.#data.length > 0) {
        const event = this.#event === "" ? "message" : this.#event;
        events.push({ id: this.#id, event, data: this.#data.join("\n") });
      }
      this.#id = null;
      this.#event = "";
      this.#data = [];
      this.#chars = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value[0] === " ") value = value.slice(1);
    this.#bound(line.length);
    this.#chars += line.length;
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}
