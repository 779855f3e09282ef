// The page: a list of documents and an editor, both kept current by events.

import { Wamp } from "./wamp.js";

const [list, editor, title, text, message, status] =
  ["documents", "editor", "title", "text", "message", "status"].map((id) => document.getElementById(id));

const listed = new Map(); // id → { id, title, revision, deleted }: what the server has told
const drafts = new Map(); // id → { id, base, draft }: left with unsaved edits

// The document in the editor: `base` is the state that the edits began from, `saving` what is on its way to the server.
let open = null;
let lost = null; // the title and text of a deleted document, until they are restored or dismissed
let created = null; // the id of a document that is about to be opened for the first time

const url = new URL("ws", location.href);
url.protocol = url.protocol.replace("http", "ws");
const wamp = new Wamp(url, "documents", (state, reason, seconds) => {
  status.dataset.state = state;
  status.textContent = {
    connecting: "Connecting…",
    open: "Connected",
    closed: `Not connected${reason ? ` (${reason})` : ""}, next attempt in ${Math.ceil(seconds)} s`,
  }[state];
});

// --- the list

// Once it is subscribed, what the list misses arrives as an event.
wamp.subscribe("docs.changed", {
  event: ({ args: [change] }) => note(change) && showList(change.id),
  subscribed: reporting(loadList),
});

async function loadList() {
  listed.clear();
  const { args: [documents] } = await wamp.call("myapp:listDocs");
  documents.forEach(note);
  showList();
}

/** Keeps what is newer than what is known: an event may come before the answer that shows it, or after. */
function note(change) {
  const isNews = !(listed.get(change.id)?.revision >= change.revision);
  if (isNews) listed.set(change.id, change);
  return isNews;
}

function showList(arrived) {
  const focused = document.activeElement.closest("[data-id]")?.dataset.id;
  const current = [...listed.values()].filter((it) => !it.deleted);
  current.sort((a, b) => a.title.localeCompare(b.title) || a.id.localeCompare(b.id));
  list.replaceChildren(...current.map(listItem));
  const item = (id) => list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (focused) item(focused)?.firstChild.focus();
  if (arrived) item(arrived)?.classList.add("arrived");
}

function listItem({ id, title }) {
  const link = element("a", { href: `#${id}` }, element("span", { className: "title", textContent: title }));
  if (id === open?.id) link.setAttribute("aria-current", "page");
  if (id === open?.id ? isDirty() : drafts.has(id)) {
    link.append(element("span", { className: "mark", textContent: "unsaved" }));
  }
  const item = element("li", {}, link);
  item.dataset.id = id;
  return item;
}

// --- the editor

const fields = () => ({ title: title.value, text: text.value });
const same = (a, b) => a.title.trim() === b.title.trim() && a.text === b.text;
const isDirty = () => Boolean(open?.base) && !same(fields(), open.base);

function openDocument(id) {
  if (isDirty()) drafts.set(open.id, { id: open.id, base: open.base, draft: fields() });
  close();
  if (id) {
    const here = (open = drafts.get(id) ?? { id });
    drafts.delete(id);
    if (here.draft) setFields(here.draft);
    here.unsubscribe = wamp.subscribe(`docs.${id}.changed`, {
      event: ({ args: [state], details }) => arrived(state, details.retained),
      refused: (error) => deleted(error.message),
    });
  }
  hideNotice("notice");
  showEditor();
  say(isDirty() ? "Unsaved changes" : open ? "Loading…" : "");
}

function close() {
  open?.unsubscribe();
  open = null;
}

/** A state of the open document: what the subscription begins with, or a change. Null: it was deleted. */
function arrived(state, isSnapshot) {
  if (!state) return deleted(`“${open.base.title}” was deleted.`);
  // What a subscription begins with holds even if the server was started anew and counts from 1 again.
  if (!isSnapshot && open.base?.revision >= state.revision) return;
  if (!isDirty() || same(fields(), state)) return take(state);
  const isMine = [open.base, open.saving].some((it) => it && same(it, state));
  if (isMine) open.base = state;
  else conflict(state);
}

/** Shows a state in place of what the editor has. */
function take(state) {
  const isForeign = Boolean(open.base) && !same(fields(), state);
  const isFirst = !open.base;
  open.base = state;
  if (isFirst || isForeign) setFields(state);
  hideNotice("notice");
  showEditor();
  editor.classList.toggle("arrived", isForeign);
  say(isForeign ? `Revision ${state.revision}, changed elsewhere` : `Revision ${state.revision}`);
  if (created === state.id) title.select();
  created = null;
}

