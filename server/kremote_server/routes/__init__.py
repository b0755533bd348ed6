"""The addresses of the gateway, one module a noun."""
