"""Which name servers of a ``NameServer`` a cluster's brokers are told of.

A broker that looks names up learns them by DNS. For the others there is a list: a name server is in it from when it runs
first until it is unlisted, also while it restarts, since a list that loses a member for a moment is a partial list. What
was told before is the cluster's own memory (its intent), so that nothing is kept in the process.
"""

from collections.abc import Collection, Sequence

from . import names
from .addresses import NameServers
from .facts import PodFact


def of_reference(
    namespace: str, name: str, size: int, pods: Sequence[PodFact], told: Collection[str] = ()
) -> NameServers:
    """One name that brokers look up, each name server's own stable name, and the addresses at which the operator asks.

    ``size``: how many pods the StatefulSet asks for now; ``told``: addresses in the list that brokers have.
    """
    by_ordinal = {pod.member: pod for pod in pods if pod.member < size}

    def address(ordinal: int) -> str:
        return names.name_server_address(namespace, name, ordinal)

    stays = [each for each in range(size) if each not in by_ordinal or by_ordinal[each].listed != "false"]
    known = [each for each in stays if (each in by_ordinal and by_ordinal[each].runs) or address(each) in told]
    # At the very start nothing runs yet: brokers are told of the pods that there are, and wait for one that answers.
    first = [each for each in stays if each in by_ordinal]
    # Unlisted ones are better than none; it takes somebody who labels every pod by hand to get there.
    chosen = known or first or sorted(by_ordinal)
    return NameServers(
        dns=names.name_server_dns(namespace, name),
        addresses=tuple(address(each) for each in chosen),
        queried=tuple(sorted(_reached(pods))),
    )


def _reached(pods: Sequence[PodFact]) -> list[str]:
    """Addresses of those that are to answer for the cluster: not of one that leaves, unless there is no other."""
    alive = [pod for pod in pods if pod.ip and not pod.deleting]
    staying = [pod for pod in alive if pod.listed != "false"]
    return [f"{pod.ip}:{names.NAME_SERVER_PORT}" for pod in staying or alive]
