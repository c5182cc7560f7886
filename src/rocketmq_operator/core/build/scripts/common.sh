# Shared by the entry scripts of brokers and name servers. It relies on bash and on nothing of any particular image:
# home directory, RocketMQ version, Java and its version are found here, at start.

say() { printf '%s rocketmq-operator: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

# Ends the container with a reason that the operator turns into a condition. 64 to 78 are ours (sysexits).
refuse() {
  say "refusing to start: $1: $2"
  printf '%s: %s' "$1" "$2" >"$ROOT/dev/termination-log" 2>/dev/null || true
  exit 64
}

# Process 1 gets no default signal handling; without this a pod that still waits would not stop in time.
trap 'exit 143' TERM INT

find_home() {
  local candidate
  for candidate in "${ROCKETMQ_HOME:-}" /home/rocketmq/rocketmq-* /opt/rocketmq*; do
    if [ -n "$candidate" ] && [ -d "$candidate/lib" ] && [ -d "$candidate/conf" ]; then
      export ROCKETMQ_HOME="$candidate"
      return
    fi
  done
  refuse NoRocketMQ "the image holds no RocketMQ home (a directory with bin, conf and lib; ROCKETMQ_HOME names it)"
}

# Sets ROCKETMQ_VERSION_FOUND, such as 5.4.0, from the jar that will run.
find_version() {
  local jar
  for jar in "$ROCKETMQ_HOME"/lib/rocketmq-"$1"-[0-9]*.jar; do
    ROCKETMQ_VERSION_FOUND="${jar##*/rocketmq-"$1"-}"
    ROCKETMQ_VERSION_FOUND="${ROCKETMQ_VERSION_FOUND%.jar}"
  done
  [ -e "${jar:-}" ] || refuse NoRocketMQ "no rocketmq-$1 jar in $ROCKETMQ_HOME/lib"
}

# at_least 5.1: whether the version found is that or newer.
at_least() {
  local have_major have_minor want_major="${1%%.*}" want_minor="${1#*.}"
  have_major="${ROCKETMQ_VERSION_FOUND%%.*}"
  have_minor="${ROCKETMQ_VERSION_FOUND#*.}"
  have_minor="${have_minor%%[!0-9]*}"
  if [ "$have_major" -ne "$want_major" ]; then [ "$have_major" -gt "$want_major" ]; else [ "$have_minor" -ge "$want_minor" ]; fi
}

# Sets JAVA and JAVA_MAJOR (8, 11, 17, ...). The release file saves starting Java just to ask it.
find_java() {
  local resolved text
  JAVA="${JAVA_HOME:+$JAVA_HOME/bin/java}"
  [ -x "$JAVA" ] || JAVA="$(command -v java)" || refuse NoJava "no java on PATH and JAVA_HOME names none"
  resolved="$(readlink -f "$JAVA")"
  text="$(sed -n 's/^JAVA_VERSION="\(.*\)"/\1/p' "${resolved%/bin/java}/release" "${resolved%/jre/bin/java}/release" 2>/dev/null | head -n 1)" || true
  [ -n "$text" ] || text="$("$JAVA" -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)"
  text="${text#1.}"
  JAVA_MAJOR="${text%%[!0-9]*}"
}

# Direct memory for a memory limit, both in MiB. Every thread that stores messages keeps a buffer of the largest message's size
# (4 MiB by default; MessageExtEncoder): some 55 threads on a broker that does everything. One that finds no memory left loses
# what it was about to do, such as the commit of a transaction, so a small pod gets more than the quarter of a large one.
direct_memory() {
  local quarter=$(($1 / 4)) most=$(($1 * 35 / 100))
  local least=$((most < 256 ? most : 256))
  echo $((quarter > least ? quarter : least))
}

# Sets JAVA_OPTIONS: heap and direct memory from the memory limit (MiB), flags that the Java version has.
java_options() {
  local program="$1" limit="${MEMORY_LIMIT_MIB:-2048}" heap
  heap="${JVM_HEAP:-$((limit * 40 / 100))m}"
  JAVA_OPTIONS=("-Xms$heap" "-Xmx$heap" "-Duser.home=$DATA" -Djava.awt.headless=true)
  JAVA_OPTIONS+=(-Dsun.net.inetaddr.ttl=10 -Dsun.net.inetaddr.negative.ttl=1 -XX:-UseLargePages)
  if [ "$program" = broker ]; then JAVA_OPTIONS+=("-XX:MaxDirectMemorySize=$(direct_memory "$limit")m"); fi
  if [ "$limit" -le 4096 ]; then JAVA_OPTIONS+=(-XX:+UseSerialGC); else JAVA_OPTIONS+=(-XX:+UseG1GC); fi
  if [ "$JAVA_MAJOR" -ge 9 ]; then
    JAVA_OPTIONS+=(--add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED)
  fi
  if [ "$JAVA_MAJOR" -ge 11 ]; then JAVA_OPTIONS+=(-XX:+ExitOnOutOfMemoryError); fi
  if [ -r "$ROCKETMQ_HOME/conf/rmq.$program.logback.xml" ]; then
    # From 5.0 on the servers share one class path, so each must be told which logging configuration is its own.
    JAVA_OPTIONS+=("-Drmq.logback.configurationFile=$ROCKETMQ_HOME/conf/rmq.$program.logback.xml")
  fi
  if [[ " ${JVM_OPTIONS[*]} " != *" -Dtls."* ]]; then
    # By default a server makes itself a self-signed certificate at each start, which protects nobody and costs more
    # processor time than all the rest of the start. Any -Dtls... of the user's own puts TLS back.
    JAVA_OPTIONS+=(-Dtls.server.mode=disabled)
  fi
  CLASS_PATH="$ROCKETMQ_HOME/conf:$ROCKETMQ_HOME/lib/*"
}

# Whether something listens at host:port.
reachable() {
  local host="${1%:*}" port="${1##*:}"
  host="${host#[}"; host="${host%]}"
  timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null
}

# Uses the class-data archive that an image may hold (an optional extra): the JVM then starts with its classes ready made.
class_data() {
  local archive="$ROCKETMQ_HOME/cds/$1.jsa" path="$ROCKETMQ_HOME/cds/classpath"
  if [ "$JAVA_MAJOR" -ge 13 ] && [ -r "$archive" ] && [ -r "$path" ]; then
    JAVA_OPTIONS+=("-XX:SharedArchiveFile=$archive" -Xshare:auto)
    CLASS_PATH="$(<"$path"):$ROCKETMQ_HOME/conf"
  fi
}
