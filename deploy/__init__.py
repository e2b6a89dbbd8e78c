"""What operators use: rules, dashboards, the runbook, and the programs that generate some of it."""
