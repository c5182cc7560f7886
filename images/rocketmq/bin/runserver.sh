#!/bin/sh
# Starts a name server, controller or proxy: runserver.sh [-Dname=value ...] CLASS [ARGUMENTS...]
#   HEAP_OPTS  sizes of heap and direct memory; by default a quarter of the container's memory as heap
. "$(dirname "$0")/rmqenv.sh"
# shellcheck disable=SC2086
start_java "${RMQ_ARCHIVE:-none}" ${HEAP_OPTS:--XX:InitialRAMPercentage=10 -XX:MaxRAMPercentage=25} \
  -XX:+UseSerialGC -XX:-OmitStackTraceInFastThrow -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError \
  --add-opens=java.base/java.lang=ALL-UNNAMED \
  ${JAVA_OPT} ${JAVA_OPT_EXT} -cp "$CLASS_PATH" "$@"
