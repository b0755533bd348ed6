"""kremote's tests."""
