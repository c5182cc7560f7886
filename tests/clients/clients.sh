#!/bin/sh
# Runs one subcommand of clients.jar (beside this file) with RocketMQ's own classes: those of an image's home, or LIBRARY.
# Small on purpose: two of these processes fit a pod of 512 Mi.
here="$(cd "$(dirname "$0")" && pwd)"
exec java -Xmx96m -XX:MaxDirectMemorySize=64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
  --add-opens java.base/java.nio=ALL-UNNAMED \
  -cp "$here/clients.jar:${LIBRARY:-$ROCKETMQ_HOME/lib}/*" io.huanwei.rocketmq.clients.Main "$@"
