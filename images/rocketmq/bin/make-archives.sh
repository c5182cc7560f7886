#!/bin/bash
# Makes the class-data archive that lets Java start without parsing and verifying RocketMQ's classes (see CDS.md):
#   $ROCKETMQ_HOME/cds/classpath                       the class path that the archive holds for
#   $ROCKETMQ_HOME/cds/{broker,namesrv,...}.jsa        one archive under each process' name
# Runs a name server, a broker and admin commands on loopback to learn which classes they load; run it again in a derived
# image that adds jars. Bounded: every wait ends after at most two minutes.
set -euo pipefail
cds=$ROCKETMQ_HOME/cds
work=$(mktemp -d)
pids=()

finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() { # below the ports that the kernel gives to outgoing connections
  local port
  while port=$((20000 + RANDOM % 10000)); is_open "$port"; do :; done
  echo "$port"
}

await_port() {
  for _ in $(seq 1200); do
    is_open "$1" && return
    sleep 0.1
  done
  echo "port $1 did not open" >&2
  cat "$work"/*.log >&2
  exit 1
}

rm -rf "$cds"
mkdir "$cds"
# A folder may not be in it, and a wildcard's order is the file system's: so each jar by name. conf is added behind it.
CLASS_PATH=$(printf '%s\n' "$ROCKETMQ_HOME"/lib/*.jar | LC_ALL=C sort | paste -sd:)
printf '%s' "$CLASS_PATH" >"$cds/classpath"

learn() { # NAME CLASS ARGUMENTS...; takes the place of the (sub)shell that calls it, so that its process id is java's
  local name=$1
  shift
  exec java -Xshare:off -XX:DumpLoadedClassList="$work/$name.classes" -Xmx128m -XX:+UseSerialGC -Duser.home="$work" \
    -Dtls.server.mode=disabled -cp "$CLASS_PATH:$ROCKETMQ_HOME/conf" "$@" >"$work/$name.log" 2>&1
}

admin() { # NAME COMMAND OPTIONS...
  local name=$1
  shift
  (learn "$name" org.apache.rocketmq.tools.command.MQAdminStartup "$@") && ! grep -q 'Exception' "$work/$name.log"
}

namesrv=$(free_port)
broker=$(free_port)
cat >"$work/namesrv.conf" <<CONF
listenPort=$namesrv
bindAddress=127.0.0.1
CONF
cat >"$work/broker.conf" <<CONF
listenPort=$broker
haListenPort=$((broker + 1))
bindAddress=127.0.0.1
brokerIP1=127.0.0.1
namesrvAddr=127.0.0.1:$namesrv
storePathRootDir=$work/store
mappedFileSizeCommitLog=1048576
mappedFileSizeConsumeQueue=60000
CONF

(learn namesrv org.apache.rocketmq.namesrv.NamesrvStartup -c "$work/namesrv.conf") &
pids+=($!)
await_port "$namesrv"
(learn broker org.apache.rocketmq.broker.BrokerStartup -c "$work/broker.conf") &
pids+=($!)
await_port "$broker"

at="-n 127.0.0.1:$namesrv"
for attempt in $(seq 12); do
  # The broker registers a moment after its port opens; until then the commands fail.
  # shellcheck disable=SC2086
  if admin topic updateTopic $at -c DefaultCluster -t learn && admin list clusterList $at \
    && admin send sendMessage $at -t learn -p hello; then
    break
  fi
  [ "$attempt" -lt 12 ] || { cat "$work"/*.log >&2; exit 1; }
  sleep 1
done

# Ended by SIGTERM, java still writes its list of classes.
kill "${pids[@]}"
for pid in "${pids[@]}"; do wait "$pid" || true; done
pids=()

# Numbers of classes hold within one list only.
cat "$work"/*.classes | sed '/source:/d; s/ id: [0-9]*$//' | awk '!seen[$0]++' >"$work/all.classes"
java -Xshare:dump -XX:SharedClassListFile="$work/all.classes" -XX:SharedArchiveFile="$cds/rocketmq.jsa" \
  -XX:+UseSerialGC -Xmx512m -Xlog:disable -Xlog:all=error:stderr -cp "$CLASS_PATH"
for name in broker namesrv controller proxy tools; do ln -s rocketmq.jsa "$cds/$name.jsa"; done

# An archive that is refused is worse than none: it would be carried about for nothing.
java -Xshare:on -XX:SharedArchiveFile="$cds/broker.jsa" -XX:+UseSerialGC -cp "$CLASS_PATH:$ROCKETMQ_HOME/conf" -version
