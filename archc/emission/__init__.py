"""Source that keeps the structure of its spec: what every target's emitter shares."""
