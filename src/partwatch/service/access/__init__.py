"""Who may do what: accounts, passwords, tokens, sessions, limits, and the headers that keep browsers safe."""
