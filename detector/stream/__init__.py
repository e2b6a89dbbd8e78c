"""The Faust application: settings to app factory to agents of a dozen lines around the pure core."""
