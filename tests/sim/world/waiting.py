"""What the entry script waits for before Java starts: a name server, and, as a slave with nothing, its master's first record."""

from typing import TYPE_CHECKING

from .entry import Start, at_least
from .store import FILE

if TYPE_CHECKING:
    from .broker import Broker


def find_name_servers(broker: "Broker", start: Start, waited: float) -> bool:
    """Whether a name server is reachable by what the intent says; a volume with messages waits no longer than 30 s."""
    dns, listed = start.intent("nameServersDns"), start.intent("nameServers")
    new = at_least(start.version, (5, 1))
    start.dns = ""
    if dns and new and broker.world.resolve(dns.rpartition(":")[0]):
        start.dns = known = dns
    elif listed and (not dns or not new):
        known = listed
    else:
        known = ""
    if any(broker.world.name_servers_at(address) for address in known.split(";") if address):
        return True
    return bool(known) and not start.fresh and waited >= 30


def become_copy(broker: "Broker", start: Start) -> bool:
    """A slave with nothing takes its master's first record (replica.sh), and replication brings the rest; one that has messages
    goes on, unless its master has deleted what it needs next. False while the master has to be waited for."""
    if start.member == 0 or start.intent("initialized") != "true":
        return True
    store = broker.store
    master = broker.world.member_at(broker.pod, 0)
    if store.records:
        if master is None or not master.store.records:
            return True
        if store.last_file + FILE > master.store.base:
            return True
        broker.kernel.tell(broker.pod.name, "ends below what its master still has, and is made anew")
        broker.kernel.count("entry/made-anew")
    store.empty(settings=False)
    if master is None or not master.is_master:
        return False
    if master.store.records:
        store.start_at(master.store.base)
        store.copy_from(master.store, 1)
        broker.kernel.count("entry/seeded")
        broker.kernel.tell(
            broker.pod.name, f"starts as a copy of its master: {master.store.base} to {master.store.end}"
        )
    return True
