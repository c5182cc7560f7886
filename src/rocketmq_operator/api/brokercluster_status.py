"""What the status of a ``BrokerCluster`` says of groups and brokers."""

from typing import Annotated

from .common import Conditions, Wire
from .schema import doc


class BrokerMember(Wire, frozen=True, omit_defaults=False):
    """One broker."""

    pod: Annotated[str, doc("Name of its pod.", max_length=253)]
    broker_id: Annotated[int, doc("0 is the master.")]
    role: Annotated[
        str,
        doc(
            "As the broker itself reports: SYNC_MASTER, ASYNC_MASTER, SLAVE; empty while it does not answer.",
            max_length=32,
        ),
    ] = ""
    address: Annotated[str, doc("Address under which it is registered.", max_length=512)] = ""
    version: Annotated[str, doc("RocketMQ version that it reports.", max_length=64)] = ""
    ready: Annotated[bool, doc("Whether its pod is ready.")] = False
    accepting: Annotated[bool, doc("Whether it accepts messages from producers.")] = False
    full_copy: Annotated[
        bool,
        doc(
            "Whether it holds all messages of its group: a master always, a slave once it has copied its master's log from the first message on."
        ),
    ] = False
    registered_on: Annotated[
        list[Annotated[str, doc(max_length=512)]],
        doc("Name servers that list it.", list_type="set", max_length=64),
    ] = []
    revision: Annotated[
        str,
        doc(
            "Revision of the spec that it runs: the one that it was started for, or one that it took live since.",
            max_length=253,
        ),
    ] = ""
    problem: Annotated[str, doc("What keeps it from serving, in words.", max_length=1024)] = ""


class BrokerGroup(Wire, frozen=True, omit_defaults=False):
    """One broker group."""

    name: Annotated[str, doc("Broker name (brokerName).", max_length=127)]
    index: Annotated[int, doc("Index of the group.")]
    ready: Annotated[bool, doc("Whether every member is ready and its master accepts messages.")] = False
    initialized: Annotated[bool, doc("Whether the group was opened once; from then on its volumes are guarded.")] = (
        False
    )
    phase: Annotated[
        str,
        doc(
            "Where the group stands: empty while it serves, else Joining, Opening, ClosingOrder, Closing, Fenced, Drained, Removing, Moving, Yielding or Restarting.",
            max_length=32,
        ),
    ] = ""
    life: Annotated[
        int,
        doc("How often a group of this index came to the cluster; volumes of an earlier life are recognised by it."),
    ] = 1
    members: Annotated[
        list[BrokerMember], doc("The group's brokers.", list_type="map", list_keys=("pod",), max_length=16)
    ] = []


class BrokerClusterStatus(Wire, frozen=True, omit_defaults=False):
    """What is; derived again at every look, never trusted."""

    observed_generation: Annotated[int, doc("Generation of the spec that this status speaks of.")] = 0
    groups: Annotated[int, doc("Broker groups that exist.")] = 0
    ready_groups: Annotated[int, doc("Broker groups whose members are all ready.")] = 0
    brokers: Annotated[int, doc("Brokers wanted.")] = 0
    ready_brokers: Annotated[int, doc("Brokers ready.")] = 0
    brokers_ready: Annotated[str, doc("Ready and wanted brokers, for people.", max_length=32)] = ""
    version: Annotated[str, doc("RocketMQ version of the brokers; several joined by ','.", max_length=256)] = ""
    cluster_name: Annotated[str, doc("RocketMQ's name of the cluster.", max_length=127)] = ""
    name_servers: Annotated[
        list[Annotated[str, doc(max_length=512)]],
        doc("Addresses of all name servers, as resolved.", list_type="set", max_length=64),
    ] = []
    selector: Annotated[
        str, doc("Selects one pod of each group, so that an autoscaler counts groups.", max_length=512)
    ] = ""
    store_size: Annotated[
        str, doc("Size of the message volumes in force; empty without volumes of their own.", max_length=32)
    ] = ""
    log_size: Annotated[
        str, doc("Size of the log volumes in force; empty without volumes of their own.", max_length=32)
    ] = ""
    revision: Annotated[
        str, doc("Revision of the spec that is to run; history and undo speak of it.", max_length=253)
    ] = ""
    updated_brokers: Annotated[int, doc("Brokers that run this revision.")] = 0
    broker_groups: Annotated[
        list[BrokerGroup],
        doc("The groups and their brokers.", list_type="map", list_keys=("name",), max_length=256),
    ] = []
    conditions: Conditions = []
