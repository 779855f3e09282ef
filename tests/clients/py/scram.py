"""SCRAM as the specification has it, for autobahn: its own `scram` is another dialect. By the formulas of RFC 5802, with the
key derivations of Python (PBKDF2) and of the reference implementation of Argon2."""

import asyncio
import base64
import hashlib
import hmac
import os

from argon2.low_level import Type, hash_secret_raw
from autobahn.wamp.interfaces import IAuthenticator
from autobahn.wamp.message import Authenticate


def digest(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def salted_password(password, extra):
    salt, iterations = base64.b64decode(extra["salt"], validate=True), extra["iterations"]
    if extra["kdf"] == "pbkdf2":
        return hashlib.pbkdf2_hmac("sha256", password, salt, iterations, 32)
    assert extra["kdf"] == "argon2id13", extra
    return hash_secret_raw(password, salt, iterations, extra["memory"], 1, 32, Type.ID, 0x13)


@IAuthenticator.register
class AuthWampScram:
    name = "wamp-scram"

    def __init__(self, authid, password):
        self._args = {"authid": authid}
        self.authid, self.password = authid, password.encode()
        self.authextra = {"nonce": base64.b64encode(os.urandom(16)).decode(), "channel_binding": None}

    def on_challenge(self, session, challenge):
        extra, ours = challenge.extra, self.authextra["nonce"]
        nonce = extra["nonce"]
        assert nonce.startswith(ours) and nonce != ours, extra
        self.salted = salted_password(self.password, extra)
        client_key = digest(self.salted, b"Client Key")
        first, challenged = f"n={self.authid},r={ours}", f"r={nonce},s={extra['salt']},i={extra['iterations']}"
        self.message = f"{first},{challenged},c=biws,r={nonce}".encode()
        signature = digest(hashlib.sha256(client_key).digest(), self.message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        answer = {"nonce": nonce, "channel_binding": None, "cbind_data": None}
        session._transport.send(Authenticate(base64.b64encode(proof).decode(), answer))
        # AUTHENTICATE is sent: autobahn's own would have no Extra, and waits for this.
        return asyncio.get_running_loop().create_future()

    def on_welcome(self, session, authextra):
        verifier = digest(digest(self.salted, b"Server Key"), self.message)
        if base64.b64decode(authextra["verifier"]) != verifier:
            return "the server does not know the password"
