"""The numpy engine: one module a family of ops, as in the catalogue. It needs nothing but numpy."""
