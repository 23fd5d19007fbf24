// A turn on the page: what was said, the reply as it grows, how things stand, the notes beside it.

import { degraded_names, element, notes_of } from "./notes.mjs";
import { failure, lang_of, say, tongue_of_text } from "./words.mjs";

// How things stand with a turn, as a word and its values: {word, values?, waiting?, trouble?, again?}.
// Pure. `trouble` and `outcome` are those of Turn.
export function standing({ reply, trouble, stopping, outcome }, now) {
  if (outcome) {
    const end = reply.end;
    if (outcome.how === "withdrawn") return { word: "withdrawn" };
    if (outcome.how === "damaged") return { word: "damaged" };
    if (outcome.how === "failed") return { word: failure(outcome.code), again: true };
    if (end?.type === "cancelled") return { word: end.reason === "interrupted" ? "interrupted" : "stopped" };
    if (end?.type === "completed") return { word: end.finish_reason === "length" ? "cut_short" : "" };
    return { word: failure(end?.code), again: true };
  }
  if (trouble) {
    const seconds = Math.max(1, Math.ceil(((trouble.until ?? now) - now) / 1000));
    const word = trouble.is === "key" ? "key_needed" : trouble.is;
    return { word, values: { seconds }, trouble: true, waiting: word !== "asleep", again: word === "asleep" };
  }
  if (stopping) return { word: "stopping", waiting: true };
  if (reply.text !== "") return { word: "" };
  if (reply.state === "sent") return { word: "sending", waiting: true };
  if (reply.state === "queued" && reply.position > 0) {
    return { word: "queued_behind", values: { count: reply.position }, waiting: true };
  }
  if (reply.state === "queued") return { word: "queued", waiting: true };
  return { word: reply.stages.size > 0 ? "writing" : "running", waiting: true };
}

export class TurnView {
  #tongue;
  #words = []; // [element, word]
  #text = document.createTextNode("");
  #lang = "";
  #shown = ""; // the standing, so that nothing is written twice

  constructor(tongue, text) {
    this.#tongue = tongue;
    const heading = (word) => {
      const out = element("h2", { class: "unseen" });
      this.#words.push([out, word]);
      return out;
    };
    this.reply = element("p", { class: "reply" });
    this.reply.append(this.#text);
    this.status = element("p", { class: "status" });
    this.offers = element("div", { class: "offers", hidden: "" });
    const summary = element("summary");
    this.#words.push([summary, "notes"]);
    this.notes_body = element("div", { class: "notes-body" });
    this.notes = element("details", { class: "notes", open: "" }, summary, this.notes_body);
    this.notes.hidden = true;
    const you = heading("you");
    this.answer = element("div", { class: "answer" }, heading("reply"), this.reply, this.status, this.offers);
    const said = element("p", { text, lang: lang_of(tongue_of_text(text, tongue)) });
    this.element = element("article", { class: "turn" },
      element("div", { class: "said" }, you, said),
      this.answer,
      this.notes);
    this.#speak();
  }

  speak(tongue, turn, now, again) {
    this.#tongue = tongue;
    this.#shown = "";
    this.#speak();
    this.show_notes(turn);
    this.show_standing(turn, now, again);
  }

  #speak() {
    for (const [node, word] of this.#words) node.textContent = say(this.#tongue, word);
  }

  // A piece more, or all of it.
  add(piece) {
    this.#text.appendData(piece);
    this.#mark_language();
  }
  show_text(text) {
    if (this.#text.data !== text) this.#text.data = text;
    this.#mark_language();
  }

  #mark_language() {
    const lang = this.#text.data && lang_of(tongue_of_text(this.#text.data.slice(0, 400), this.#tongue));
    if (lang === this.#lang) return;
    this.#lang = lang;
    if (lang) this.reply.setAttribute("lang", lang);
    else this.reply.removeAttribute("lang");
  }

  show_notes({ reply, outcome }) {
    const parts = notes_of(this.#tongue, reply.stages, !outcome && reply.text === "");
    this.notes_body.replaceChildren(...parts);
    this.notes.hidden = parts.length === 0;
  }

  // Gives the words, where they are new.
  show_standing(turn, now, again) {
    const now_stands = standing(turn, now);
    const tongue = this.#tongue;
    const words = [now_stands.word && say(tongue, now_stands.word, now_stands.values)];
    if (turn.outcome) {
      const unfinished = turn.reply.text !== "" && now_stands.again;
      if (unfinished) words.unshift(say(tongue, "incomplete"));
      const what = degraded_names(tongue, turn.reply.end, turn.reply.stages);
      if (what !== "") words.push(say(tongue, "degraded", { what }));
    }
    const text = words.filter(Boolean).join(tongue === "en" ? " " : "");
    this.reply.classList.toggle("writing", !turn.outcome && turn.reply.text !== "" && !now_stands.trouble);
    const key = `${text}|${now_stands.again}`;
    if (key === this.#shown) return "";
    this.#shown = key;
    this.status.textContent = text;
    this.status.classList.toggle("waiting", now_stands.waiting === true);
    this.status.classList.toggle("trouble", now_stands.trouble === true);
    this.#offer(now_stands.again && again);
    return text;
  }

  #offer(again) {
    this.offers.replaceChildren();
    this.offers.hidden = !again;
    if (!again) return;
    const button = element("button", { type: "button", class: "plain", text: say(this.#tongue, "again") });
    button.addEventListener("click", again);
    this.offers.append(button);
  }
}
