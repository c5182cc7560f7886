"""The lab's certificate authority."""

import ipaddress
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rocketmq_lab.certificates import Authority, Identity, Pair


def read(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


def test_user_and_groups_stand_where_kubernetes_reads_them(authority: Authority) -> None:
    certificate = read(authority.issue("node1", Identity("system:node:node1", ("system:nodes",))))
    assert [a.value for a in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["system:node:node1"]
    assert [a.value for a in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:nodes"]


def test_certificates_are_signed_by_the_authority(authority: Authority) -> None:
    certificate = read(authority.issue("a", Identity("a")))
    certificate.verify_directly_issued_by(read(authority.pair))


def test_only_servers_may_serve_and_under_their_names_only(authority: Authority) -> None:
    server = read(authority.issue("server", Identity("server", hosts=("kubernetes", "10.0.0.1"))))
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kubernetes"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("10.0.0.1")]
    client = read(authority.issue("client", Identity("client")))
    usage = client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_keys_are_private(authority: Authority) -> None:
    pairs = [authority.pair, authority.issue("a", Identity("a")), authority.signing_key("sa")]
    assert [stat.S_IMODE(pair.key.stat().st_mode) for pair in pairs] == [0o600] * 3


def test_what_is_there_is_kept(authority: Authority, tmp_path: Path) -> None:
    first = authority.issue("a", Identity("a")).certificate.read_bytes()
    again = Authority(tmp_path / "certificates")
    assert again.issue("a", Identity("a")).certificate.read_bytes() == first
    read(again.issue("b", Identity("b"))).verify_directly_issued_by(read(authority.pair))


def test_service_account_keys_come_as_a_public_and_a_private_half(authority: Authority) -> None:
    pair = authority.signing_key("sa")
    assert b"EC PRIVATE KEY" in pair.key.read_bytes()
    load_pem_public_key(pair.certificate.read_bytes())
