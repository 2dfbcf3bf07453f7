"""A service at work: the web server, its desks and its housekeeper as processes that end together."""
