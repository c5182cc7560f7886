#!/usr/bin/env bash
# make demo: what the tutorial needs (a Kubernetes, the images), then the tutorial. DEMO_KUBECONFIG names a cluster of your own,
# whose nodes know the images (docs/images.md).
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=.venv/bin/python
export PATH="$PWD/.venv/bin:$PATH"

lacks() { printf 'make demo: %s\n' "$*" >&2; MISSING=1; }
MISSING=0
for program in java:openjdk-17-jdk-headless mvn:maven; do
  command -v "${program%%:*}" >/dev/null || lacks "${program%%:*} is needed for the message clients: apt-get install ${program#*:}"
done
if [ -n "${DEMO_KUBECONFIG:-}" ]; then
  command -v kubectl >/dev/null || lacks "kubectl is needed to reach the cluster of DEMO_KUBECONFIG"
  [ -r "$DEMO_KUBECONFIG" ] || lacks "DEMO_KUBECONFIG names $DEMO_KUBECONFIG, which cannot be read"
else
  [ "$(id -u)" = 0 ] || lacks "root is needed for the embedded Kubernetes: run it as root, or set DEMO_KUBECONFIG to a cluster of your own"
  command -v go >/dev/null || lacks "go is needed to build the embedded Kubernetes: https://go.dev, or apt-get install golang"
fi
[ "$MISSING" = 0 ] || exit 2

if [ -n "${DEMO_KUBECONFIG:-}" ]; then
  export KUBECONFIG="$DEMO_KUBECONFIG"
else
  started=$SECONDS
  ARCHIVES="$(mktemp)"
  trap 'rm -f "$ARCHIVES"' EXIT
  lab/lab up
  $PYTHON -m images.builder build >"$ARCHIVES"
  mapfile -t archives <"$ARCHIVES"
  lab/lab load "${archives[@]}"
  KUBECONFIG="$(lab/lab kubeconfig)"
  export KUBECONFIG PATH="$(dirname "$KUBECONFIG")/bin:$PATH"
  printf 'a Kubernetes of 3 nodes with the images on each: %s s\n' "$((SECONDS - started))"
fi
bash demo/tutorial.sh
