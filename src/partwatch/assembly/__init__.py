"""Many items become one design: which items together hold it, what is still missing, and in how many bits."""
