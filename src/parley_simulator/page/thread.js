/** The conversation: draws only what changed, and leaves the reader where they are. */

import { element } from "./element.js";
import { bodySignature, messageElement, showState } from "./message.js";

const PAGE = 200; // messages drawn at once; "earlier" draws as many again
const NEAR_END_PX = 80;
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export class Thread {
  #frame = document.getElementById("thread");
  #log = document.getElementById("log");
  #list = document.getElementById("messages");
  #empty = document.getElementById("no-messages");
  #earlier = document.getElementById("earlier");
  #toNewest = document.getElementById("to-newest");
  #rows = new Map(); // key → {row, body}
  #messages = [];
  #limit = PAGE;
  #atEnd = true;
  #lastTop = 0;
  #onTap;

  constructor(onTap) {
    this.#onTap = onTap;
    this.#earlier.addEventListener("click", () => this.#showEarlier());
    this.#toNewest.addEventListener("click", () => this.scrollToEnd());
    this.#frame.addEventListener("scroll", () => this.#noteScroll(), { passive: true });
    // Pictures arrive late and keyboards slide in: whoever was at the end stays at the end.
    const observer = new ResizeObserver(() => this.#atEnd && this.scrollToEnd());
    observer.observe(this.#list);
    observer.observe(this.#frame);
  }

  /** Forget the last handset's conversation. */
  clear() {
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#messages = [];
    this.#limit = PAGE;
    this.#empty.hidden = true;
    this.#earlier.hidden = true;
    this.#log.setAttribute("aria-busy", "true"); // or a screen reader would read the whole history out
    this.scrollToEnd();
  }

  show(messages) {
    const newest = this.#messages.at(-1)?.id;
    this.#messages = messages;
    this.#draw();
    this.#empty.hidden = messages.length > 0;
    if (this.#atEnd) this.scrollToEnd();
    else if (messages.at(-1)?.id !== newest) this.#toNewest.hidden = false;
    this.#log.removeAttribute("aria-busy");
  }

  scrollToEnd() {
    this.#atEnd = true;
    this.#toNewest.hidden = true;
    this.#frame.scrollTop = this.#frame.scrollHeight;
  }

  #noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#frame;
    const isNearEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    // A picture that loads moves the end away from a reader who did not move: only going up is leaving it.
    if (isNearEnd) this.#atEnd = true;
    else if (scrollTop < this.#lastTop) this.#atEnd = false;
    this.#lastTop = scrollTop;
    if (this.#atEnd) this.#toNewest.hidden = true;
  }

  #showEarlier() {
    const below = this.#frame.scrollHeight - this.#frame.scrollTop;
    this.#limit += PAGE;
    this.#draw();
    this.#frame.scrollTop = this.#frame.scrollHeight - below;
    if (this.#earlier.hidden) this.#frame.focus(); // the button is gone, the keyboard must not be lost
  }

  #draw() {
    const shown = this.#messages.slice(-this.#limit);
    this.#earlier.hidden = shown.length === this.#messages.length;
    const items = withDays(shown);
    items.forEach((item, index) => this.#place(this.#rowFor(item), index));
    while (this.#list.childElementCount > items.length) {
      const gone = this.#list.lastElementChild;
      this.#rows.delete(gone.dataset.key);
      gone.remove();
    }
  }

  /** Moving an element drops its focus, so one that already stands right is left alone. */
  #place(row, index) {
    const standing = this.#list.children[index] ?? null;
    if (standing !== row) this.#list.insertBefore(row, standing);
  }

  #rowFor({ key, day, message }) {
    const body = day ?? bodySignature(message);
    const known = this.#rows.get(key);
    if (known?.body === body) {
      if (message) showState(known.row, message);
      return known.row;
    }
    const row = day ? dayElement(day) : messageElement(message, this.#onTap);
    known?.row.replaceWith(row);
    row.dataset.key = key;
    this.#rows.set(key, { row, body });
    return row;
  }
}

function withDays(messages) {
  const items = [];
  const named = new Set();
  for (const message of messages) {
    const day = dayOf(message.at);
    if (day !== null && !named.has(day)) items.push({ key: `day ${day}`, day });
    named.add(day);
    items.push({ key: `message ${message.id}`, message });
  }
  return items;
}

function dayOf(at) {
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? null : DAY.format(moment);
}

const dayElement = (day) => element("li", { class: "day" }, element("span", { text: day }));
