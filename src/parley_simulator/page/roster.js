/** The list of handsets: who exists, what was said last, what is unread. */

import { element } from "./element.js";
import { previewOf } from "./message.js";

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const COLOURS = 6; // .hue-0 … .hue-5 in handset.css
const SEPARATORS = /[\s().\-/\u00a0\u200e\u202a\u202c]/g;
const INTERNATIONAL = /^\+[1-9]\d{6,14}$/;

/** Two spellings of a number are one handset: `+421…`, `00421…` and `421…`. */
export const digitsOf = (number) => String(number).replace(/\D/g, "").replace(/^00/, "");

/** What a person typed as `+` and digits, or null when it cannot be a number with its country code. */
export function readNumber(typed) {
  const bare = typed.replace(SEPARATORS, "").replace(/^00/, "+");
  const written = bare.startsWith("+") ? bare : `+${bare}`;
  return INTERNATIONAL.test(written) ? written : null;
}

export const shownNumber = (number) => (/^\d+$/.test(number) ? `+${number}` : number);

/** The round sign of a handset: its last two digits, in a colour of its own. */
export function dressAvatar(avatar, number) {
  const digits = digitsOf(number);
  avatar.className = `avatar hue-${Number(digits.slice(-3) || 0) % COLOURS}`;
  avatar.textContent = digits.slice(-2) || "?";
  return avatar;
}

export class Roster {
  #list = document.getElementById("handsets");
  #empty = document.getElementById("no-handsets");
  #rows = new Map(); // digits → {row, drawn}
  #onChoose;

  constructor(onChoose) {
    this.#onChoose = onChoose;
  }

  /** `chosen` is a number or null; rows keep their element, so a focused one stays focused while others move. */
  show(handsets, chosen) {
    this.#empty.hidden = handsets.length > 0;
    const wanted = handsets.map((handset) => this.#rowFor(handset, chosen));
    for (const [digits, { row }] of this.#rows) {
      if (!wanted.includes(row)) this.#remove(digits, row);
    }
    if (wanted.some((row, index) => this.#list.children[index] !== row)) this.#reorder(wanted);
  }

  #rowFor(handset, chosen) {
    const digits = digitsOf(handset.number);
    const isChosen = chosen !== null && digits === digitsOf(chosen);
    const drawn = JSON.stringify([handset, isChosen]);
    const known = this.#rows.get(digits);
    if (known?.drawn === drawn) return known.row;
    const row = known?.row ?? element("li", {}, this.#button(handset.number));
    fill(row.firstElementChild, handset, isChosen);
    this.#rows.set(digits, { row, drawn });
    return row;
  }

  #button(number) {
    return element("button", { type: "button", class: "handset", on: { click: () => this.#onChoose(number) } });
  }

  #remove(digits, row) {
    this.#rows.delete(digits);
    row.remove();
  }

  #reorder(wanted) {
    const focused = document.activeElement;
    this.#list.append(...wanted);
    if (this.#list.contains(focused)) focused.focus({ preventScroll: true });
  }
}

function fill(button, { number, name, last_text: lastText, last_at: lastAt, unread }, isChosen) {
  const count = Number(unread) || 0;
  button.classList.toggle("unread", count > 0);
  button.toggleAttribute("data-chosen", isChosen);
  if (isChosen) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  button.replaceChildren(
    dressAvatar(element("span", { "aria-hidden": "true" }), number),
    element("span", { class: "who", dir: "auto", text: name || shownNumber(number) }),
    element("time", { class: "when", text: when(lastAt) }),
    previewOf(lastText),
    count > 0 ? badge(count) : "",
  );
}

function badge(count) {
  const shown = count > 99 ? "99+" : String(count);
  return element("span", { class: "badge" }, shown, element("span", { class: "unseen", text: " unread" }));
}

function when(at) {
  const moment = new Date(at ?? Number.NaN);
  if (Number.isNaN(moment.getTime())) return "";
  const isToday = moment.toDateString() === new Date().toDateString();
  return (isToday ? TIME : DATE).format(moment);
}
