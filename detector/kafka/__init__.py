"""What every command shares that speaks to a broker: connection options, topics, reading without a group."""
