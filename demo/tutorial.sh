#!/usr/bin/env bash
# The tutorial, for real: every kubectl command is printed, then run. Called by `make demo`; needs KUBECONFIG and kubectl.
set -euo pipefail
cd "$(dirname "$0")/.."
NS=rocketmq-operator
CLUSTER=mybrokercluster
RUN="demo-$(date +%s)"
MESSAGES="${MESSAGES:-1000}"

if [ -t 1 ]; then BOLD=$'\e[1m' CYAN=$'\e[36m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'; else BOLD="" CYAN="" GREEN="" RED="" PLAIN=""; fi
title() { printf '\n%s== %s ==%s\n' "$BOLD" "$*" "$PLAIN"; }
run() { printf '%s$ %s%s\n' "$CYAN" "$*" "$PLAIN"; "$@"; }
fail() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; exit 1; }

# wait_ready KIND NAME SECONDS: waits for condition Ready and tells every two seconds what it waits for.
wait_ready() {
  local since=$SECONDS told="" now
  while :; do
    now="$(kubectl get "$1" "$2" -n "$NS" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}' 2>/dev/null || true)"
    case "$now" in True*) printf '  %s s: %s\n' "$((SECONDS - since))" "${now#True }"; return ;; esac
    if [ "$now" != "$told" ]; then printf '  %s s: %s\n' "$((SECONDS - since))" "${now:-waiting for the operator}"; told="$now"; fi
    [ $((SECONDS - since)) -lt "$3" ] || { kubectl describe "$1" "$2" -n "$NS" | tail -n 40; fail "$1 $2 is not Ready after $3 s"; }
    sleep 1
  done
}

title "Installation"
kubectl get ns "$NS" >/dev/null 2>&1 || run kubectl create ns "$NS"
run kubectl label --overwrite ns "$NS" pod-security.kubernetes.io/enforce=restricted

title "0) Name servers"
run kubectl apply -f deploy/00-namesrv.yaml
title "1) Kinds"
run kubectl apply -f deploy/01-resources.yaml
title "2) Rights of the operator"
run kubectl apply -f deploy/02-rbac.yaml
title "3) The operator"
run kubectl apply -f deploy/03-deploymentWithConfig.yaml
run kubectl rollout status deployment/rocketmq-namesrv -n "$NS" --timeout=180s
run kubectl rollout status deployment/rocketmq-operator -n "$NS" --timeout=180s

title "4) A cluster with 2 masters and 2 slaves"
started=$SECONDS
run kubectl apply -f deploy/04-cluster-2m-2s.yaml
wait_ready brokercluster "$CLUSTER" 300
printf '%sready %s s after it was asked for%s\n' "$GREEN" "$((SECONDS - started))" "$PLAIN"

title "Verify the cluster"
run kubectl wait --for=condition=Ready pod -l rocketmq.huanwei.io/cluster="$CLUSTER" -n "$NS" --timeout=60s
run kubectl get pods -n "$NS" -owide
for pod in "$CLUSTER-0-0" "$CLUSTER-0-1" "$CLUSTER-1-0" "$CLUSTER-1-1"; do
  run kubectl exec "$pod" -n "$NS" -- head -n 8 ../conf/broker.conf
done

title "The official mqadmin, in a pod of its own"
run kubectl apply -f examples/tools.yaml
run kubectl wait --for=condition=Ready pod/rocketmq-tools -n "$NS" --timeout=120s
run kubectl exec rocketmq-tools -n "$NS" -- ./mqadmin clusterList -n rocketmq-namesrv-headless:9876
title "The same from here, without Java"
run kubectl rocketmq cluster-list "$CLUSTER" -n "$NS"
run kubectl rocketmq status "$CLUSTER" -n "$NS"

title "$MESSAGES messages with the official Java client, counted by key by another process"
bash demo/messages.sh "$NS" "$MESSAGES" "$RUN"

title "Where to look next"
cat <<TEXT
  export KUBECONFIG=$KUBECONFIG PATH=$(dirname "$(command -v kubectl)"):$PWD/.venv/bin:\$PATH
  kubectl get rocketmq -A                          # everything of ours; short names rmqbc, rmqns
  kubectl rocketmq clusters -A                     # one line for each cluster
  kubectl describe brokercluster $CLUSTER -n $NS
  kubectl delete pod $CLUSTER-0-0 -n $NS           # comes back as it was, on its own volume
  examples/                                        # a NameServer, and a cluster that refers to it
  make demo-down                                   # removes the lab and all in it
TEXT
