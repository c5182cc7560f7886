"""Image archives as the lab reads and writes them."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from rocketmq_lab import images, replicate
from rocketmq_lab.errors import LabError
from rocketmq_lab.layout import Layout


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1", "docker.io/library/busybox:1"),
        ("apache/rocketmq:5.4.0", "docker.io/apache/rocketmq:5.4.0"),
        ("localhost/x", "localhost/x:latest"),
        ("registry.example.org/a/b:1", "registry.example.org/a/b:1"),
        ("registry:5000/a", "registry:5000/a:latest"),
    ],
)
def test_names_are_spelt_as_containerd_spells_them(short: str, full: str) -> None:
    assert images.full_name(short) == full
    assert images.full_name(full) == full


def make_program(folder: Path) -> Path:
    program = folder / "pause"
    program.write_bytes(b"\x7fELF not really")
    return program


def test_a_program_image_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    for path in (one, two):
        images.write_program_archive(make_program(tmp_path), path, "docker.io/lab/pause:1")
    assert one.read_bytes() == two.read_bytes()
    archive = images.read_archive(one)[0]
    assert archive.names == ("docker.io/lab/pause:1",)
    with tarfile.open(one) as tar:
        entry = json.load(tar.extractfile("manifest.json") or io.BytesIO())[0]
        config = (tar.extractfile(entry["Config"]) or io.BytesIO()).read()
        layer = (tar.extractfile(entry["Layers"][0]) or io.BytesIO()).read()
    assert archive.config == f"sha256:{hashlib.sha256(config).hexdigest()}"
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        assert tar.getmember("pause").mode == 0o755


def write(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            images.add_file(tar, name, data)
    return path


def test_an_oci_archive_is_read(tmp_path: Path) -> None:
    manifest = json.dumps({"config": {"digest": "sha256:c0"}}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    entry = {"digest": f"sha256:{digest}", "annotations": {"org.opencontainers.image.ref.name": "x:1"}}
    files = {"index.json": json.dumps({"manifests": [entry]}).encode(), f"blobs/sha256/{digest}": manifest}
    path = write(tmp_path / "oci.tar", files)
    assert images.read_archive(path) == [images.Archive(path, ("docker.io/library/x:1",), "sha256:c0")]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"readme": b"hello"},
        {"manifest.json": b"not JSON"},
        {"manifest.json": b'[{"Config": "absent.json", "RepoTags": ["x:1"]}]'},
        {"manifest.json": b'[{"Config": "c.json", "RepoTags": null}]', "c.json": b"{}"},
        {"index.json": b'{"manifests": [{"digest": "sha256:absent"}]}'},
    ],
)
def test_what_is_no_image_is_refused_by_name(files: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "wrong.tar", files)
    with pytest.raises(LabError, match=r"wrong\.tar"):
        images.read_archive(path)


def test_a_file_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("hello")
    with pytest.raises(LabError, match="cannot be read"):
        images.read_archive(path)
    with pytest.raises(LabError, match="absent"):
        images.read_archive(tmp_path / "absent.tar")


def test_chain_ids_follow_the_image_specification() -> None:
    first, second, third = "sha256:aa", "sha256:bb", "sha256:cc"
    two = hashlib.sha256(f"{first} {second}".encode()).hexdigest()
    three = hashlib.sha256(f"sha256:{two} {third}".encode()).hexdigest()
    assert replicate.chain_ids([first, second, third]) == (first, f"sha256:{two}", f"sha256:{three}")


def test_layer_folders_are_read_from_both_kinds_of_mount() -> None:
    overlay = "mount -t overlay overlay / -o index=off,lowerdir=/s/3/fs:/s/2/fs:/s/1/fs\n"
    assert replicate.parse_lower_folders(overlay) == [Path("/s/1/fs"), Path("/s/2/fs"), Path("/s/3/fs")]
    assert replicate.parse_lower_folders("mount -t bind /s/1/fs / -o ro,rbind\n") == [Path("/s/1/fs")]


def test_an_image_is_described_from_the_content_store(tmp_path: Path) -> None:
    node = Layout("x", 211, tmp_path, tmp_path).node(1)

    def put(data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        images.blob(node, digest).parent.mkdir(parents=True, exist_ok=True)
        images.blob(node, digest).write_bytes(data)
        return digest

    config = put(json.dumps({"rootfs": {"diff_ids": ["sha256:aa"]}}).encode())
    layers = [{"digest": "sha256:aa", "size": 5}]
    manifest = put(json.dumps({"config": {"digest": config, "size": 9}, "layers": layers}).encode())
    image = replicate.read_image(node, "x:1", manifest)
    assert image.layers == (replicate.Blob("sha256:aa", 5),)
    assert image.chains == ("sha256:aa",)
    assert images.config_of(node, manifest) == config
    assert images.config_of(node, "sha256:absent") is None
    index = put(b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}')
    with pytest.raises(ValueError, match="single manifest"):
        replicate.read_image(node, "x:1", index)
