#!/bin/bash
# Run once, at the image's build: writes the logging of each process from the one pattern, under the names that the release
# looks for (line 4 has its own), and makes the scripts executable.
set -euo pipefail
cd "$(dirname "$0")"

for role in broker namesrv controller proxy tools; do
  case $ROCKETMQ_VERSION in
    4.*) file=logback_$role.xml ;;
    *) file=rmq.$role.logback.xml ;;
  esac
  sed "s/@ROLE@/$role/" ../conf/logback.xml.in >"../conf/$file"
done
# A tool's output is a table that people and programs read: no log line in between. The appender goes as well, for logback
# prints its whole history when one is left over.
sed -i '/name="console"/,/<\/appender>/d; /ref="console"/d' ../conf/*tools*.xml
rm ../conf/logback.xml.in
chmod 755 mq* ./*.sh
mkdir -p ~/logs/rocketmqlogs ~/store