/** Somebody else was faster: what is in the editor stays until the person decides. */
function conflict(theirs) {
  const keepMine = () => {
    open.base = theirs; // saving replaces it
    hideNotice("notice");
    say("Unsaved changes, saving replaces the other version");
  };
  showNotice("notice",
    `This document was changed elsewhere: revision ${theirs.revision}. Your edits are still here, but not saved.`,
    { "take-theirs": ["Take theirs", () => take(theirs)], "keep-mine": ["Keep mine", keepMine] },
    element("details", {}, element("summary", { textContent: "Show theirs" }),
      element("pre", { textContent: `${theirs.title}\n\n${theirs.text}` })),
  );
}

/** The open document is not there (any more). What the editor had can become a new document. */
function deleted(what) {
  const content = (lost = open.base ? fields() : null);
  close();
  history.replaceState(null, "", location.pathname);
  const dismiss = () => { lost = null; hideNotice("lost"); };
  const restore = reporting(() => create(content).then(dismiss));
  showNotice("lost", what, { ...(lost && { restore: ["Restore", restore] }), dismiss: ["Dismiss", dismiss] });
  hideNotice("notice");
  showEditor();
  say("");
}

async function save() {
  if (!open?.base || open.saving) return;
  if (!isDirty()) return say(`Revision ${open.base.revision}, nothing to save`);
  const here = open;
  const { id, base } = here;
  here.saving = fields();
  const changes = Object.fromEntries(Object.entries(here.saving).filter(([name, value]) => value !== base[name]));
  try {
    const { args: [saved] } = await wamp.call("myapp:editDoc", [], { document_id: id, revision: base.revision, ...changes });
    if (here !== open) return;
    if (saved.revision >= open.base.revision) open.base = saved;
    hideNotice("notice");
    showEditor();
    say(isDirty() ? "Unsaved changes" : `Saved as revision ${saved.revision}`);
  } catch (error) {
    if (here === open) await notSaved(error);
  } finally {
    here.saving = null;
  }
}

async function notSaved(error) {
  say(`Not saved: ${error.message}`, "error");
  if (error.uri !== "myapp.error.conflict") return;
  const here = open;
  const { kwargs } = await wamp.call("myapp:getDoc", [here.id]);
  if (here === open) conflict(kwargs.document);
}

async function create(content) {
  const { args: [{ id }] } = await wamp.call("myapp:newDoc", [], content);
  location.hash = created = id;
}

/** The action, with what goes wrong told to the person. */
function reporting(action) {
  return () => action().catch((error) => say(error.message, "error"));
}

// --- what is shown

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function setFields(state) {
  title.value = state.title;
  text.value = state.text;
}

function showEditor() {
  editor.hidden = !open?.base;
  document.getElementById("empty").hidden = Boolean(open);
  document.title = open?.base ? `${open.base.title} – Documents` : "Documents";
  showList();
}

function say(what, kind = "") {
  message.textContent = what;
  message.dataset.kind = kind;
}

/** `id`: "notice" about the open document, "lost" about a deleted one; `actions`: name → [label, what it does]. */
function showNotice(id, what, actions, details = "") {
  const buttons = Object.entries(actions).map(([name, [label, onclick]]) => {
    const button = element("button", { type: "button", textContent: label, onclick });
    button.dataset.action = name;
    return button;
  });
  const notice = document.getElementById(id);
  notice.replaceChildren(element("p", { textContent: what }), details, element("div", { className: "actions" }, ...buttons));
  notice.hidden = false;
}

function hideNotice(id) {
  document.getElementById(id).hidden = true;
}

editor.addEventListener("input", () => {
  editor.classList.remove("arrived");
  say(isDirty() ? "Unsaved changes" : `Revision ${open.base.revision}`);
  showList();
});
editor.addEventListener("submit", (event) => {
  event.preventDefault();
  reporting(save)();
});
document.getElementById("new").onclick = reporting(() => create({ title: "Untitled" }));
// The event that tells everybody of the deletion tells this page too.
document.getElementById("delete").onclick = reporting(() => wamp.call("myapp:delDoc", [open.id]));

addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (!editor.hidden) editor.requestSubmit();
});
addEventListener("beforeunload", (event) => {
  if (isDirty() || drafts.size || lost) event.preventDefault();
});
const openFromAddress = () => openDocument(decodeURIComponent(location.hash.slice(1)));
addEventListener("hashchange", openFromAddress);
openFromAddress();
