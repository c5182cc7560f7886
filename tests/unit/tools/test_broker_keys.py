"""Settings by when a broker reads them."""

import struct
import zipfile
from pathlib import Path

import msgspec
import pytest
from tools.broker_keys.__main__ import as_json, as_text
from tools.broker_keys.classes import Setting, Use, classed, is_start, settings
from tools.broker_keys.classfile import Call, ClassFile, instructions

from .jclass import ClassWriter

CONFIG, STORE = "org/apache/rocketmq/common/BrokerConfig", "org/apache/rocketmq/store/config/MessageStoreConfig"


def config(name: str, **setters: str) -> bytes:
    writer = ClassWriter(name)
    for setter, kind in setters.items():
        writer.method(setter, descriptor=f"({kind})V")
    return writer.write()


def reader(name: str, **methods: str) -> bytes:
    """A class whose methods call one getter of BrokerConfig each."""
    writer = ClassWriter(name)
    for method, getter in methods.items():
        writer.method(method.replace("init_", "<init>"), [writer.call(CONFIG, getter)])
    return writer.write()


def uses(*classes: bytes) -> dict[str, Use]:
    return {each.key: each.use for each in classed(map(ClassFile, classes))}


def test_a_setting_is_classed_by_who_reads_it() -> None:
    found = uses(
        config(CONFIG, setA="I", setB="Z", setC="J", setD="Ljava/lang/String;"),
        reader("p/Controller", init_="getA", startBasicService="isB", process="getC"),
        reader("p/Processor", processRequest="isB", initialize="getE"),
    )
    assert found == {"a": Use.START, "b": Use.MIXED, "c": Use.LIVE, "d": Use.UNREAD}


def test_only_what_has_a_setter_of_a_plain_type_is_a_setting() -> None:
    assert uses(config(CONFIG, setA="I", setB="[I", setC="Lp/Role;", with_="I")) == {"a": Use.UNREAD}


def test_settings_of_the_parent_count_and_getters_of_others_do_not() -> None:
    writer = ClassWriter("p/R")
    writer.method("run", [writer.call("org/apache/rocketmq/common/BrokerIdentity", "getName")])
    found = uses(config("org/apache/rocketmq/common/BrokerIdentity", setName="Ljava/lang/String;"), writer.write())
    assert found == {"name": Use.UNREAD}


def test_a_method_reference_is_a_call() -> None:
    writer = ClassWriter("p/R")
    writer.method("watch", [writer.reference(STORE, "getA")])
    (call,) = ClassFile(writer.write()).calls()
    assert call == Call("watch", STORE, "getA", "()I")
    assert uses(config(STORE, setA="I"), writer.write()) == {"a": Use.LIVE}


def test_constants_of_two_places_keep_the_numbers_right() -> None:
    writer = ClassWriter("p/R")
    writer.long(7)
    writer.method("run", [writer.call(CONFIG, "getA")])
    assert [call.target for call in ClassFile(writer.write()).calls()] == ["getA"]


@pytest.mark.parametrize(
    "caller, start",
    [
        ("A.<init>", True),
        ("A.<clinit>", True),
        ("A.startBasicService", True),
        ("A.lambda$init$3", True),
        ("A.recoverNormally", True),
        ("BrokerStartup.buildBrokerController", True),
        ("A.restart", False),
        ("A.run", False),
        ("A.lambda$process$0", False),
    ],
)
def test_start_is_told_by_the_method(caller: str, start: bool) -> None:
    assert is_start(caller) is start


def test_switches_and_wide_instructions_are_passed_over() -> None:
    table = bytes([0, 170, 0, 0]) + struct.pack(">iiiii", 0, 5, 6, 0, 0)
    lookup = bytes([171, 0, 0, 0]) + struct.pack(">iiii", 0, 1, 9, 0)
    wide = bytes([196, 132, 0, 1, 0, 2, 196, 21, 0, 1])
    code = table + lookup + wide + bytes([17, 1, 0, 177])
    assert [opcode for opcode, _ in instructions(code)] == [0, 170, 171, 196, 196, 17, 177]


def test_jars_are_read_and_other_files_are_not(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rocketmq-common-1.jar", "w") as jar:
        jar.writestr("a/BrokerConfig.class", config(CONFIG, setA="I"))
        jar.writestr("a/readme.txt", "not a class")
    assert [each.key for each in settings(tmp_path)] == ["a"]
    with pytest.raises(FileNotFoundError):
        settings(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="not a class file"):
        ClassFile(b"no class at all")


def test_both_outputs() -> None:
    found = [
        Setting("a", "BrokerConfig", "int", ("A.<init>",), ()),
        Setting("b", "BrokerConfig", "boolean", (), ("A.a", "A.b", "A.c", "A.d")),
    ]
    text = as_text(found)
    assert text.splitlines()[0] == "1 live, 1 start, 0 mixed, 0 unread"
    assert "  b (boolean, BrokerConfig); use: A.a, A.b, A.c and 1 more" in text
    assert [row["use"] for row in msgspec.json.decode(as_json(found))] == ["start", "live"]
