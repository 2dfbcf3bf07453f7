"""Which records of a case are of one person, company or address: scored, weighed, merged, or asked."""
