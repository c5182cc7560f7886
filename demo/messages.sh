#!/usr/bin/env bash
# demo/messages.sh NAMESPACE COUNT RUN: COUNT messages with the official Java client, sent by one process, received by another,
# counted by key by a third. Runs in the pod rocketmq-tools (examples/tools.yaml), whose image holds RocketMQ's own jars: only
# our small one is brought there. Fails if one acknowledged message has not arrived.
set -euo pipefail
cd "$(dirname "$0")/.."
NS="$1" COUNT="$2" RUN="$3"
NAME_SERVERS="${NAME_SERVERS:-rocketmq-namesrv-headless:9876}"
RMQ_CLUSTER="${RMQ_CLUSTER:-DefaultCluster}"
TOPIC=demo
HOME_IN_POD=/tmp/clients
LEDGER="$HOME_IN_POD/$RUN"
CONSUMER="" PRINTED=""

if [ -t 1 ]; then CYAN=$'\e[36m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'; else CYAN="" GREEN="" RED="" PLAIN=""; fi
show() { printf '%s$ %s%s\n' "$CYAN" "$*" "$PLAIN"; }
fail() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; exit 1; }
in_pod() { kubectl exec rocketmq-tools -n "$NS" -- "$@"; }
run_in_pod() { show kubectl exec rocketmq-tools -n "$NS" -- "$@"; in_pod "$@"; }
clients() { run_in_pod "$HOME_IN_POD/clients.sh" "$@"; }

# However this ends, the consumer in the pod ends too: by its stop file, and at the latest by its own time-out.
leave() {
  if [ -n "$CONSUMER" ]; then
    in_pod touch "$LEDGER/stop" 2>/dev/null || true
    kill "$CONSUMER" 2>/dev/null || true
  fi
  [ -z "$PRINTED" ] || rm -f "$PRINTED"
}
trap leave EXIT
trap 'exit 130' INT TERM

# put FILE: the file, whole or not at all, into the pod's folder.
put() {
  local there="$HOME_IN_POD/$(basename "$1")"
  kubectl exec -i rocketmq-tools -n "$NS" -- sh -c "mkdir -p $HOME_IN_POD && cat >$there.part && chmod 755 $there.part && mv $there.part $there" <"$1"
}

# wait_for_consumer: until its queues are assigned, so that it is there before the first message is sent.
wait_for_consumer() {
  local since=$SECONDS
  # Waits inside the pod, five seconds at a time: a new exec for each look would cost more than the look.
  until [ "$(in_pod sh -c "for i in \$(seq 50); do [ ! -e $LEDGER/ready ] || { echo ready; exit; }; sleep 0.1; done")" = ready ]; do
    kill -0 "$CONSUMER" 2>/dev/null || { cat "$PRINTED"; fail "the consumer ended before it was ready"; }
    [ $((SECONDS - since)) -lt 90 ] || { cat "$PRINTED"; fail "the consumer has no queues after 90 s"; }
  done
}

jar="$(tests/clients/build.sh)"
put "$(dirname "$jar")/clients.sh"
put "$jar"

clients topic --namesrv "$NAME_SERVERS" --cluster "$RMQ_CLUSTER" --topic "$TOPIC" --queues 4 --group "$RUN" --timeout 60

PRINTED="$(mktemp)"
consume=("$HOME_IN_POD/clients.sh" consume --namesrv "$NAME_SERVERS" --topic "$TOPIC" --group "$RUN" --ledger "$LEDGER" --until-quiet 3 --timeout 600)
show kubectl exec rocketmq-tools -n "$NS" -- "${consume[@]}" '&'
in_pod "${consume[@]}" >"$PRINTED" 2>&1 &
CONSUMER=$!
wait_for_consumer

sent=0
clients produce --namesrv "$NAME_SERVERS" --topic "$TOPIC" --run "$RUN" --count "$COUNT" --ledger "$LEDGER" --timeout 300 || sent=$?

run_in_pod touch "$LEDGER/stop"
echo "waiting until the consumer has received everything (at most until its time-out) ..."
received=0
wait "$CONSUMER" || received=$?
CONSUMER=""
cat "$PRINTED"

checked=0
clients check --run "$RUN" --ledger "$LEDGER" || checked=$?
[ "$checked" != 3 ] || fail "acknowledged messages were lost (ledgers: $LEDGER in the pod rocketmq-tools)"
[ "$checked" = 0 ] || fail "the account is not good (exit code $checked)"
[ "$sent" = 0 ] || fail "not every message was acknowledged (exit code $sent)"
[ "$received" = 0 ] || fail "the consumer did not end well (exit code $received)"
printf '%s%s messages sent, acknowledged and received%s\n' "$GREEN" "$COUNT" "$PLAIN"
