"""What deploy/ and k8s/ promise, checked without a container engine or a cluster."""
