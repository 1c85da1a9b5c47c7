"""A security key in software: it signs what a browser would hand to it."""

from __future__ import annotations

import json
import secrets
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from accounts.models import User

HOST = "testserver"
PRESENT = AuthenticatorData.FLAG.UP
VERIFIED = AuthenticatorData.FLAG.UV  # by a PIN or a finger, not by a touch alone


class SecurityKey:
    """A key that is registered as one of the user's second factors."""

    def __init__(self, user: User) -> None:
        self._user, self._id = user, secrets.token_bytes(16)
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self._private.public_key())  # type: ignore[no-untyped-call]
        data = AuthenticatorData.create(
            sha256(HOST.encode()),
            PRESENT | AuthenticatorData.FLAG.AT,
            0,
            AttestedCredentialData.create(Aaguid.NONE, self._id, public),
        )
        seen = self._seen_by_browser(CollectedClientData.TYPE.CREATE, secrets.token_bytes(16))
        made = AttestationObject.create("none", data, {})
        WebAuthn.add(
            user,
            "Key",
            self._answer(clientDataJSON=seen, attestationObject=made),
        )

    def sign(self, options: Any, *, verified: bool) -> str:
        """The answer to what a page asks of the browser, for the form's field `credential`."""
        challenge = options["publicKey"]["challenge"]
        raw = websafe_decode(challenge) if isinstance(challenge, str) else bytes(challenge)
        seen = self._seen_by_browser(CollectedClientData.TYPE.GET, raw)
        flags = PRESENT | VERIFIED if verified else PRESENT
        data = AuthenticatorData.create(sha256(HOST.encode()), flags, 1)
        signature = self._private.sign(data + sha256(seen), ec.ECDSA(hashes.SHA256()))
        handle = user_pk_to_url_str(self._user).encode()
        answer = self._answer(
            clientDataJSON=seen, authenticatorData=data, signature=signature, userHandle=handle
        )
        return json.dumps(answer)

    def _seen_by_browser(self, kind: str, challenge: bytes) -> bytes:
        return bytes(CollectedClientData.create(kind, challenge, f"https://{HOST}"))

    def _answer(self, **response: bytes) -> dict[str, Any]:
        name = websafe_encode(self._id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "clientExtensionResults": {},
            "authenticatorAttachment": "cross-platform",
            "response": {key: websafe_encode(value) for key, value in response.items()},
        }
