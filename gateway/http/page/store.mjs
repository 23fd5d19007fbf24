// What a reload must not lose: kept in the tab's sessionStorage, gone with the tab.
//
// {session, alert, turns: [{id, text, body, accepted, outcome?, reply?: {text, stages, end}}]}, and
// beside it the key and the language. Where there is no storage, or it is full, the page works without.

export const turns_max = 50; // of a conversation that are kept and shown; the oldest go first

const names = { conversation: "emostage.conversation", key: "emostage.key", tongue: "emostage.tongue" };

export function new_id() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const new_conversation = () => ({ session: new_id(), alert: false, turns: [] });

const is_id = (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);

// A conversation as this page writes it; null: it is none.
export function read_conversation(json) {
  try {
    const read = JSON.parse(json);
    if (!is_id(read.session) || !Array.isArray(read.turns)) return null;
    const turns = read.turns.filter(
      (turn) => is_id(turn?.id) && typeof turn.text === "string" && typeof turn.body === "string",
    );
    return { session: read.session, alert: read.alert === true, turns: turns.slice(-turns_max) };
  } catch {
    return null;
  }
}

function get(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function put(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

export const store = {
  conversation: () => read_conversation(get(names.conversation)),
  // The oldest turns are left out until the rest fits.
  keep(conversation) {
    for (let turns = conversation.turns; ; turns = turns.slice(Math.ceil(turns.length / 2))) {
      if (put(names.conversation, JSON.stringify({ ...conversation, turns }))) return;
      if (turns.length === 0) return;
    }
  },
  forget: () => put(names.conversation, null),
  key: () => get(names.key),
  keep_key: (key) => put(names.key, key),
  tongue: () => get(names.tongue),
  keep_tongue: (tongue) => put(names.tongue, tongue),
};
