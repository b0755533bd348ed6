"""The worker process: sessions of values on one device, reached over the link."""
