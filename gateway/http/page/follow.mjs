// How one turn is brought to its end over connections that break.
//
// A machine without I/O: `on(input, now)` takes what has happened, with the time in ms, and gives what
// to do. One request is under way at a time (and a DELETE beside it), one timer runs.
//
//   inputs   {is: "start"}                            post, or read on where it was accepted before
//            {is: "answer", status, retry_ms?, code?} of the POST
//            {is: "open", status, retry_ms?, code?}   the head of the events
//            {is: "event", seq, end?, intact?}        an event was applied; `again`: cannot be
//            {is: "lost", code}                       the gateway itself gave the turn up
//            {is: "alive"}                            bytes of the stream, pings too
//            {is: "broken"}                           the request failed, or its body ended
//            {is: "time"}                             the timer is due
//            {is: "hurry"}                            try now: the network is back, somebody asks
//            {is: "key"}                              there is another key
//            {is: "stop"}                             the person has had enough
//            {is: "stopped", status}                  of the DELETE; 0: it failed
//   actions  {is: "post"}, {is: "read", after}, {is: "delete"}, {is: "cut"} the request under way,
//            {is: "wait", ms} for the timer, which replaces the one before, {is: "forget"} all events,
//            {is: "over", how, code?}: ended, damaged, failed, withdrawn
//
// Pushing the same turn again is safe: it joins (schemas/HTTP.md, Idempotency-Key).

export const limits = {
  post_ms: 20_000, // for the answer to a POST
  open_ms: 20_000, // for the head of the events
  quiet_ms: 25_000, // of a stream; pings come each 10 s
  pause_first_ms: 250,
  pause_max_ms: 8_000,
  retry_ms_max: 60_000, // of what a Retry-After is believed
  give_up_ms: 600_000, // without a sign of life: asks the person
  server_tries_max: 5, // of a POST that gets 500, 502 or 504
  pushes_max: 3, // of a turn that the broker no longer knows
  rereads_max: 2, // of a text that does not fit its end
  stops_max: 10,
};

const transient = new Set([408, 425, 429, 500, 502, 503, 504]);
const passing = new Set(["unavailable", "draining", "overloaded"]);
const server_faults = new Set([500, 502, 504]);

export class Follower {
  // Not yet: idle. Then posting, pausing (before the POST), opening, reading, resting (before the
  // read), asking (for a key), asleep (until somebody asks), over.
  phase = "idle";
  accepted = false;
  // What the person may want to know: null, or {is: "away"|"busy"|"key"|"asleep", until}.
  trouble = null;

  #seq = 0;
  #random;
  #tries = 0;
  #since = null; // of the trouble
  #faults = 0;
  #pushes = 0;
  #rereads = 0;
  #stop = false;
  #stop_known = false; // the gateway has confirmed it
  #stops = 0;
  #stop_under_way = false;
  #unsure = false; // a POST was sent whose answer is not known

  constructor({ accepted = false, random = Math.random } = {}) {
    this.accepted = accepted;
    this.#random = random;
  }

  get stopping() {
    return this.#stop;
  }

  on(input, now) {
    if (this.phase === "over") return [];
    switch (input.is) {
      case "start":
        return this.phase === "idle" ? this.#go() : [];
      case "answer":
        return this.phase === "posting" ? this.#on_answer(input, now) : [];
      case "open":
        return this.phase === "opening" ? this.#on_open(input, now) : [];
      case "event":
        return this.phase === "reading" ? this.#on_event(input) : [];
      case "lost":
        return this.phase === "reading" ? this.#on_lost(input, now) : [];
      case "alive":
        return this.phase === "reading" ? this.#alive() : [];
      case "broken":
        return this.#on_broken(now);
      case "time":
        return this.#on_time(now);
      case "hurry":
        return this.#on_hurry();
      case "key":
        return this.phase === "asking" ? this.#again() : [];
      case "stop":
        return this.#on_stop();
      case "stopped":
        return this.#on_stopped(input);
    }
    return [];
  }

