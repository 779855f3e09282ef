"""autobahn-python against `testbed`, the meta API and what is kept of events: `python autobahn_meta.py URL`"""

from autobahn.wamp.types import PublishOptions, RegisterOptions

from check import check, equal, join, main, refused

NO_SUCH_SESSION = "wamp.error.no_such_session"
ACKNOWLEDGED = PublishOptions(acknowledge=True)


@check
async def sessions_are_counted_listed_and_described(session, url):
    other = await join(url, "router")
    ids = await other.call("wamp.session.list")
    assert other._session_id in ids, ids
    assert await other.call("wamp.session.count") >= 1
    details = await other.call("wamp.session.get", other._session_id)
    equal((details["session"], details["authrole"]), (other._session_id, "anonymous"))
    await refused(other.call("wamp.session.get", 1), NO_SUCH_SESSION)
    other.leave()


@check
async def joining_and_leaving_are_told(session, url):
    watcher = await join(url, "router")
    joined, _ = await watcher.inbox("wamp.session.on_join")
    left, _ = await watcher.inbox("wamp.session.on_leave")
    other = await join(url, "router")
    (details,), _, _ = await joined.get()
    equal(details["session"], other._session_id)
    other.leave()
    args, _, _ = await left.get()
    equal((args[0], args[2]), (details["session"], "anonymous"))
    watcher.leave()


@check
async def registrations_are_looked_up_and_told(session, url):
    watcher, callee = await join(url, "router"), await join(url, "router")
    created, _ = await watcher.inbox("wamp.registration.on_create")
    registration = await callee.register(lambda: None, "com.py.", options=RegisterOptions(match="prefix"))
    args, _, _ = await created.get()
    equal((args[0], args[1]["uri"], args[1]["match"]), (callee._session_id, "com.py.", "prefix"))
    equal(await watcher.call("wamp.registration.match", "com.py.x"), registration.id)
    equal(await watcher.call("wamp.registration.lookup", "com.py.", {"match": "prefix"}), registration.id)
    equal(await watcher.call("wamp.registration.lookup", "com.py.x"), None)
    equal(await watcher.call("wamp.registration.list_callees", registration.id), [callee._session_id])
    callee.leave()
    watcher.leave()


@check
async def subscriptions_are_described_and_counted(session, url):
    other = await join(url, "router")
    _, subscription = await other.inbox("com.py.topic")
    details = await other.call("wamp.subscription.get", subscription.id)
    equal((details["uri"], details["match"]), ("com.py.topic", "exact"))
    equal(await other.call("wamp.subscription.count_subscribers", subscription.id), 1)
    equal(await other.call("wamp.subscription.match", "com.py.topic"), [subscription.id])
    other.leave()


@check
async def the_history_of_a_topic_is_kept(session, url):
    other = await join(url, "router")
    _, subscription = await other.inbox("history.demo")
    published = [await other.publish("history.demo", number, options=ACKNOWLEDGED) for number in range(3)]
    events = await other.call("wamp.subscription.get_events", subscription.id, reverse=True, limit=3)
    # Several positional results come as one object.
    kept = [(event["publication"], event["args"]) for event in events.results]
    equal(kept, [(published[number].id, [number]) for number in (2, 1, 0)])
    other.leave()


@check
async def a_session_is_killed(session, url):
    killer, victim = await join(url, "router"), await join(url, "router")
    await killer.call("wamp.session.kill", victim._session_id, reason="com.py.enough", message="bye")
    details = await victim.left
    equal((details.reason, details.message), ("com.py.enough", "bye"))
    await refused(killer.call("wamp.session.kill", killer._session_id), NO_SUCH_SESSION)
    await refused(session.call("wamp.session.kill", killer._session_id), "wamp.error.not_authorized")
    killer.leave()


main()
