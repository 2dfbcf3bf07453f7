-- A list's tables as version 1 made them.
PRAGMA page_size = 16384;
PRAGMA application_id = 1347890508;
PRAGMA user_version = 1;
CREATE TABLE meta ("key" TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY ("key"));
CREATE TABLE designs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	authority TEXT NOT NULL,
	reason TEXT NOT NULL,
	expires TEXT NOT NULL,
	note TEXT,
	digest BLOB NOT NULL,
	UNIQUE (name)
);
CREATE TABLE parts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	design_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	quantity INTEGER NOT NULL CHECK (quantity >= 1),
	required BOOLEAN NOT NULL,
	alternative_to TEXT,
	source_name TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	medium TEXT NOT NULL,
	distinctiveness FLOAT NOT NULL,
	area_mm2 FLOAT NOT NULL,
	extent_x_mm FLOAT NOT NULL,
	extent_y_mm FLOAT NOT NULL,
	extent_z_mm FLOAT NOT NULL,
	triangles INTEGER NOT NULL,
	has_geometry BOOLEAN NOT NULL,
	UNIQUE (design_id, name),
	FOREIGN KEY(design_id) REFERENCES designs (id) ON DELETE CASCADE
);
CREATE TABLE geometry (
	part_id INTEGER NOT NULL,
	vertex_type TEXT NOT NULL,
	vertices BLOB NOT NULL,
	triangles BLOB NOT NULL,
	PRIMARY KEY (part_id),
	FOREIGN KEY(part_id) REFERENCES parts (id) ON DELETE CASCADE
);
CREATE TABLE prints (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	part_id INTEGER NOT NULL,
	shell INTEGER NOT NULL,
	descriptor BLOB NOT NULL,
	FOREIGN KEY(part_id) REFERENCES parts (id) ON DELETE CASCADE
);
CREATE INDEX ix_prints_part_id ON prints (part_id);
CREATE TABLE clouds (
	print_id INTEGER NOT NULL,
	points BLOB NOT NULL,
	PRIMARY KEY (print_id),
	FOREIGN KEY(print_id) REFERENCES prints (id) ON DELETE CASCADE
);
