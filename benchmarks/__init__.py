"""The comparison of kremote with other systems: `scripts/bench`."""
