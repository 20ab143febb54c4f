"""Certificates that a drill makes for itself: an authority's, and good and bad ones for a host. X.509 (RFC 5280) through `cryptography`.

Knows names and dates; refuses to know who listens. A private key is only ever in memory.
"""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, GeneralName, KeyUsage, Name

DAY = timedelta(days=1)
EARLIER = timedelta(hours=1)
"""A good certificate begins in the past, for clients whose clocks are behind ours."""

OTHER_HOST = "another-host.invalid"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its private key."""

    certificate: "Certificate"
    key: "EllipticCurvePrivateKey"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority that this process made, and whose key ends with it."""

    own: Issued

    @classmethod
    def made(cls, name: str) -> "Issuer":
        return cls(_issued(_named(name), None, datetime.now(UTC) - EARLIER, DAY, None))

    def issue(self, host: str, begins: datetime, lasts: timedelta = DAY) -> Issued:
        """A server's certificate for `host`, a name or an IP address."""
        return _issued(_named(host), self.own, begins, lasts, host)

    @property
    def pem(self) -> bytes:
        """Its certificate, for whoever is to trust it."""
        return _pem(self.own.certificate)


def good(issuer: Issuer, host: str) -> Issued:
    return issuer.issue(host, datetime.now(UTC) - EARLIER)


BAD: Mapping[str, Callable[[Issuer, str], Issued]] = {
    "expired": lambda issuer, host: issuer.issue(host, datetime.now(UTC) - 2 * DAY),
    "not-yet-valid": lambda issuer, host: issuer.issue(host, datetime.now(UTC) + DAY),
    "other-host": lambda issuer, host: good(issuer, OTHER_HOST),
    "unknown-issuer": lambda issuer, host: good(Issuer.made("an authority that nobody trusts"), host),
}
"""Each way in which a certificate can be bad, and in no other."""


def context(issued: Issued) -> ssl.SSLContext:
    """A server's context. OpenSSL wants a file, so the key is in one of memory, which no other process can find by a name."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    memory = os.memfd_create("certificate")
    try:
        os.write(memory, _pem(issued.certificate) + _key_pem(issued.key))
        made.load_cert_chain(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)
    return made


def _issued(subject: "Name", by: Issued | None, begins: datetime, lasts: timedelta, host: str | None) -> Issued:
    """`by` None signs itself; `host` None is an authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    signer = by.key if by is not None else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(authority=host is None), critical=True)
    )
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), key)


def _usage(authority: bool) -> "KeyUsage":
    from cryptography.x509 import KeyUsage

    return KeyUsage(
        digital_signature=True, key_cert_sign=authority, crl_sign=authority, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _named(name: str) -> "Name":
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])


def _alternative(host: str) -> "GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: "Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