  #go() {
    return this.accepted ? this.#read() : this.#post();
  }

  #post() {
    this.phase = "posting";
    this.#unsure = true;
    return [{ is: "post" }, { is: "wait", ms: limits.post_ms }];
  }

  #read() {
    this.phase = "opening";
    return [{ is: "read", after: this.#seq }, { is: "wait", ms: limits.open_ms }];
  }

  #over(how, code) {
    this.phase = "over";
    this.trouble = null;
    return [{ is: "cut" }, { is: "over", how, code }];
  }

  // There was a sign of life. Only an event shows that it gets on: pauses go on growing without.
  #alive() {
    this.trouble = null;
    this.#since = null;
    return [{ is: "wait", ms: limits.quiet_ms }, ...this.#delete()];
  }

  #pause(now, kind, retry_ms) {
    this.#since ??= now;
    this.#tries += 1;
    if (now - this.#since >= limits.give_up_ms) return this.#sleep();
    const grown = limits.pause_first_ms * 2 ** Math.min(this.#tries - 1, 16);
    // Gateways that come back are not met by all their readers in the same moment.
    const spread = Math.min(grown, limits.pause_max_ms) * (0.75 + 0.5 * this.#random());
    const asked = Math.min(retry_ms ?? 0, limits.retry_ms_max);
    const ms = Math.round(Math.max(spread, asked));
    // One short pause is not worth a word.
    if (this.#tries > 1 || ms > 1000) this.trouble = { is: kind, until: now + ms };
    this.phase = this.accepted ? "resting" : "pausing";
    return [{ is: "wait", ms }];
  }

  #sleep() {
    this.phase = "asleep";
    this.trouble = { is: "asleep", until: null };
    return [{ is: "cut" }];
  }

  #again() {
    this.#tries = 0;
    this.#since = null;
    this.#faults = 0;
    this.trouble = null;
    return this.#go();
  }

  #on_answer({ status, retry_ms, code }, now) {
    if (status >= 200 && status < 300) {
      this.accepted = true;
      this.#faults = 0;
      this.trouble = null;
      return [...this.#read(), ...this.#delete()];
    }
    // It was answered: nothing of this turn runs, but where a fault hides what happened.
    if (!server_faults.has(status)) this.#unsure = false;
    if (status === 401) return this.#ask();
    if (this.#stop) return this.#withdraw();
    if (server_faults.has(status)) this.#faults += 1;
    if (transient.has(status) && this.#faults < limits.server_tries_max) {
      return this.#pause(now, status === 429 || status === 503 ? "busy" : "away", retry_ms);
    }
    return this.#over("failed", code ?? "internal");
  }

  #on_open({ status, retry_ms, code }, now) {
    if (status === 200) {
      this.phase = "reading";
      return [{ is: "wait", ms: limits.quiet_ms }, ...this.#delete()];
    }
    if (status === 401) return this.#ask();
    if (status === 204) return this.#reread("lost"); // it has ended, and how is not known here
    if (status === 404) return this.#push_again();
    if (transient.has(status)) {
      return this.#pause(now, status === 429 || status === 503 ? "busy" : "away", retry_ms);
    }
    return this.#over("failed", code ?? "internal");
  }

  // The broker no longer knows the turn: its state is gone, or the turn is too old.
  #push_again() {
    this.#seq = 0;
    this.accepted = false;
    if (this.#stop) return this.#over("withdrawn");
    this.#pushes += 1;
    if (this.#pushes > limits.pushes_max) return this.#over("failed", "unknown_turn");
    return [{ is: "forget" }, ...this.#post()];
  }

  #on_lost({ code }, now) {
    if (code === "unknown_turn") return [{ is: "cut" }, ...this.#push_again()];
    if (passing.has(code)) return [{ is: "cut" }, ...this.#pause(now, "away")];
    return this.#over("failed", code ?? "internal");
  }

  #reread(code) {
    this.#rereads += 1;
    if (this.#rereads > limits.rereads_max) {
      return code === "lost" ? this.#over("failed", "unknown_turn") : this.#over("damaged");
    }
    this.#seq = 0;
    return [{ is: "cut" }, { is: "forget" }, ...this.#read()];
  }

  #on_event({ seq, end, intact, again }) {
    if (again) return this.#reread("damaged");
    this.#seq = seq;
    this.#tries = 0;
    if (!end) return this.#alive();
    return intact ? this.#over("ended") : this.#reread("damaged");
  }

  #ask() {
    this.phase = "asking";
    this.trouble = { is: "key", until: null };
    return [{ is: "cut" }, ...(this.#stop ? this.#withdraw() : [])];
  }

  #on_broken(now) {
    if (this.phase === "posting") return this.#stop ? this.#withdraw() : this.#pause(now, "away");
    if (this.phase === "opening" || this.phase === "reading") return this.#pause(now, "away");
    return [];
  }

  #on_time(now) {
    if (this.phase === "pausing" || this.phase === "resting") return this.#go();
    if (["posting", "opening", "reading"].includes(this.phase)) {
      return [{ is: "cut" }, ...this.#on_broken(now)];
    }
    return [];
  }

  #on_hurry() {
    if (this.phase === "asleep") return this.#again();
    if (this.trouble?.is === "busy") return []; // who asks for time gets it
    if (this.phase === "pausing" || this.phase === "resting") return this.#go();
    return [];
  }

  #on_stop() {
    if (this.#stop) return [];
    this.#stop = true;
    if (this.phase === "posting") return []; // its answer says whether there is something to stop
    if (!this.accepted) return this.#withdraw();
    const asked_first = this.phase === "asleep" || this.phase === "asking";
    return [...this.#delete(), ...(asked_first ? this.#over("withdrawn") : [])];
  }

  // What never was accepted is taken back; where that is not sure, the gateway is told.
  #withdraw() {
    const told = this.#unsure ? [{ is: "delete" }] : [];
    return [...told, ...this.#over("withdrawn")];
  }

  #delete() {
    if (!this.#stop || this.#stop_known || this.#stop_under_way) return [];
    if (this.#stops >= limits.stops_max) return [];
    this.#stops += 1;
    this.#stop_under_way = true;
    return [{ is: "delete" }];
  }

  #on_stopped({ status }) {
    this.#stop_under_way = false;
    if (status === 404) return this.#over("withdrawn"); // nobody keeps it any more
    this.#stop_known = status === 200;
    return [];
  }
}
