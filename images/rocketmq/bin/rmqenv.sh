# Read by the other scripts: finds RocketMQ's home and Java, and sets what every process has in common.
#   ROCKETMQ_HOME  where bin, conf and lib are; by default the parent of the script's directory
#   JAVA_HOME      by default the java of the PATH
#   JAVA_OPT_EXT   further flags, the last to be given, so they win
# Gives: $JAVA, $CLASS_PATH, and start_java ARCHIVE FLAGS... CLASS ARGUMENTS..., which never returns.

ROCKETMQ_HOME=${ROCKETMQ_HOME:-$(cd "$(dirname "$0")/.." && pwd -P)}
export ROCKETMQ_HOME

if [ -n "$JAVA_HOME" ] && [ -x "$JAVA_HOME/bin/java" ]; then
  JAVA=$JAVA_HOME/bin/java
elif JAVA=$(command -v java); then
  :
else
  echo "ERROR: no Java: set JAVA_HOME or put java on the PATH" >&2
  exit 1
fi

# The class-data archives hold for exactly one class path (see CDS.md); without them the order does not matter.
if [ -r "$ROCKETMQ_HOME/cds/classpath" ]; then
  CLASS_PATH=$(cat "$ROCKETMQ_HOME/cds/classpath"):$ROCKETMQ_HOME/conf
else
  CLASS_PATH=$ROCKETMQ_HOME/conf:$ROCKETMQ_HOME/lib/*
fi
[ -z "$CLASSPATH" ] || CLASS_PATH=$CLASS_PATH:$CLASSPATH

start_java() {
  archive=$ROCKETMQ_HOME/cds/$1.jsa
  shift
  [ ! -r "$archive" ] || set -- -XX:SharedArchiveFile="$archive" -Xshare:auto "$@"
  # exec: the process must get the SIGTERM that ends a pod, or it never leaves the name servers by itself.
  # The machine's own warnings go to standard error: a tool's standard output is a table.
  exec "$JAVA" -Xlog:disable -Xlog:all=warning:stderr -Duser.home="${HOME:-/home/rocketmq}" "$@"
}
