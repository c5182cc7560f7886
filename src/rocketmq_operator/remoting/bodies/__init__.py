"""Typed bodies of responses, one file a topic. Names on the wire are RocketMQ's; ours say what they mean."""
