// Telephone numbers and web addresses in an operator's help line, so that a tap is enough.
//
// Pure. Nothing but tel: and https: (http:) comes out; all else stays text.

const candidates = /https?:\/\/[^\s、。，）)」】<>"]+|(?<![\d:.\/-])\+?\d(?:\d|[ -](?=\d))+(?![\d:])/gu;
const digits_min = 3; // 110, 988

// [{text, href?}]; the texts together are the line.
export function linked(line) {
  const out = [];
  let begin = 0;
  const text = (end) => end > begin && out.push({ text: line.slice(begin, end) });
  for (const found of line.matchAll(candidates)) {
    const one = found[0];
    const digits = one.replace(/[^\d+]/g, "");
    const is_address = one.startsWith("http");
    if (!is_address && digits.replace("+", "").length < digits_min) continue;
    text(found.index);
    out.push({ text: one, href: is_address ? one : `tel:${digits}` });
    begin = found.index + one.length;
  }
  text(line.length);
  return out;
}
