"""TLS before servers that were built without it: a certificate, and a proxy that speaks it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL's protocol, 54.7: SSLRequest
Connect = Callable[[], socket.socket]


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for HOST that signs itself, and its key, as two PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / f"{name}.pem", folder / f"{name}.key"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return shown, secret


class TlsProxy:
    """Ends TLS and passes everything on. `asks_first` is PostgreSQL's way to begin it."""

    def __init__(
        self, certificate: Path, key: Path, connect: Connect, *, asks_first: bool = False
    ) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.connect, self.asks_first = connect, asks_first
        self.accepted = 0  # connections whose TLS stood
        self.listener = socket.create_server((HOST, 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def stop(self) -> None:
        self.listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self.asks_first:
                if client.recv(8) != SSL_REQUEST:
                    return  # somebody without TLS
                client.sendall(b"S")
            with self.context.wrap_socket(client, server_side=True) as safe, self.connect() as to:
                self.accepted += 1
                back = threading.Thread(target=_copy, args=(to, safe), daemon=True)
                back.start()
                _copy(safe, to)
                back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
