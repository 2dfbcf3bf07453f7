"""How lawfully exported material becomes statements: one module a kind of source."""
