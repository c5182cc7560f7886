"""EndpointSlices of Services, a little behind the pods; and the DNS that is made of them."""

from collections.abc import Iterator

from .api import Api
from .kernel import Kernel
from .readiness import ready
from .stored import Json, Key

DOMAIN = ".cluster.local"


class Endpoints:
    """The EndpointSlice controller and the cluster's DNS."""

    def __init__(self, kernel: Kernel, api: Api) -> None:
        self._kernel = kernel
        self._api = api
        self._random = kernel.random("endpoints")
        self._pending: set[Key] = set()
        self._resolved: dict[str, list[str]] = {}
        """What names lead to, until a slice changes."""
        api.listen("services", self._service_changed)
        api.listen("endpointslices", self._slice_changed)
        api.listen("pods", self._pod_changed)

    def _service_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if new is not None:
            self._poke(key)

    def _slice_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        """A slice that was collected with an earlier Service of that name is made anew for the present one."""
        self._resolved.clear()
        service = (key[0], key[1].removesuffix("-slice"))
        if new is None and self._api.find("services", service):
            self._poke(service)

    def _pod_changed(self, key: Key, old: Json | None, new: Json | None) -> None:
        if old is not None and new is not None and _seen(old) == _seen(new):
            return
        for obj in (old, new):
            labels = obj["metadata"].get("labels", {}) if obj else {}
            for service_key, service in self._api.all("services").items():
                selector = service.obj["spec"].get("selector")
                if service_key[0] == key[0] and selector and selector.items() <= labels.items():
                    self._poke(service_key)

    def _poke(self, key: Key) -> None:
        if key not in self._pending:
            self._pending.add(key)
            slow = self._random.random() < 0.05
            self._kernel.work(self._random.uniform(0.02, 5.0 if slow else 0.5), self._sync, key)

    def _sync(self, key: Key) -> None:
        self._pending.discard(key)
        service = self._api.find("services", key)
        if service is None:
            return
        spec = service["spec"]
        content = {
            "addressType": "IPv4",
            "endpoints": list(self._endpoints(key[0], spec)),
            "ports": [{"name": each.get("name"), "port": each["port"]} for each in spec.get("ports", ())],
        }
        at = (key[0], key[1] + "-slice")
        if self._api.find("endpointslices", at) is None:
            metadata = {
                "name": at[1],
                "namespace": at[0],
                "labels": {"kubernetes.io/service-name": key[1]},
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Service", "name": key[1], "uid": service["metadata"]["uid"]}
                ],
            }
            self._api.insert(
                "endpointslices",
                {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, **content},
            )
        else:
            self._api.update("endpointslices", at, lambda obj: {**obj, **content})

    def _endpoints(self, namespace: str, spec: Json) -> Iterator[Json]:
        selector, publish = spec.get("selector", {}), spec.get("publishNotReadyAddresses", False)
        for key, pod in sorted(self._api.all("pods").items()):
            obj = pod.obj
            ip = obj.get("status", {}).get("podIP")
            if key[0] != namespace or not ip or not selector.items() <= obj["metadata"].get("labels", {}).items():
                continue
            if obj["status"].get("phase") in ("Failed", "Succeeded"):
                continue
            deleting = bool(obj["metadata"].get("deletionTimestamp"))
            yield {
                "addresses": [ip],
                "conditions": {"ready": publish or (ready(obj) and not deleting), "terminating": deleting},
                "hostname": obj["spec"].get("hostname", ""),
            }

    def resolve(self, host: str) -> list[str]:
        """What DNS says about a name: all ready addresses of a headless Service, or one pod's; an address is itself."""
        found = self._resolved.get(host)
        if found is None:
            found = self._resolved[host] = self._look_up(host)
        return found

    def _look_up(self, host: str) -> list[str]:
        if host.replace(".", "").isdecimal():
            return [host]
        labels = host.removesuffix(".").removesuffix(DOMAIN).removesuffix(".svc").split(".")
        if len(labels) == 3:
            pod, service, namespace = labels
        elif len(labels) == 2:
            pod, (service, namespace) = "", labels
        elif len(labels) == 1:
            # A pod's search list begins with its own namespace, of which there is one here.
            pod, service, namespace = "", labels[0], "ns"
        else:
            return []
        found = self._api.find("endpointslices", (namespace, service + "-slice"))
        return [
            each["addresses"][0]
            for each in (found or {}).get("endpoints", ())
            if each["conditions"]["ready"] and pod in ("", each["hostname"])
        ]


def _seen(pod: Json) -> tuple[object, ...]:
    status = pod.get("status", {})
    return (
        status.get("podIP"), status.get("phase"), ready(pod), pod["metadata"].get("deletionTimestamp"),
        pod["metadata"].get("labels"),
    )  # fmt: skip
