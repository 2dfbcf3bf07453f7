-- What version 2 added to a list's tables.
PRAGMA user_version = 2;
CREATE TABLE gate_reports (
	part_id INTEGER NOT NULL,
	rate FLOAT NOT NULL,
	look_alikes TEXT NOT NULL,
	population TEXT NOT NULL,
	calibration TEXT NOT NULL,
	made TEXT NOT NULL,
	allowed TEXT,
	PRIMARY KEY (part_id),
	FOREIGN KEY(part_id) REFERENCES parts (id) ON DELETE CASCADE
);
