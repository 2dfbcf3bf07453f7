"""What was ever screened, by fingerprint: kept in LanceDB, searched when something new is listed."""
