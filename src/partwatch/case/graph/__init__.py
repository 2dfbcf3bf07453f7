"""How things of a case are tied: links, paths and their bits, what breaks them, neighbours, time,
communities."""
