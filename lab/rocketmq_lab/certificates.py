"""The lab's certificate authority: one for everything, keys on P-256, valid for ten years or until `down`."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = datetime.timedelta(days=3650)


@dataclass(frozen=True)
class Identity:
    """Who a certificate speaks for: user `name` in `groups`; a server also answers to `hosts` (names, addresses)."""

    name: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as PEM files; the key's has mode 0600."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates into one folder; what is there already is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.pair = self._paths("ca")
        if not self.pair.certificate.exists():
            self._found()
        self._certificate = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        self._key = _load_key(self.pair.key)

    def issue(self, file: str, identity: Identity) -> Pair:
        """Certificate and key named `file`, for client and (where it has hosts) server use."""
        pair = self._paths(file)
        if not pair.certificate.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _leaf(identity, key, self._certificate).sign(self._key, hashes.SHA256())
            _store(pair, key, certificate)
        return pair

    def signing_key(self, file: str) -> Pair:
        """A bare key pair (public key in the certificate's place), to sign service-account tokens."""
        pair = self._paths(file)
        if not pair.certificate.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            public = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            write_private(pair.key, _key_bytes(key))
            pair.certificate.write_bytes(public)
        return pair

    def _paths(self, file: str) -> Pair:
        return Pair(self._folder / f"{file}.crt", self._folder / f"{file}.key")

    def _found(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rocketmq-lab")])
        builder = _builder(name, name, key).add_extension(x509.BasicConstraints(True, None), critical=True)
        _store(self.pair, key, builder.sign(key, hashes.SHA256()))


def _leaf(identity: Identity, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate) -> x509.CertificateBuilder:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
    subject = x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, identity.name)])
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = _builder(subject, issuer.subject, key)
    if identity.hosts:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        hosts = x509.SubjectAlternativeName([_general_name(host) for host in identity.hosts])
        builder = builder.add_extension(hosts, critical=False)
    return builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _store(pair: Pair, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    """The certificate last: where it exists, its key does too."""
    write_private(pair.key, _key_bytes(key))
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """SEC1, the form that Kubernetes' reader of service-account keys takes."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no EC key")
    return key


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; it is there whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(data)
    fresh.replace(path)
