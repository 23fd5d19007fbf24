// Who reads at the end of a conversation stays there while it grows; nobody else is moved.
//
// `last`: the last turn and its view, {turn, view}.

const near_end_px = 160; // so near to the end a reader follows what comes
const margin_px = 24; // between the end of an answer and what stands below

const is_near_end = () =>
  document.documentElement.scrollHeight - window.scrollY - window.innerHeight < near_end_px;
export const to_end = () => window.scrollTo({ top: document.documentElement.scrollHeight });

// How far the page has to scroll until the end of the last answer can be read; 0: it is in sight.
// Null while there is nothing of it.
function answer_below({ turn, view }) {
  if (turn.reply.text === "" && !turn.outcome && !turn.trouble) return null;
  const bottom = view.answer.getBoundingClientRect().bottom;
  const dock = document.querySelector(".dock").getBoundingClientRect().top;
  return bottom < margin_px ? bottom - margin_px : Math.max(bottom - dock + margin_px, 0);
}

// The end of the answer, where there is one: on a phone the notes are below it.
export function show_end(last) {
  const below = answer_below(last);
  if (below === null) to_end();
  else if (below !== 0) window.scrollBy({ top: below });
}

// What changes the page's height keeps a reader at the end there, and nobody else.
export function following(last, change) {
  const below = answer_below(last);
  const follows = is_near_end() || (below !== null && Math.abs(below) < near_end_px);
  change();
  if (follows) show_end(last);
}
