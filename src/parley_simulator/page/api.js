/** The page's one way to the simulator: its control API under /_sim/. */

const PATIENCE_MS = 8000;
const AWAY =
  "The simulator does not answer. Start it again in its terminal (parley simulator, same port); this page goes on by itself.";

/** No answer at all: nothing was refused, the simulator is just not there. */
export class SimulatorAway extends Error {}

/** The simulator answered, and said no. `message` is its own sentence. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export const fetchHandsets = async () => (await call("GET", "/_sim/handsets")).handsets ?? [];

/** Oldest first. A number that the simulator has not met yet has an empty thread. */
export async function fetchMessages(number) {
  try {
    return (await call("GET", messagesOf(number))).messages ?? [];
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return [];
    throw error;
  }
}

export const sendMessage = (number, message) => call("POST", messagesOf(number), message);

export const markRead = (number) => call("POST", `${handset(number)}/read`);

const handset = (number) => `/_sim/handsets/${encodeURIComponent(number)}`;
const messagesOf = (number) => `${handset(number)}/messages`;

async function call(method, path, body) {
  const response = await reach(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const answer = decode(await response.text());
  if (response.ok) return answer ?? {};
  throw new Refused(sentenceOf(answer, response.status), response.status);
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (cause) {
    throw new SimulatorAway(AWAY, { cause });
  }
}

function decode(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sentenceOf(answer, status) {
  const said = [answer?.error?.message, answer?.error, answer?.detail, answer?.details, answer?.message];
  const sentence = said.find((words) => typeof words === "string" && words !== "");
  return sentence ?? `The simulator answered with status ${status}; its terminal says why.`;
}
