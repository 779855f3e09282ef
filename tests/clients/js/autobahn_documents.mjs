// autobahn-js against `documents`, as any program that knows only its procedures: node autobahn_documents.mjs URL

import { deepStrictEqual as equal, ok } from "node:assert";
import { check, finish } from "./lib/check.mjs";
import { invalidArgument, join, refused, subscribe } from "./lib/autobahn.mjs";

const url = process.argv[2];
const { session } = await join(url);
const { session: other } = await join(url, "another.name.of.the.realm");
const call = (procedure, args, kwargs) => session.call(`myapp:${procedure}`, args, kwargs);

await check("getDoc by position and by either keyword", async () => {
  const { status, document } = (await call("getDoc", ["d1"])).kwargs;
  equal([status, document.id, document.title], ["SUCCESS", "d1", "Welcome"]);
  equal((await call("getDoc", [], { documentId: "d1" })).kwargs.document, document);
  equal((await call("getDoc", [], { document_id: "d1" })).kwargs.document, document);
});
await check("getDoc of none", async () => {
  const error = await refused(call("getDoc", ["none"]), "myapp.error.not_found");
  equal(error.kwargs, { document_id: "none" });
  ok(error.args[0].includes("none"));
  await invalidArgument(call("getDoc"), "document_id", "missing");
});
await check("listDocs", async () => {
  const documents = await call("listDocs");
  equal(documents.map((it) => it.title), ["Welcome", "Shopping list", "Haiku"]);
  ok(documents.every((it) => it.id && it.revision >= 1 && !("text" in it)));
});
await check("newDoc, editDoc, delDoc", async () => {
  const made = await call("newDoc", ["A title"], { text: "ein Wörtchen 👋" });
  equal([made.title, made.text, made.revision], ["A title", "ein Wörtchen 👋", 1]);
  const edited = await call("editDoc", [made.id], { text: "other", revision: 1 });
  equal([edited.title, edited.text, edited.revision], ["A title", "other", 2]);
  equal((await refused(call("editDoc", [made.id], { text: "late", revision: 1 }), "myapp.error.conflict")).kwargs, { revision: 2 });
  equal((await call("delDoc", [made.id])) ?? null, null);
  await refused(call("getDoc", [made.id]), "myapp.error.not_found");
});
await check("a title is checked", () => refused(call("newDoc", [" "]), "myapp.error.invalid_title"));
await check("changes of a document: the state at once, then each change, then null", async () => {
  const { id } = await call("newDoc", ["Seen by two"]);
  const { inbox } = await subscribe(other, `docs.${id}.changed`);
  const next = async () => (await inbox.next()).args[0];
  equal((await next()).title, "Seen by two");
  await call("editDoc", [id], { text: "changed" });
  equal((await next()).text, "changed");
  await call("delDoc", [id]);
  equal(await next(), null);
});
await check("changes of the list", async () => {
  const { inbox } = await subscribe(other, "docs.changed");
  const { id } = await call("newDoc", ["In the list"]);
  equal((await inbox.next()).args, [{ id, title: "In the list", revision: 1, deleted: false }]);
  await call("delDoc", [id]);
  equal((await inbox.next()).args, [{ id, title: "In the list", revision: 2, deleted: true }]);
});
await check("what may not be subscribed to or published", async () => {
  await refused(session.subscribe("docs.none.changed", () => {}), "myapp.error.not_found");
  await refused(session.subscribe("docs", () => {}), "wamp.error.not_authorized");
  await refused(session.publish("docs.changed", ["forged"], {}, { acknowledge: true }), "wamp.error.not_authorized");
});
await check("a change over HTTP is an event", async () => {
  const { inbox } = await subscribe(other, "docs.d3.changed");
  await inbox.next();
  const address = new URL("/documents/d3", url.replace("ws:", "http:"));
  equal((await fetch(address, { method: "PUT", body: "by HTTP" })).status, 200);
  equal((await inbox.next()).args[0].text, "by HTTP");
  equal((await (await fetch(address)).json()).text, "by HTTP");
});
finish();
