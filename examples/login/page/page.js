// The page: who its WAMP session is, and what that may call.

import { Wamp } from "./wamp.js";

const [status, name, role, login, error, logout, notices] =
  ["status", "name", "role", "login", "error", "logout", "notices"].map((id) => document.getElementById(id));
const table = document.querySelector("table");

// What each role may do, for the eye. It is the server that decides.
const PROCEDURES = [
  { procedure: "board.read", anonymous: "yes", user: "yes", admin: "yes", show: (it) => `${it.length} on the board` },
  { procedure: "board.post", anonymous: "no", user: "yes", admin: "yes", args: ["Hello from this page"] },
  { procedure: "board.clear", anonymous: "no", user: "no", admin: "yes" },
  { procedure: "users.alice.profile", anonymous: "no", user: "own", admin: "yes" },
  { procedure: "users.grace.profile", anonymous: "no", user: "own", admin: "yes" },
];
const SHOWN = { yes: "✓", no: "–", own: "✓ own" };

const rows = PROCEDURES.map((row) => {
  const tr = table.tBodies[0].insertRow();
  const code = document.createElement("code");
  code.textContent = row.procedure;
  tr.insertCell().append(code);
  for (const role of ["anonymous", "user", "admin"]) {
    const cell = tr.insertCell();
    cell.textContent = SHOWN[row[role]];
    cell.className = `may ${role} ${row[role] === "no" ? "" : "yes"}`;
  }
  const button = document.createElement("button");
  button.textContent = "Call";
  button.setAttribute("aria-label", `Call ${row.procedure}`);
  tr.insertCell().append(button);
  const answer = tr.insertCell();
  answer.className = "answer";
  answer.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => call(row, answer));
  return { button, answer };
});

async function call({ procedure, args, show = summary }, answer) {
  try {
    const { args: [result] } = await wamp.call(procedure, args);
    tell(answer, "allowed", show(result));
  } catch (error) {
    tell(answer, "refused", error.uri ?? error.message);
  }
}

const summary = (result) =>
  result === undefined ? "done" : Object.entries(result).map(([key, value]) => `${key}: ${value}`).join(", ");

function tell(answer, kind, text) {
  answer.dataset.kind = kind;
  answer.textContent = text;
}

const url = new URL("ws", location.href);
url.protocol = url.protocol.replace("http", "ws");
const wamp = new Wamp(url, "site", (state, reason, seconds) => {
  status.dataset.state = state;
  status.textContent = {
    connecting: "Connecting…",
    open: "Connected",
    closed: `Not connected${reason ? ` (${reason})` : ""}, next attempt in ${Math.ceil(seconds)} s`,
  }[state];
  for (const { button, answer } of rows) {
    button.disabled = state !== "open";
    if (state === "open") tell(answer, "", "");
  }
  if (state === "open") showWho(wamp.details);
});

/** Who the session is: WELCOME tells it. */
function showWho({ authid, authrole, authmethod }) {
  const isStranger = authmethod === "anonymous";
  name.textContent = isStranger ? "A stranger" : authid;
  role.textContent = authrole;
  role.hidden = false;
  table.dataset.role = authrole;
  login.hidden = !isStranger;
  logout.hidden = isStranger;
}

wamp.subscribe("board.notices", {
  event: ({ args: [all] }) => notices.replaceChildren(...all.map(({ author, text }) => {
    const item = document.createElement("li");
    const by = document.createElement("b");
    by.textContent = author;
    item.append(by, `: ${text}`);
    return item;
  })),
});

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const response = await post("login", Object.fromEntries(new FormData(login)));
  if (!response?.ok) {
    error.textContent = response?.status === 401 ? "The name or the password is wrong." : "The server cannot log you in now.";
    return login.password.select();
  }
  login.reset();
  // The cookie is another one now, and with it the next session.
  wamp.rejoin();
});

logout.addEventListener("click", async () => {
  await post("logout");
  wamp.rejoin();
});

/** JSON, which a form of another site cannot send. */
const post = (path, body = {}) =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }).catch(() => null);
