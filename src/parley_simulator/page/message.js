/** One message as the customer sees it on the phone. */

import { element, icon, linkedText, outsideLink, webAddress } from "./element.js";

/** What the simulator calls a state → what a person reads, and its sign. */
const STATES = {
  accepted: ["Queued", "queued"],
  queued: ["Queued", "queued"],
  dispatched: ["Queued", "queued"],
  sent: ["Sent", "sent"],
  queued_on_channel: ["Sent", "sent"],
  delivered: ["Delivered", "delivered"],
  read: ["Read", "delivered"],
  received: ["Sent", "sent"], // the customer's own: Sinch has it
  failed: ["Failed", "failed"],
  deleted: ["Expired", "failed"],
  expired: ["Expired", "failed"],
  no_opt_in: ["Failed", "failed"],
  no_capability: ["Failed", "failed"],
};
const REASONS = {
  deleted: "It was deleted, or it expired before the phone could be reached.",
  no_opt_in: "This number has not opted in.",
  no_capability: "This number is not on WhatsApp.",
};
/** Buttons that a phone acts on without writing to the shop → their sign. */
const ONLY_SHOWN = {
  url: "open",
  flow: "open",
  order_details: "open",
  request_contact_info: "open",
  call: "call",
  phone_number: "call",
  copy_code: "file",
  otp: "file",
};
const EMOJI_ONLY = /^[\p{Extended_Pictographic}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}\s]{1,12}$/u;
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** All that the bubble itself is drawn from; the state line below it changes without redrawing the bubble. */
export const bodySignature = ({ state, reason, ...body }) => JSON.stringify(body);

/** `onTap(button, message)` is called for a quick reply. */
export function messageElement(message, onTap) {
  const fromShop = message.direction === "out";
  const bubble = element(
    "div",
    { class: "bubble" },
    element("span", { class: "unseen", text: fromShop ? "Shop:" : "You:" }),
    ...content(message),
    element("p", { class: "meta" }, clock(message.at), element("span", { class: "state" })),
  );
  const row = element(
    "li",
    { class: `message ${fromShop ? "from-shop" : "from-me"}`, "data-id": message.id },
    bubble,
    buttonsOf(message, onTap),
    element("p", { class: "reason", dir: "auto", hidden: true }),
  );
  showState(row, message);
  return row;
}

/** Brings the state line up to date and touches nothing else, so that focus and scroll stay where they are. */
export function showState(row, { state, reason, direction }) {
  const key = String(state ?? "").toLowerCase();
  const [word, sign] = STATES[key] ?? [key, null];
  const failed = sign === "failed";
  row.dataset.state = key;
  row.classList.toggle("failed", failed);
  row.classList.toggle("waiting", sign === "queued" && direction === "out");
  row.querySelector(".state").replaceChildren(...(sign ? [icon(sign)] : []), word);
  const line = row.querySelector(".reason");
  line.hidden = !failed;
  line.textContent = failed ? `Did not arrive. ${sentenceOf(reason) || REASONS[key] || "No reason was given."}` : "";
}

const sentenceOf = (reason) => (typeof reason === "string" ? reason : reason?.description || reason?.code);

export function previewOf(text) {
  return element("span", { class: "preview", dir: "auto", text: text || "No messages yet" });
}

function content(message) {
  const parts = [pictureOrFile(message), place(message), words(message)].filter(Boolean);
  return parts.length > 0 ? parts : [element("p", { class: "text quiet", text: `A message of the kind “${message.type}”` })];
}

function words({ text, media, location: spot, type }) {
  const written = text || media?.caption;
  if (!written || written === spot?.name) return null; // a place has its name on the pin
  const jumbo = EMOJI_ONLY.test(written) ? " jumbo" : "";
  const tapped = type === "button" || type === "list";
  return element(
    "p",
    { class: `text${jumbo}`, dir: "auto" },
    tapped ? icon("reply") : null,
    linkedText(written),
  );
}

function pictureOrFile({ media, type }) {
  const href = media?.url ? webAddress(media.url) : null;
  if (href === null) return null;
  const isPicture = (media.mime_type ?? "").startsWith("image/") || type === "image" || type === "sticker";
  return isPicture ? picture(href, media) : file(href, media);
}

/** A picture that does not load becomes a link, so that the person sees what was sent and from where. */
function picture(href, media) {
  const image = element("img", {
    class: "picture",
    src: href,
    alt: media.caption || "Picture",
    on: { error: () => image.closest("a").replaceWith(file(href, media)) },
  });
  return element("a", { class: "picture-link", href, target: "_blank", rel: "noopener noreferrer" }, image);
}

function file(href, media) {
  const name = media.filename || decodeURIComponent(new URL(href).pathname.split("/").pop()) || href;
  const link = outsideLink(href, name, icon("file"));
  link.classList.add("file");
  return link;
}

function place({ location: spot }) {
  if (!spot) return null;
  const { latitude, longitude, name, address } = spot;
  return element(
    "div",
    { class: "spot" },
    icon("pin"),
    element(
      "div",
      {},
      name ? element("strong", { dir: "auto", text: name }) : null,
      address ? element("span", { dir: "auto", text: address }) : null,
      element("span", { class: "coordinates", text: `${latitude}, ${longitude}` }),
    ),
  );
}

function clock(at) {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return element("time", {});
  return element("time", { datetime: at, title: MOMENT.format(moment), text: TIME.format(moment) });
}

function buttonsOf(message, onTap) {
  const buttons = message.buttons ?? [];
  if (buttons.length === 0) return null;
  const shown = buttons.map((button) => element("li", {}, tappable(button, message, onTap)));
  return element("ul", { class: "buttons", "aria-label": "Answers" }, ...shown);
}

/** A link opens; what a real phone would do by itself is only shown; anything else answers the shop. */
function tappable(button, message, onTap) {
  const kind = String(button.type ?? "").toLowerCase();
  const label = button.text || button.payload || "Button";
  const href = kind === "url" ? webAddress(button.url ?? button.payload ?? "") : null;
  if (href !== null) return outsideLink(href, label, icon("open"));
  if (kind in ONLY_SHOWN) {
    return element("span", { class: "inert", title: button.payload || undefined, dir: "auto" }, icon(ONLY_SHOWN[kind]), label);
  }
  const tap = () => onTap(button, message);
  return element("button", { type: "button", on: { click: tap } }, icon("reply"), element("span", { dir: "auto", text: label }));
}
