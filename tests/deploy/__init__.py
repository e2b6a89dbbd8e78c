<<<<<<< HEAD
"""Tests of what operators use: metrics against documentation, rules, routes, dashboards, the runbook."""
=======
"""What deploy/ and k8s/ promise, checked without a container engine or a cluster."""
>>>>>>> 0912faa (Make an image, a compose file and Kubernetes manifests)
