"""Which settings of a broker could be changed live: read off a RocketMQ version's jars (docs/live-settings.md)."""
