"""Tests of what operators use: metrics against documentation, rules, routes, dashboards, the runbook."""
