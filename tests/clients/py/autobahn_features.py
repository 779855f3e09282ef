"""autobahn-python against `testbed`, the advanced features: `python autobahn_features.py URL`"""

import asyncio

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions, CallResult, PublishOptions, RegisterOptions, SubscribeOptions

from check import check, equal, join, main, refused, until

ENDLESS = 3_600_000
ACKNOWLEDGED = PublishOptions(acknowledge=True)


async def logged(session, before, outcome):
    """One more sleep has ended, so."""
    log = await until("sleep_log", lambda: session.call("testbed.sleep_log"), lambda log: len(log) > before)
    equal(log[before:], [outcome])


async def three(url):
    """Clients that call each other."""
    return await asyncio.gather(*(join(url, "router") for _ in range(3)))


async def leave(*sessions):
    for session in sessions:
        session.leave()


@check
async def progressive_results_come_in_order(session, url):
    left = []
    options = CallOptions(on_progress=left.append)
    equal(await session.call("testbed.countdown", 5, options=options), "liftoff")
    equal(left, [5, 4, 3, 2, 1])
    equal(await session.call("testbed.countdown", 5), "liftoff")
    equal(len(left), 5)


@check
async def cancelling_drops_the_handler_at_once(session, url):
    before = len(await session.call("testbed.sleep_log"))
    sleep = session.call("testbed.sleep", ENDLESS)
    await session.call("testbed.add", 1, 1)
    sleep.cancel()
    await logged(session, before, "dropped")
    equal(await session.call("testbed.add", 1, 1), 2)


@check
async def a_call_ends_with_its_timeout(session, url):
    before = len(await session.call("testbed.sleep_log"))
    timeout = CallOptions(timeout=50)  # sent as it is, so in milliseconds
    await refused(session.call("testbed.sleep", ENDLESS, options=timeout), "wamp.error.timeout")
    await logged(session, before, "dropped")


@check
async def sum_takes_a_plain_call_for_the_last_chunk(session, url):
    equal(await session.call("testbed.sum", 7), 7)


@check
async def pattern_subscriptions_tell_the_topic(session, url):
    other = await join(url)
    for pattern, match, topic in (
        ("testbed.open.py", "prefix", "testbed.open.python"),
        ("testbed.open..py", "wildcard", "testbed.open.x.py"),
    ):
        queue, subscription = await session.inbox(pattern, match)
        await other.publish("testbed.open.other", "not this", options=ACKNOWLEDGED)
        await other.publish(topic, "this", options=ACKNOWLEDGED)
        args, _, details = await queue.get()
        equal((args, details.topic), (("this",), topic))
        await subscription.unsubscribe()
    await refused(
        session.subscribe(lambda: None, "testbed.", options=SubscribeOptions(match="prefix")),
        "wamp.error.not_authorized",
    )
    await leave(other)


@check
async def a_client_that_comes_back_takes_its_procedure_over(session, url):
    old, back, caller = await three(url)
    await old.register(lambda: "old", "app.door")
    await refused(back.register(lambda: "back", "app.door"), "wamp.error.procedure_already_exists")
    registration = await back.register(lambda: "back", "app.door", options=RegisterOptions(force_reregister=True))
    equal(await caller.call("app.door"), "back")
    old.disconnect()
    equal(await caller.call("app.door"), "back")
    await registration.unregister()
    await leave(back, caller)


@check
async def register_call_unregister(session, url):
    callee, second, caller = await three(url)
    registration = await callee.register(lambda a, b, scale=1: (a + b) * scale, "app.add")
    equal(await caller.call("app.add", 2, 3), 5)
    equal(await caller.call("app.add", 2, 3, scale=10), 50)
    await refused(second.register(lambda: 0, "app.add"), "wamp.error.procedure_already_exists")
    await registration.unregister()
    await refused(caller.call("app.add", 2, 3), "wamp.error.no_such_procedure")
    await leave(callee, second, caller)


@check
async def results_and_errors_of_a_callee_arrive_as_it_made_them(session, url):
    callee, _, caller = sessions = await three(url)

    def fail():
        raise ApplicationError("app.error.failed", "as asked", code=7)

    await callee.register(lambda: CallResult(1, "two", three=3), "app.mixed")
    await callee.register(fail, "app.fail")
    result = await caller.call("app.mixed")
    equal((list(result.results), result.kwresults), ([1, "two"], {"three": 3}))
    error = await refused(caller.call("app.fail"), "app.error.failed")
    equal((error.args, error.kwargs), (("as asked",), {"code": 7}))
    await leave(*sessions)


@check
async def progressive_results_of_a_callee(session, url):
    callee, _, caller = sessions = await three(url)

    def count(n, details):
        for number in range(n):
            if details.progress:
                details.progress(number)
        return "done"

    await callee.register(count, "app.count", options=RegisterOptions(details=True))
    counted = []
    equal(await caller.call("app.count", 3, options=CallOptions(on_progress=counted.append)), "done")
    equal(counted, [0, 1, 2])
    equal(await caller.call("app.count", 3), "done")
    equal(len(counted), 3)
    await leave(*sessions)


@check
async def a_callee_is_interrupted_when_its_call_is_cancelled(session, url):
    callee, _, caller = sessions = await three(url)
    begun, ended = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def wait():
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set_result("interrupted")
            raise

    await callee.register(wait, "app.wait")
    call = caller.call("app.wait")
    await begun.wait()
    call.cancel()
    equal(await ended, "interrupted")
    equal(await caller.call("testbed.add", 1, 1), 2)
    await leave(*sessions)


@check
async def a_call_of_a_client_has_its_timeout_too(session, url):
    callee, _, caller = sessions = await three(url)
    await callee.register(asyncio.Event().wait, "app.slow")
    await refused(caller.call("app.slow", options=CallOptions(timeout=50)), "wamp.error.timeout")
    await leave(*sessions)


@check
async def a_shared_registration_takes_turns(session, url):
    callee, second, caller = sessions = await three(url)
    shared = RegisterOptions(invoke="roundrobin")
    registrations = [await it.register(lambda it=it: it.welcome.session, "app.turn", options=shared) for it in (callee, second)]
    equal(registrations[0].id, registrations[1].id)
    turns = [await caller.call("app.turn") for _ in range(4)]
    equal(turns, [it.welcome.session for it in (callee, second, callee, second)])
    await registrations[0].unregister()
    equal(await caller.call("app.turn"), second.welcome.session)
    await leave(*sessions)


@check
async def pattern_registrations_are_told_the_procedure(session, url):
    callee, _, caller = sessions = await three(url)
    for pattern, match in (("app.pet", "prefix"), ("app..dog.name", "wildcard")):
        options = RegisterOptions(match=match, details=True)
        await callee.register(lambda details, match=match: [match, details.procedure], pattern, options=options)
    equal(await caller.call("app.pet.cat"), ["prefix", "app.pet.cat"])
    equal(await caller.call("app.wild.dog.name"), ["wildcard", "app.wild.dog.name"])
    await leave(*sessions)


@check
async def a_callee_that_leaves_fails_its_calls(session, url):
    callee, _, caller = sessions = await three(url)
    begun = asyncio.Event()

    async def never():
        begun.set()
        await asyncio.Event().wait()

    await callee.register(never, "app.never")
    call = caller.call("app.never")
    await begun.wait()
    callee._transport.transport.abort()  # without GOODBYE, without a close frame
    await refused(call, "wamp.error.canceled")
    await refused(caller.call("app.never"), "wamp.error.no_such_procedure")
    await leave(*sessions[1:])


main()
