"""Builds the project's container images and keeps each, as one archive, under a hash of all that goes into it."""
