/** The page: which handset is in hand, and a look at the simulator every second. */

import { Refused, SimulatorAway, fetchHandsets, fetchMessages, markRead, sendMessage } from "./api.js";
import { Composer } from "./composer.js";
import { Roster, digitsOf, dressAvatar, readNumber, shownNumber } from "./roster.js";
import { Thread } from "./thread.js";

const LOOK_EVERY_MS = 1000;

const byId = (id) => document.getElementById(id);
const roster = new Roster(choose);
const thread = new Thread(tap);
const composer = new Composer(send);

let chosen = null; // the number in hand, as the simulator or the person wrote it
let handsets = [];
let isLooking = false;
let lookAgain = false;
let timer = 0;
const seen = new Set(); // ids of the messages reported as read

function choose(number) {
  const isOther = chosen === null || digitsOf(number) !== digitsOf(chosen);
  if (digitsOf(location.hash) !== digitsOf(number)) location.hash = digitsOf(number);
  if (isOther) pickUp(number);
  showView("chat");
  composer.offer();
}

function pickUp(number) {
  chosen = number;
  thread.clear();
  composer.switchTo(number);
  dress();
  lookNow();
}

function dress() {
  const name = nameOf(chosen);
  dressAvatar(byId("chat-avatar"), chosen);
  setText(byId("chat-name"), name ?? shownNumber(chosen));
  setText(byId("chat-number"), name === null ? "You are this customer" : shownNumber(chosen));
  byId("chat").hidden = false;
  byId("no-chat").hidden = true;
}

const handsetOf = (number) => handsets.find((handset) => digitsOf(handset.number) === digitsOf(number));
const nameOf = (number) => handsetOf(number)?.name || null;

/** Writing the same text again would make a screen reader say it again. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** On a phone-size screen the list and the chat are two views; on a wide one both are there. */
function showView(view) {
  document.body.dataset.view = view;
}

async function look() {
  try {
    await Promise.all([lookAtHandsets(), lookAtMessages()]);
    showTrouble(null);
  } catch (error) {
    if (!(error instanceof SimulatorAway || error instanceof Refused)) throw error;
    showTrouble(error.message);
  }
}

async function lookAtHandsets() {
  handsets = (await fetchHandsets()).sort(newestFirst);
  const unread = handsets.reduce((sum, handset) => sum + (Number(handset.unread) || 0), 0);
  document.title = unread > 0 ? `(${unread}) Handsets` : "Handsets";
  roster.show(withChosen(handsets), chosen);
  if (chosen !== null) dress();
}

const newestFirst = (one, other) => momentOf(other) - momentOf(one);
const momentOf = ({ last_at: lastAt }) => Date.parse(lastAt ?? "") || 0;

/** A number just picked up is on the list before its first message. */
function withChosen(known) {
  const isListed = chosen === null || known.some((handset) => digitsOf(handset.number) === digitsOf(chosen));
  return isListed ? known : [{ number: chosen, unread: 0 }, ...known];
}

async function lookAtMessages() {
  const number = chosen;
  if (number === null) return;
  const messages = await fetchMessages(number);
  if (number !== chosen) return; // another handset was picked up meanwhile
  thread.show(messages);
  await markSeen(number, messages);
}

/** A message counts as read when it is on a screen that somebody can see. */
async function markSeen(number, messages) {
  if (document.visibilityState !== "visible" || !byId("chat").checkVisibility()) return;
  const arrived = messages.filter(({ direction, state }) => direction === "out" && state === "delivered");
  const fresh = arrived.filter(({ id }) => !seen.has(id));
  if (fresh.length === 0 && !(handsetOf(number)?.unread > 0)) return;
  await markRead(number);
  fresh.forEach(({ id }) => seen.add(id)); // a phone with receipts off stays at "delivered": tell once
}

/** One look at a time; the next is due a second after the last has ended. */
async function lookNow() {
  lookAgain = true;
  if (isLooking) return;
  clearTimeout(timer);
  isLooking = true;
  try {
    while (lookAgain) {
      lookAgain = false;
      await look();
    }
  } finally {
    isLooking = false;
    timer = setTimeout(lookNow, LOOK_EVERY_MS);
  }
}

function showTrouble(sentence) {
  const banner = byId("trouble");
  banner.hidden = sentence === null;
  setText(banner, sentence ?? "");
}

async function send(message) {
  await sendMessage(chosen, message);
  thread.scrollToEnd();
  lookNow();
}

function tap({ type, text, payload }, { id }) {
  const isRow = type === "list_item"; // a line of a list, not a button
  const answer = isRow ? { type: "list", id: payload, title: text } : { type: "button", payload: payload || text, text };
  composer.deliver({ ...answer, reply_to: id });
}

function pickUpTyped(event) {
  event.preventDefault();
  const number = readNumber(byId("number").value);
  const isUnusable = number === null;
  setText(byId("number-error"), isUnusable ? "Write the number with its country code, such as +421 900 000 001." : "");
  byId("number").toggleAttribute("aria-invalid", isUnusable);
  if (isUnusable) return;
  byId("number").value = "";
  choose(number);
}

/** The address names the handset in hand, so that a link, a reload and the browser's own Back do what they should. */
function followAddress() {
  const number = readNumber(location.hash.slice(1));
  if (number !== null) choose(number);
  else putDown();
}

function putDown() {
  showView("list");
  document.querySelector(".handset[data-chosen]")?.focus();
}

byId("pick-up").addEventListener("submit", pickUpTyped);
byId("back").addEventListener("click", () => {
  location.hash = "";
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && lookNow());
window.addEventListener("hashchange", followAddress);

showView("list");
followAddress();
lookNow();
