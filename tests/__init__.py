"""The tests: unit, on a real Kafka, and the acceptance runs."""
