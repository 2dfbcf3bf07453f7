"""The desk: takes submissions from the queue, has workers read and match them, keeps what was found."""
