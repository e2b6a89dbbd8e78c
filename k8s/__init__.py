"""Makes the generated manifests."""
