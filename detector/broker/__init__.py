"""Apache Kafka on this machine, for the demo, the tests and trying things out. Needs the `broker` extra."""
