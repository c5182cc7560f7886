"""RocketMQ's images, unpacked and started as a pod would start them: user 3000, read-only root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from images.builder.build import archive_of
from images.builder.catalog import all_images

from .unpacked import Unpacked, built, unpack, why_not

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

USER = "3000:3000"
IMAGES = {"rocketmq-5.4.0": "5.4.0", "apache-5.4.0": "5.4.0"}
IF_BUILT = {f"rocketmq-{version}": version for version in ("4.9.7", "5.3.3", "5.5.0")}
"""Releases for upgrades: tried where `make images-all` has built them; each takes minutes."""


@dataclass(frozen=True)
class Case:
    name: str
    version: str
    image: Unpacked

    @property
    def has_extras(self) -> bool:
        """Whether it is our image; the other kind is as bare as the official one."""
        return self.name.startswith("rocketmq-")

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        home = f"/home/rocketmq/rocketmq-{self.version}"
        writable = (f"{home}/conf", "/home/rocketmq/logs", "/home/rocketmq/store")
        return self.image.run(script, user=USER, writable=writable, environment=environment)


@pytest.fixture(scope="module", params=[*IMAGES, *IF_BUILT])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    name = request.param
    if name in IF_BUILT and not archive_of(all_images()[name]).is_file():
        pytest.skip(f"{name} is not built: make images-all")
    image = unpack(built(name), tmp_path_factory.mktemp("image") / "root")
    yield Case(name, {**IMAGES, **IF_BUILT}[name], image)
    subprocess.run(["rm", "-rf", "--one-file-system", str(image.root)], check=True)


def test_the_layout_is_the_official_one(case: Case) -> None:
    home = f"/home/rocketmq/rocketmq-{case.version}"
    assert case.image.environment["ROCKETMQ_HOME"] == home
    assert case.image.environment["ROCKETMQ_VERSION"] == case.version
    assert case.image.config["WorkingDir"] == f"{home}/bin"
    assert case.image.config["User"] == "rocketmq"
    for folder in ("bin", "conf", "lib"):
        assert (case.image.root / home[1:] / folder).is_dir()
    seen = case.run(
        'id -u; id -un; id -gn; echo "$HOME"; pwd; cat ../conf/broker.conf; command -v java', HOME="/home/rocketmq"
    )
    words = seen.stdout.split()
    assert words[:5] == ["3000", "rocketmq", "rocketmq", "/home/rocketmq", f"{home}/bin"]
    assert "brokerName=broker-a" in words
    assert seen.returncode == 0


def test_only_conf_logs_and_store_are_written(case: Case) -> None:
    seen = case.run(
        "for d in . ../lib / /etc; do touch $d/x 2>/dev/null && echo wrote $d; done;"
        "touch ../conf/x ~/logs/x ~/store/x && echo fine",
        HOME="/home/rocketmq",
    )
    assert seen.stdout == "fine\n"


def test_the_entry_point_runs_anything_else_as_given(case: Case) -> None:
    entry = " ".join(case.image.config["Entrypoint"])
    assert case.run(f"{entry} echo 'a  b' c").stdout == "a  b c\n"
    nothing = case.run(entry)
    assert nothing.returncode == 2
    assert "NODE_ROLE" in nothing.stderr


# A name server by role, a broker by word, as the official entry point takes them; then what users type.
CLUSTER = r"""
export HOME=/home/rocketmq HEAP_OPTS='-Xms128m -Xmx128m'
up() { for _ in $(seq 1200); do (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null && return; sleep 0.1; done; echo "no port $1"; exit 1; }
section() { echo; echo "== $1"; }
NODE_ROLE=nameserver ./docker-entrypoint.sh >/tmp/ns.log 2>&1 & ns=$!
up 9876
printf 'namesrvAddr=127.0.0.1:9876\nbrokerClusterName=tried\nbrokerName=broker-0\nmappedFileSizeCommitLog=1048576\n' >../conf/broker.conf
./docker-entrypoint.sh broker -c ../conf/broker.conf >/tmp/broker.log 2>&1 & broker=$!
up 10911
for _ in $(seq 60); do
  sh mqadmin clusterList -n 127.0.0.1:9876 >/tmp/table 2>/tmp/err
  # A 4.9 broker asked before its statistics took their first sample answers with an exception of its own.
  grep -q '^tried' /tmp/table && [ ! -s /tmp/err ] && break
  sleep 1
done
section table; cat /tmp/table
section errors; cat /tmp/err
section maps; grep -hoE '[^ ]*(jsa|rocksdbjni)[^ ]*$' /proc/$broker/maps /proc/$ns/maps | sort -u
section tmp; ls /tmp
section logs; ls ~/logs/rocketmqlogs
section output; cat /tmp/ns.log /tmp/broker.log
section sent; ./mqadmin updateTopic -n 127.0.0.1:9876 -c tried -t T 2>&1; for _ in $(seq 15); do  # a new topic's route reaches the name server a moment later
  ./mqadmin sendMessage -n 127.0.0.1:9876 -t T -p hello >/tmp/sent 2>&1
  grep -q SEND_OK /tmp/sent && break
  sleep 1
done
cat /tmp/sent
kill -TERM $broker
wait $broker; status=$?
section status; echo "broker $status"
section left; ./mqadmin clusterList -n 127.0.0.1:9876
./mqshutdown namesrv >/tmp/shutdown; wait $ns; echo "name server $?"
section shutdown; cat /tmp/shutdown; ./mqshutdown broker
"""


@pytest.fixture(scope="module")
def cluster(case: Case) -> dict[str, str]:
    """What a run of name server and broker showed: section -> text."""
    seen = case.run(CLUSTER)
    assert "no port" not in seen.stdout, seen.stdout + seen.stderr
    parts = seen.stdout.split("\n== ")
    return {head: text for head, _, text in (part.partition("\n") for part in parts[1:])}


def test_mqadmin_prints_the_table_and_nothing_else(cluster: dict[str, str]) -> None:
    lines = [line for line in cluster["table"].splitlines() if line]
    assert lines[0].startswith("#Cluster Name")
    assert lines[1].split()[:3] == ["tried", "broker-0", "0"]
    assert len(lines) == 2
    assert cluster["errors"].strip() == ""


def test_a_message_is_stored(cluster: dict[str, str]) -> None:
    assert "create topic to 10.98.0.1:10911 success" in cluster["sent"]
    assert "SEND_OK" in cluster["sent"], cluster["sent"]


def test_sigterm_arrives_and_the_broker_signs_off(cluster: dict[str, str]) -> None:
    assert cluster["status"].strip() == "broker 143"
    assert "broker-0" not in cluster["left"]
    assert "name server 143" in cluster["left"]


def test_mqshutdown_finds_what_runs_and_only_that(cluster: dict[str, str]) -> None:
    assert "Send shutdown request to mqnamesrv OK" in cluster["shutdown"]
    assert "No mqbroker running." in cluster["shutdown"]


def test_logs_are_where_the_official_image_has_them(cluster: dict[str, str]) -> None:
    assert {"broker.log", "namesrv.log", "broker-store.log"} <= set(cluster["logs"].split())


def test_the_output_says_that_it_started_and_hides_no_error(cluster: dict[str, str]) -> None:
    assert "The Name Server boot success" in cluster["output"]
    assert "boot success. serializeType" in cluster["output"]
    assert "Exception" not in cluster["output"]
    assert "|-INFO" not in cluster["output"]


def test_extras_are_used_where_they_are_and_not_missed_where_not(case: Case, cluster: dict[str, str]) -> None:
    if case.has_extras:
        assert f"rocketmq-{case.version}/cds/rocketmq.jsa" in cluster["maps"]
        assert "librocksdbjni" not in cluster["tmp"]
        if case.version >= "5.4":  # the older ones load RocksDB only when told to use it
            assert "/usr/lib/jni/librocksdbjni" in cluster["maps"]
    else:
        assert "cds" not in cluster["maps"]
        assert not (case.image.root / f"home/rocketmq/rocketmq-{case.version}/cds").exists()
        assert not list((case.image.root / "usr/lib").glob("jni/*rocksdb*"))


def test_an_archive_that_does_not_fit_stops_nobody(case: Case) -> None:
    if not case.has_extras:
        pytest.skip("this image has no archive")
    flags = "-XX:SharedArchiveFile=$ROCKETMQ_HOME/cds/broker.jsa -Xlog:class+load"
    main = "org.apache.rocketmq.tools.command.MQAdminStartup"
    paths = {
        "fits": "$(cat ../cds/classpath):../conf",
        "folder first": "../conf:$(cat ../cds/classpath)",
        "wildcard": "../conf:../lib/*",
    }
    from_archive = {}
    for name, path in paths.items():
        seen = case.run(f'java {flags} -Xshare:auto -cp "{path}" {main}', HOME="/home/rocketmq")
        assert "The most commonly used mqadmin commands are" in seen.stdout, seen.stdout[-2000:]
        from_archive[name] = sum(
            "rocketmq" in line and "shared objects file" in line for line in seen.stdout.splitlines()
        )
    assert from_archive["fits"] > 50
    assert from_archive["folder first"] == from_archive["wildcard"] == 0


def test_the_size_stays_in_bounds(case: Case) -> None:
    assert case.image.size < 400 * 1024**2


def test_nothing_of_the_building_machine_is_in_the_image(case: Case) -> None:
    home = str(Path.home())
    texts = [
        file for folder in ("etc", "opt/java/conf") for file in (case.image.root / folder).rglob("*") if file.is_file()
    ]
    found = [file for file in texts if not file.is_symlink() and f"{home}/" in file.read_text(errors="replace")]
    assert not [file for file in found if file.name not in {"passwd", "passwd-"}]
