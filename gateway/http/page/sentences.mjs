// Whole sentences out of a text that grows, for those who listen to it.
//
// A machine without I/O. A sentence ends at 。！？ and the like, at . ! ? … before a space, at an
// end of line; closing quotes and brackets belong to it. A piece without an end is cut at a comma
// or space when it has become longer than `sentence_chars_max`.

export const sentence_chars_max = 300;

const wide_end = /[。！？｡]/u;
const narrow_end = /[.!?…]/u;
const closing = /[」』）】〉》”’"')\]]/u;

export class Sentences {
  #rest = "";

  push(text) {
    this.#rest += text;
    const out = [];
    for (let cut; (cut = this.#cut()) > 0;) this.#give(cut, out);
    return out;
  }

  // The text has ended: what is left is the last sentence.
  flush() {
    const out = [];
    this.#give(this.#rest.length, out);
    return out;
  }

  reset() {
    this.#rest = "";
  }

  #give(cut, out) {
    const sentence = this.#rest.slice(0, cut).trim();
    this.#rest = this.#rest.slice(cut);
    if (sentence !== "") out.push(sentence);
  }

  // Where the first sentence ends; 0: not yet.
  #cut() {
    const text = this.#rest;
    for (let at = 0; at < text.length; ++at) {
      if (text[at] === "\n") return at + 1;
      const wide = wide_end.test(text[at]);
      if (!wide && !narrow_end.test(text[at])) continue;
      let end = at + 1;
      while (end < text.length && (narrow_end.test(text[end]) || wide_end.test(text[end]))) ++end;
      while (end < text.length && closing.test(text[end])) ++end;
      if (end === text.length) return 0; // more of its end may follow
      if (wide || /\s/u.test(text[end])) return end;
      at = end - 1;
    }
    if (text.length <= sentence_chars_max) return 0;
    const head = text.slice(0, sentence_chars_max);
    const pause = Math.max(...[..."、，,;；: "].map((mark) => head.lastIndexOf(mark)));
    if (pause > 0) return pause + 1;
    // Never between the two halves of a character.
    return /[\uD800-\uDBFF]/.test(head.at(-1)) ? sentence_chars_max - 1 : sentence_chars_max;
  }
}
