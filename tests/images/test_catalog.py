"""The images there are, and that each is built from one state of its inputs."""

import re
from pathlib import Path

from images.builder.__main__ import main
from images.builder.build import archive_of
from images.builder.catalog import DEFAULT_ROCKETMQ, all_images, operator, rocketmq
from images.builder.places import REPOSITORY

FULL_NAME = re.compile(r"docker\.io/[a-z-]+/[a-z-]+:[0-9.]+")


def test_names_are_as_containerd_wants_them() -> None:
    images = all_images()
    assert all(FULL_NAME.fullmatch(image.reference) for image in images.values())
    assert len({image.reference for image in images.values()}) == len(images)


def test_the_demo_needs_two_images() -> None:
    needed = {image.name for image in all_images().values() if image.by_default}
    assert needed == {f"rocketmq-{DEFAULT_ROCKETMQ}", "operator"}


def test_what_differs_has_another_key() -> None:
    keys = [image.key() for image in all_images().values()]
    assert len(set(keys)) == len(keys)


def test_a_frozen_image_has_the_same_key_and_no_path_in_the_repository(tmp_path: Path) -> None:
    for image in (operator(), rocketmq(DEFAULT_ROCKETMQ)):
        frozen = image.frozen(tmp_path / image.name)
        assert frozen.key() == image.key()
        assert archive_of(frozen) == archive_of(image)
        for path in (frozen.dockerfile, frozen.context, *frozen.depends_on):
            assert path.is_relative_to(tmp_path)
            assert path.exists()


def test_an_edit_after_freezing_changes_nothing(tmp_path: Path) -> None:
    once = rocketmq(DEFAULT_ROCKETMQ).frozen(tmp_path / "once")
    again = once.frozen(tmp_path / "again")
    (once.context / "conf" / "broker.conf").write_text("edited=true\n")
    assert once.key() != again.key()
    assert "edited" not in (again.context / "conf" / "broker.conf").read_text()


def test_an_unknown_image_is_refused_by_name() -> None:
    assert main(["paths", "rocketmq-0.0.1"]) == 1


def locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", path.read_text(), re.MULTILINE))


def test_the_image_has_the_very_packages_that_the_tests_run_with() -> None:
    everything = locked(REPOSITORY / "requirements.lock")
    runtime = locked(REPOSITORY / "images" / "operator" / "requirements.lock")
    assert runtime
    assert {name: everything.get(name) for name in runtime} == runtime
    assert "pytest" not in runtime
