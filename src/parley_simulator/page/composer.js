/** Writing to the shop: text, a picture, a location. What could not be sent stays in the box. */

import { SimulatorAway } from "./api.js";

const AWAY = "Not sent, because the simulator does not answer. Send it again when it is back.";
const PICTURE_LIMIT_BYTES = 5 * 1024 * 1024; // WhatsApp's own limit for images
const TALLEST_BOX_PX = 140;

export class Composer {
  #text = document.getElementById("text");
  #error = document.getElementById("send-error");
  #tray = document.getElementById("picture");
  #preview = document.getElementById("picture-preview");
  #file = document.getElementById("picture-file");
  #picture = null; // {dataUrl, mimeType}
  #drafts = new Map(); // number → text not sent yet
  #number = null;
  #send;

  /** `send(message)` resolves when the simulator has taken it and rejects with a sentence for the person. */
  constructor(send) {
    this.#send = send;
    const form = document.getElementById("composer");
    form.addEventListener("submit", (event) => this.#submit(event));
    this.#text.addEventListener("keydown", (event) => this.#sendOnEnter(event, form));
    this.#text.addEventListener("input", () => this.#fitBox());
    this.#file.addEventListener("change", () => this.#takePicture(this.#file.files[0]));
    this.#text.addEventListener("paste", (event) => this.#pastePicture(event));
    document.getElementById("picture-pick").addEventListener("click", () => this.#file.click());
    document.getElementById("picture-drop").addEventListener("click", () => this.#dropPicture());
    wirePlace((message) => this.deliver(message));
  }

  /** Each handset keeps its own unsent text. */
  switchTo(number) {
    if (this.#number !== null) this.#drafts.set(this.#number, this.#text.value);
    this.#number = number;
    this.#write(this.#drafts.get(number) ?? "");
    this.#forgetPicture();
    this.#say(null);
  }

  /** On a touch screen the keyboard would slide over the conversation, so there the person asks for it. */
  offer() {
    if (!matchMedia("(pointer: coarse)").matches) this.focus();
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  /** Sends and answers whether it went; the reason of a failure is shown above the box. */
  async deliver(message) {
    this.#say(null);
    try {
      await this.#send(message);
      return true;
    } catch (error) {
      this.#say(error instanceof SimulatorAway ? AWAY : error.message);
      return false;
    }
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    const picture = this.#picture;
    const number = this.#number;
    if (text === "" && picture === null) return;
    this.#write("");
    this.#forgetPicture();
    if (await this.deliver(messageOf(text, picture))) return;
    this.#giveBack(number, text, picture);
  }

  #giveBack(number, text, picture) {
    if (number !== this.#number) {
      this.#drafts.set(number, text);
      return;
    }
    this.#write(this.#text.value === "" ? text : `${text}\n${this.#text.value}`);
    if (picture !== null && this.#picture === null) this.#showPicture(picture);
  }

  #sendOnEnter(event, form) {
    if (event.key === "Escape" && this.#picture !== null) this.#dropPicture();
    // While an input method composes a word, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  }

  #pastePicture(event) {
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    this.#takePicture(file);
  }

  async #takePicture(file) {
    this.#file.value = ""; // or choosing the same file again would not be noticed
    if (!file) return;
    if (!file.type.startsWith("image/")) return this.#say("That file is not a picture. Choose a JPEG or PNG.");
    if (file.size > PICTURE_LIMIT_BYTES) return this.#say("That picture is over 5 MB. Choose a smaller one.");
    this.#say(null);
    this.#showPicture({ dataUrl: await readDataUrl(file), mimeType: file.type, name: file.name });
  }

  #showPicture(picture) {
    this.#picture = picture;
    this.#preview.src = picture.dataUrl;
    document.getElementById("picture-name").textContent = picture.name;
    this.#tray.hidden = false;
    this.#text.placeholder = "Add a caption";
    this.focus();
  }

  #dropPicture() {
    this.#forgetPicture();
    this.focus();
  }

  #forgetPicture() {
    this.#picture = null;
    this.#tray.hidden = true;
    this.#preview.removeAttribute("src");
    this.#text.placeholder = "Message";
  }

  #write(text) {
    this.#text.value = text;
    this.#fitBox();
  }

  #fitBox() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, TALLEST_BOX_PX)}px`;
  }

  #say(sentence) {
    this.#error.hidden = sentence === null;
    this.#error.textContent = sentence ?? "";
  }
}

function messageOf(text, picture) {
  if (picture === null) return { type: "text", text };
  const dataBase64 = picture.dataUrl.slice(picture.dataUrl.indexOf(",") + 1);
  return { type: "media", data_base64: dataBase64, mime_type: picture.mimeType, caption: text };
}

function readDataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

function wirePlace(deliver) {
  const dialog = document.getElementById("place");
  const error = document.getElementById("place-error");
  document.getElementById("place-pick").addEventListener("click", () => {
    error.textContent = "";
    dialog.showModal();
  });
  document.getElementById("place-cancel").addEventListener("click", () => dialog.close());
  document.getElementById("place-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const spot = readPlace();
    error.textContent = spot === null ? "Latitude is a number from −90 to 90, longitude from −180 to 180." : "";
    if (spot === null) return;
    dialog.close();
    await deliver(spot);
  });
}

function readPlace() {
  const latitude = readDegrees("latitude", 90);
  const longitude = readDegrees("longitude", 180);
  if (latitude === null || longitude === null) return null;
  return { type: "location", latitude, longitude, name: document.getElementById("place-name").value.trim() };
}

/** Both 48.1421 and 48,1421 are ways to write it. */
function readDegrees(id, most) {
  const written = document.getElementById(id).value.trim().replace(",", ".").replace("−", "-");
  const degrees = Number(written);
  return written === "" || Number.isNaN(degrees) || Math.abs(degrees) > most ? null : degrees;
}
