"""Rules of the product, each with the change that breaks it. The simulator must find every one of them (``mutations.py``)."""

from typing import NamedTuple

CORE = "src/rocketmq_operator/core/"


class Broken(NamedTuple):
    """In ``file`` (below ``core``) the text ``old``, which stands there once, becomes ``new``. ``unfound`` says why no history
    can find it, or why it takes more than can be run; empty for all that must be found."""

    name: str
    file: str
    old: str
    new: str
    unfound: str = ""


DRAINING = (
    Broken(
        "the fence is skipped",
        "groups/draining.py",
        "    if not view.fenced():\n        return _fence(view, _back(life))",
        "    if False:\n        return _fence(view, _back(life))",
    ),
    Broken("delayed messages do not count", "groups/drain.py", "    if queues.delayed:\n", "    if False:\n"),
    Broken(
        "half messages do not count",
        "groups/drain.py",
        "    if _behind(broker, queues, topics.HALF, topics.HALF_READER):\n",
        "    if False:\n",
    ),
    Broken("timers do not count", "groups/drain.py", "    if queues.timers:\n", "    if False:\n"),
    Broken(
        "retry topics do not count",
        "groups/drain.py",
        "if not stored or topics.internal(topic) or topic in discard:",
        "if not stored or topics.internal(topic) or topic in discard or topic.startswith(topics.RETRY):",
    ),
    Broken(
        "readers that only other groups know do not count",
        "groups/draining.py",
        "drain.readers([*knowing, *circle.leaving_data()])",
        "drain.readers([view.data])",
    ),
    Broken(
        "readers that only a group that leaves knows are forgotten",
        "groups/copying.py",
        "read, strangers(leaving, staying))",
        "read, frozenset())",
        "found in the tree of seed 54 (54.300): a group comes, reads from one that leaves alone, and goes",
    ),
    Broken(
        "messages that nobody reads do not count",
        "groups/drain.py",
        "            unread[topic] = stored\n",
        "            pass\n",
    ),
    Broken(
        "no second reading",
        "groups/draining.py",
        "    if (life.boot, life.reading) != seen:\n",
        "    if False:\n",
    ),
    Broken(
        "no pause before the second reading",
        "groups/draining.py",
        "SETTLE_MS = 5_000",
        "SETTLE_MS = 0",
        unfound="a simulated broker sorts what it stores at once",
    ),
    Broken(
        "boot times are not compared",
        "groups/draining.py",
        "if (life.boot, life.reading) != seen:",
        "if life.reading != seen[1]:",
        unfound="one that restarts finds its fence in its intent, and the second reading is a whole one by itself",
    ),
    Broken(
        "a cluster goes while its masters take messages",
        "deleting.py",
        "        return _last_look(snapshot, opened, now_ms)\n",
        '        return _set(snapshot, False, "DeletionAllowed", "nothing in the cluster is unread")\n',
    ),
    Broken(
        "the finalizer goes early",
        "deleting.py",
        "        if reading is None or not reading.drained:\n",
        "        if False:\n",
    ),
)
COMING_AND_GOING = (
    Broken(
        "a group closes before its sole topics are elsewhere",
        "groups/leaving.py",
        "    alone = lives_here_alone(view, circle)\n    if alone:\n        return Step(life, doing=alone, again=LOOK",
        '    alone = ""\n    if alone:\n        return Step(life, doing=alone, again=LOOK',
    ),
    Broken(
        "one whose master was down closes and goes with its sole topics",
        "groups/draining.py",
        "    alone = lives_here_alone(view, circle)\n",
        '    alone = ""\n',
    ),
    Broken(
        "sole topics are not copied",
        "groups/filling.py",
        "    if not going or not staying:\n",
        "    if True:\n",
    ),
    Broken(
        "a group joins without first offsets",
        "groups/copying.py",
        "        tuple(sorted(in_new_group(sources, target, wanted, groups.keys() | target.groups.keys()))),",
        "        (),",
    ),
    Broken(
        "a group joins without topics",
        "groups/copying.py",
        "        tuple(sorted(topic for name, topic in wanted.items() if target.topics.get(name) != topic)),\n",
        "        (),\n",
    ),
    Broken(
        "a group that joins opens before what it was given is on its disk",
        "groups/joining.py",
        " or _unwritten(view, circle)",
        "",
    ),
    Broken(
        "a group joins without waiting for its slaves",
        "groups/joining.py",
        "        if lacking:\n",
        "        if False:\n",
    ),
    Broken(
        "a group that joins does not ask every master",
        "groups/joining.py",
        "(other for other in circle.knowing if not other.down)",
        "circle.staying",
    ),
    Broken(
        "a group that goes is opened",
        "groups/decide.py",
        "    if view.index not in wanted and not view.life.initialized:\n",
        "    if False:\n",
    ),
    Broken(
        "a removal that was decided is called back",
        "groups/decide.py",
        "if view.life.phase is Phase.REMOVING and (view.life.initialized or not view.exists):",
        "if view.life.phase is Phase.REMOVING and not view.exists:",
    ),
    Broken(
        "one that is called back right before it is closed stays out of the routes",
        "groups/decide.py",
        " or (view.life.phase is Phase.CLOSING and not view.down)\n",
        "\n",
    ),
    Broken(
        "an intent is written without its precondition",
        "objects.py",
        '    if not (_is_intent(obj) or obj["kind"] == "StatefulSet") or not fact.resource_version:\n',
        '    if obj["kind"] != "StatefulSet" or not fact.resource_version:\n',
    ),
)
MASTERS = (
    Broken(
        "a master opens though a slave is ahead",
        "opening.py",
        "slave.max_offset > master.max_offset:",
        "False:",
        "what a slave holds behind its master's end is not the same there, and that is compared as well",
    ),
    Broken(
        "a master opens over what its slave holds",
        "tails.py",
        "        if tail is not None and tail.differs_at >= 0:\n",
        "        if False:\n",
    ),
    Broken(
        "only the last message of a slave is compared",
        "../reconcile/look_tails.py",
        "{*old[-SHOWN:], *new[:SHOWN], *new[-1:]}",
        "new[-1:]",
    ),
    Broken(
        "an opening does not wait for slaves",
        "opening.py",
        'return f"waiting to hear from {\', \'.join(missing)}" if missing else ""',
        'return ""',
    ),
    Broken(
        "a master moves while its slave lags",
        "groups/moving.py",
        "        if fact is not None and view.fenced() and slave.max_offset != fact.max_offset:\n",
        "        if False:\n",
    ),
    Broken("a master moves without its fence", "groups/moving.py", "    if not view.fenced():\n", "    if False:\n"),
)
MEMBERS = (
    Broken(
        "a partial copy counts as full",
        "membership.py",
        "    return 0 <= slave.min_offset <= master.min_offset and slave.max_offset > master.min_offset",
        "    return True",
    ),
    Broken(
        "inSyncReplicas is raised before there is a copy",
        "membership.py",
        "    return any(full_copy(master, fact) for fact in _answers(group))\n",
        "    return True\n",
    ),
    Broken(
        "the last full copy is removed",
        "membership.py",
        "    waiting = _last(group, master) if leaving == 1 else _others(group, master, leaving)\n",
        '    waiting = ""\n',
    ),
    Broken("a slave is removed while another is away", "membership.py", "    if coming:\n", "    if False:\n"),
    Broken(
        "a slave with nothing is never left behind",
        "membership.py",
        "return slave.max_offset < master.min_offset",
        "return 0 < slave.max_offset < master.min_offset",
    ),
    Broken(
        "all slaves that were left behind restart at once",
        "sizes.py",
        " or not others_serve(group, behind[0])",
        "",
    ),
    Broken(
        "the budget forgets slaves that are not told to go yet",
        "cluster_objects.py",
        "max(sizes.decide(snapshot, group).replicas, sizes.group_of(snapshot, group).replicas or 0)",
        "sizes.decide(snapshot, group).replicas",
    ),
    Broken(
        "the budget of slaves is one too wide",
        "build/network.py",
        "slaves if slaves_stay else slaves - 1",
        "slaves - 2",
    ),
)
NAME_SERVERS = (
    Broken(
        "a name server goes before brokers know the others",
        "nameserver_scaling.py",
        "    waits = remaining_incomplete(snapshot, size - 1)\n",
        "    waits = None\n",
    ),
    Broken(
        "a name server goes without the wait for look-ups",
        "nameserver_scaling.py",
        "    if now_ms < leaving.unlisted_since + patience(snapshot):",
        "    if False:",
    ),
    Broken(
        "a name server goes while brokers use it alone", "nameserver_scaling.py", "    if knowing:\n", "    if False:\n"
    ),
    Broken(
        "a list of name servers without those that restart",
        "announced.py",
        "addresses=tuple(address(each) for each in chosen),",
        "addresses=tuple(address(each) for each in stays if each in by_ordinal and by_ordinal[each].runs),",
    ),
    Broken(
        "brokers lose their names while a deletion is held",
        "clusters.py",
        "    draft.actions += cluster_objects.held(snapshot, groups)\n",
        "    pass\n",
    ),
    Broken(
        "a master that cannot start is left alone while a deletion is held",
        "groups/decide.py",
        "            steps[index] = turn.mended(view, circle, course, Step(view.life))\n",
        "            steps[index] = Step(view.life)\n",
    ),
)
ROLLOUTS = (
    Broken(
        "a master restarts without its fence",
        "rollout/closed.py",
        "    if not view.fenced():\n        fence = configure(",
        "    if False:\n        fence = configure(",
    ),
    Broken(
        "a master restarts before its slaves have everything",
        "rollout/closed.py",
        "    waiting = unequal(view)\n",
        '    waiting = ""\n',
    ),
    Broken(
        "a master that was restarted opens while clients look for it elsewhere",
        "rollout/closed.py",
        "    left = address_left(view, circle)\n",
        "    left = 0.0 if view.fact else 1.0\n",
    ),
    Broken(
        "a master that was moved opens while clients look for it elsewhere",
        "groups/moving.py",
        "    left = address_left(view, circle)\n",
        "    left = 0.0 if view.fact else 1.0\n",
    ),
    Broken(
        "groups do not wait for each other",
        "rollout/course.py",
        "        if not begun and len(self.holders) >= self.most and not (lost and self._open_holders()):\n",
        "        if False:\n",
    ),
    Broken(
        "a failed step does not halt",
        "rollout/hold.py",
        'or (f"it is halted: {halted.message}" if halted else "")',
        'or ""',
    ),
    Broken(
        "a new template reaches every pod at once",
        "rollout/workloads.py",
        "        made = _built(view, config, hard_spread, started, workload.HELD_PARTITION, 1)\n",
        "        made = _built(view, config, hard_spread, started, 0, 1)\n",
    ),
    Broken(
        "a group that gives way stays out of the routes",
        "rollout/closed.py",
        '    if fact.permission != 4:\n        message = f"closed {view.name} for a moment',
        '    if False:\n        message = f"closed {view.name} for a moment',
    ),
    Broken(
        "a group that gave way and was not closed yet stays out of the routes",
        "rollout/closed.py",
        "    if view.life.reading == YIELDED and not view.down:\n",
        "    if False:\n",
    ),
    Broken(
        "a member that was given to its controller counts as there",
        "rollout/members.py",
        "if each.name != taken.name and going_now(standing.workload, each)]",
        "if False]",
    ),
    Broken(
        "a pod that is not ready is replaced though it answers",
        "rollout/members.py",
        "    return (_silent(view, pod) and broken(pod, now_ms)) or lost(view, now_ms)\n",
        "    return broken(pod, now_ms) or lost(view, now_ms)\n",
    ),
    Broken(
        "a master that did not answer once is taken for dead",
        "rollout/members.py",
        "    heard = view.snapshot.brokers.get(pod.name) is not None or pod.listening\n",
        "    heard = view.snapshot.brokers.get(pod.name) is not None\n",
    ),
    Broken(
        "a template is written by a view that lags",
        "objects.py",
        '    if not (_is_intent(obj) or obj["kind"] == "StatefulSet") or not fact.resource_version:\n',
        "    if not _is_intent(obj) or not fact.resource_version:\n",
        unfound="a simulated controller acts on the newest workload: who was let through and is held again is not taken",
    ),
    Broken(
        "a downgrade that is refused counts as done",
        "rollout/course.py",
        "msgspec.structs.replace(each, changes=None)",
        "msgspec.structs.replace(each, changes=())",
    ),
    Broken(
        "slaves that a closed group left behind stay so",
        "clusters.py",
        "    copying = stable | AWAY\n",
        "    copying = stable\n",
    ),
    Broken(
        "a joining group is not brought up to date",
        "groups/decide.py",
        "            return turn.fresh(view, circle, course) or joining.step(view, circle)\n",
        "            return joining.step(view, circle)\n",
    ),
)
GROWTH = (
    Broken(
        "pods are told how big their volumes are",
        "build/workload.py",
        'pod.environment({"GROUP": str(group)}, template.env)',
        'pod.environment({"GROUP": str(group), "SIZES": str(storage.wishes(cluster.spec))}, template.env)',
    ),
    Broken(
        "new members get volumes of the old size",
        "volumes/anew.py",
        "    return bigger if there.complete and all(each.grown for each in there.volumes) else {}\n",
        "    return {}\n",
    ),
    Broken(
        "a set is made anew while its pods are being replaced",
        "volumes/anew.py",
        '    return "its pods are being replaced" if behind or',
        '    return "" if behind or',
    ),
    Broken(
        "a set is made anew from a template of a newer operator",
        "volumes/anew.py",
        " or pod.format < ours.oldest or (pod.format != built and built > ours.format)\n",
        "\n",
    ),
    Broken(
        "pods are taken while their set is made anew",
        "rollout/course.py",
        "        if anew.begun(view):\n",
        "        if False:\n",
        "whoever begins says so in its intent, for which its set stays (that is asked right before), and others wait while a member is away",
    ),
    Broken(
        "a set is made anew while another one goes",
        "volumes/anew.py",
        "    return any(other != index and (data_of(snapshot, other) or {}).get(KEY) for other in _indexes(snapshot))\n",
        "    return False\n",
        "nothing is lost by it: how many sets are away at a time is only a matter of care",
    ),
)
UPGRADES = (
    Broken(
        "what another version has built is written anew",
        "rollout/workloads.py",
        "standing.format != form",
        "False",
    ),
    Broken(
        "name servers that another version has built are written anew",
        "rollout/servers.py",
        "standing.format != form",
        "False",
    ),
    Broken(
        "a newer format restarts everybody",
        "rollout/standing.py",
        "pod.format < release.oldest",
        "pod.format < release.format",
    ),
    Broken(
        "what another version has built stays let through",
        "rolling.py",
        "        found += standing.held_back(groups.views[index].pods, course.target.revision, snapshot.release)\n",
        "        pass\n",
    ),
    Broken(
        "who is of another format is let through with one below",
        "rollout/standing.py",
        "    why |= _above(fact, pods, why)\n",
        "    pass\n",
    ),
)
ALL = (*DRAINING, *COMING_AND_GOING, *MASTERS, *MEMBERS, *NAME_SERVERS, *ROLLOUTS, *GROWTH, *UPGRADES)
