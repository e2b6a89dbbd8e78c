"""Hands alerts to other systems over HTTP: webhooks and Alertmanager."""
