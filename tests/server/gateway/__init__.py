"""Tests of the gateway, against servers with fake workers."""
