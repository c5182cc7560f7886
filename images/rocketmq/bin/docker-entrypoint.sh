#!/bin/bash
# The image's entry point: `broker`, `nameserver`, `controller` and `proxy` (or the same in NODE_ROLE) start that process with
# the other arguments; anything else is run as it stands.
here=$(cd "$(dirname "$0")" && pwd -P)

start() {
  case $1 in
    nameserver | namesrv) exec sh "$here/mqnamesrv" "${@:2}" ;;
    broker) exec sh "$here/mqbroker" "${@:2}" ;;
    controller) exec sh "$here/mqcontroller" "${@:2}" ;;
    proxy) exec sh "$here/mqproxy" "${@:2}" ;;
  esac
}

start "$@"
if [ $# -eq 0 ]; then
  start "${NODE_ROLE:-}"
  echo "say what to start: broker, nameserver, controller or proxy, or set NODE_ROLE, or give a command" >&2
  exit 2
fi
exec "$@"
