"""autobahn-python logs in to the realms of `testbed`: python autobahn_logins.py URL"""

from autobahn.wamp.auth import AuthCryptoSign, AuthScram, AuthTicket, AuthWampCra
from autobahn.wamp.exception import ApplicationError

from check import check, equal, join, main, refused
from scram import AuthWampScram

DENIED = "wamp.error.authentication_denied"
JOES_SEED = bytes(range(32)).hex()


def by_ticket(authid, ticket):
    return AuthTicket(authid=authid, ticket=ticket)


def by_cra(authid, secret):
    return AuthWampCra(authid=authid, secret=secret)


def by_key(authid, seed):
    return AuthCryptoSign(authid=authid, privkey=seed)


def by_scram(authid, password):
    return AuthScram(authid=authid, password=password)


async def joins(url, realm, authenticator):
    """The session must be this user's, for the client and for the handlers."""
    session = await join(url, realm, authenticator)
    expected = (authenticator._args["authid"], "user", authenticator.name, realm)
    me = session.welcome
    equal((me.authid, me.authrole, me.authmethod, me.realm), expected)
    equal(me.authprovider, "static")
    who = (await session.call("testbed.whoami")).kwresults
    equal((who["authid"], who["authrole"], who["authmethod"], who["realm"]), expected)
    equal(await session.call("testbed.secret"), "42")
    session.leave()
    await session.left


async def aborted(url, realm, authenticator):
    """The reason and the message of ABORT."""
    try:
        await join(url, realm, authenticator)
    except ApplicationError as error:
        return error.error, error.args
    raise AssertionError("joined")


async def are_denied_alike(url, realm, wrong, unknown):
    """Somebody unknown is told word by word what a wrong secret is told (A-06)."""
    denied = await aborted(url, realm, wrong)
    equal(denied[0], DENIED)
    equal(await aborted(url, realm, unknown), denied)


@check
async def a_ticket(session, url):
    await joins(url, "testbed.ticket", by_ticket("joe", "secret!!!"))


@check
async def a_wrong_ticket_and_an_unknown_user(session, url):
    await are_denied_alike(url, "testbed.ticket", by_ticket("joe", "secret!!"), by_ticket("nobody", "secret!!!"))


@check
async def wamp_cra(session, url):
    await joins(url, "testbed.cra", by_cra("joe", "secret2"))


@check
async def wamp_cra_with_a_salt(session, url):
    await joins(url, "testbed.cra", by_cra("salted", "secret3"))


@check
async def a_wrong_secret_and_an_unknown_user(session, url):
    await are_denied_alike(url, "testbed.cra", by_cra("joe", "secret3"), by_cra("nobody", "secret2"))
    await are_denied_alike(url, "testbed.cra", by_cra("salted", "secret2"), by_cra("nobody", "secret3"))


@check
async def cryptosign(session, url):
    await joins(url, "testbed.cryptosign", by_key("joe", JOES_SEED))


@check
async def a_wrong_key_and_an_unknown_user(session, url):
    await are_denied_alike(url, "testbed.cryptosign", by_key("joe", "ff" * 32), by_key("nobody", JOES_SEED))


@check
async def scram_in_autobahns_dialect(session, url):
    await joins(url, "testbed.scram", by_scram("argon", "pencil"))


@check
async def a_wrong_password_in_autobahns_dialect(session, url):
    equal((await aborted(url, "testbed.scram", by_scram("argon", "pencils")))[0], DENIED)


@check
async def scram_as_specified_with_pbkdf2(session, url):
    await joins(url, "testbed.scram", AuthWampScram("joe", "pencil"))


@check
async def scram_as_specified_with_argon2id13(session, url):
    await joins(url, "testbed.scram", AuthWampScram("argon", "pencil"))


@check
async def a_wrong_password_and_an_unknown_user(session, url):
    await are_denied_alike(url, "testbed.scram", AuthWampScram("joe", "pen"), AuthWampScram("nobody", "pencil"))
    await are_denied_alike(url, "testbed.scram", AuthWampScram("argon", "pen"), AuthWampScram("nobody", "pencil"))


@check
async def strangers_may_not_call_what_is_for_users(session, url):
    await refused(session.call("testbed.secret"), "wamp.error.not_authorized")


main()
