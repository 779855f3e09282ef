"""autobahn-python against `documents`, as any program that knows only its procedures: python autobahn_documents.py URL"""

from autobahn.wamp.types import PublishOptions

from check import check, equal, invalid_argument, join, main, refused


@check
async def get_doc(session, url):
    found = (await session.call("myapp:getDoc", "d1")).kwresults
    equal((found["status"], found["document"]["id"]), ("SUCCESS", "d1"))
    equal((await session.call("myapp:getDoc", documentId="d1")).kwresults, found)
    equal((await session.call("myapp:getDoc", document_id="d1")).kwresults, found)
    equal((await refused(session.call("myapp:getDoc", "none"), "myapp.error.not_found")).kwargs, {"document_id": "none"})
    await invalid_argument(session.call("myapp:getDoc"), "document_id", "missing")


@check
async def list_docs(session, url):
    equal([it["title"] for it in await session.call("myapp:listDocs")], ["Welcome", "Shopping list", "Haiku"])


@check
async def new_edit_delete(session, url):
    made = await session.call("myapp:newDoc", "A title", text="ein Wörtchen 👋")
    equal((made["title"], made["text"], made["revision"]), ("A title", "ein Wörtchen 👋", 1))
    edited = await session.call("myapp:editDoc", made["id"], text="other", revision=1)
    equal((edited["title"], edited["text"], edited["revision"]), ("A title", "other", 2))
    late = session.call("myapp:editDoc", made["id"], text="late", revision=1)
    equal((await refused(late, "myapp.error.conflict")).kwargs, {"revision": 2})
    equal(await session.call("myapp:delDoc", made["id"]), None)
    await refused(session.call("myapp:getDoc", made["id"]), "myapp.error.not_found")


@check
async def changes_of_a_document(session, url):
    other = await join(url)
    document = await session.call("myapp:newDoc", "Seen by two")
    queue, _ = await other.inbox(f"docs.{document['id']}.changed")
    equal((await queue.get())[0][0]["title"], "Seen by two")
    await session.call("myapp:editDoc", document["id"], text="changed")
    equal((await queue.get())[0][0]["text"], "changed")
    await session.call("myapp:delDoc", document["id"])
    equal((await queue.get())[0], (None,))


@check
async def what_is_refused(session, url):
    await refused(session.subscribe(lambda: None, "docs.none.changed"), "myapp.error.not_found")
    await refused(session.publish("docs.changed", options=PublishOptions(acknowledge=True)), "wamp.error.not_authorized")


main()
