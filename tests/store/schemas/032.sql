CREATE INDEX ix_attempt_learner_id_chapter_id ON attempt (learner_id, chapter_id);
CREATE INDEX ix_attempt_learner_id_device_id_epoch_stamp ON attempt (learner_id, device_id, epoch, stamp);
CREATE INDEX ix_card_chapter_id_position ON card (chapter_id, position);
CREATE INDEX ix_card_family ON card (family);
CREATE INDEX ix_card_missing_since ON card (missing_since) WHERE missing_since IS NOT NULL;
CREATE INDEX ix_card_there ON card (id) WHERE missing_since IS NULL AND position > -1;
CREATE INDEX ix_card_uid ON card (uid);
CREATE INDEX ix_event_card_id_learner_id ON event (card_id, learner_id);
CREATE INDEX ix_event_learner_id_day ON event (learner_id, day);
CREATE INDEX ix_event_learner_id_device_id_epoch_stamp ON event (learner_id, device_id, epoch, stamp);
CREATE INDEX ix_event_target ON event (target);
CREATE INDEX ix_memory_buried_until ON memory (learner_id, buried_until) WHERE buried_until IS NOT NULL;
CREATE INDEX ix_memory_lapses ON memory (learner_id, card_id) WHERE lapses >= 4 OR agains >= 4;
CREATE INDEX ix_memory_lapses_learner_id_card_id ON memory (lapses, learner_id, card_id);
CREATE INDEX ix_memory_learner_id_due_last_day ON memory (learner_id, due, last_day);
CREATE INDEX ix_memory_learner_id_last_day_stability ON memory (learner_id, last_day, stability);
CREATE INDEX ix_memory_stability_difficulty_reviews_learner_id_card_id ON memory (stability, difficulty, reviews, learner_id, card_id);
CREATE INDEX ix_memory_state ON memory (learner_id, card_id) WHERE state <> 2;
CREATE INDEX ix_memory_suspended ON memory (learner_id, card_id) WHERE suspended IS 1;
CREATE INDEX ix_moment_section_id ON moment (section_id);
CREATE INDEX ix_note_chapter_id_path_line ON note (chapter_id, path, line);
CREATE INDEX ix_note_learner_id ON note (learner_id);
CREATE INDEX ix_note_tags ON note (tags);
CREATE INDEX ix_parameters_learner_id_device_id_epoch_stamp ON parameters (learner_id, device_id, epoch, stamp);
CREATE INDEX ix_response_learner_id_device_id_epoch_stamp ON response (learner_id, device_id, epoch, stamp);
CREATE INDEX ix_response_learner_id_note_id ON response (learner_id, note_id);
CREATE INDEX ix_review_card_id_learner_id ON review (card_id, learner_id);
CREATE INDEX ix_review_learner_id_device_id_epoch_stamp ON review (learner_id, device_id, epoch, stamp);
CREATE INDEX ix_review_learner_id_effective_day_stamp ON review (learner_id, effective_day, stamp);
CREATE INDEX ix_run_learner_id_device_id_epoch_stamp ON run (learner_id, device_id, epoch, stamp);
CREATE INDEX ix_run_learner_id_lesson ON run (learner_id, lesson);
CREATE INDEX ix_version_learner_id_key ON version (learner_id, "key");
CREATE INDEX ix_version_told ON version (told);
CREATE UNIQUE INDEX uq_chapter_deck ON chapter (pack, title, learner_id) WHERE number IS NULL;
CREATE UNIQUE INDEX uq_chapter_installed ON chapter (pack, number) WHERE learner_id IS NULL;
CREATE UNIQUE INDEX uq_chapter_installed_deck ON chapter (pack, title) WHERE number IS NULL AND learner_id IS NULL;
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	learner_id INTEGER NOT NULL, 
	chapter_id INTEGER NOT NULL, 
	pretest BOOLEAN NOT NULL, 
	started_at DATETIME NOT NULL, 
	"offset" INTEGER NOT NULL, 
	finished_at DATETIME, 
	note_id INTEGER, device_id INTEGER CONSTRAINT fk_attempt_device_id REFERENCES device (id), day DATE, epoch INTEGER, stamp DATETIME, changed_at DATETIME, book BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_attempt PRIMARY KEY (id), 
	CONSTRAINT uq_attempt_uid UNIQUE (uid), 
	CONSTRAINT fk_attempt_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_attempt_chapter_id FOREIGN KEY(chapter_id) REFERENCES chapter (id), 
	CONSTRAINT fk_attempt_note_id FOREIGN KEY(note_id) REFERENCES note (id)
);
CREATE TABLE card (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	note_id INTEGER NOT NULL, 
	chapter_id INTEGER NOT NULL, 
	section_id INTEGER, 
	side VARCHAR NOT NULL, 
	family VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	opener INTEGER, 
	missing_since DATETIME, 
	learner_id INTEGER, depth VARCHAR DEFAULT 'core', contrast BOOLEAN DEFAULT 0 NOT NULL, in_questionnaire BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_card PRIMARY KEY (id), 
	CONSTRAINT uq_card_note_id_side UNIQUE (note_id, side), 
	CONSTRAINT fk_card_note_id FOREIGN KEY(note_id) REFERENCES note (id), 
	CONSTRAINT fk_card_chapter_id FOREIGN KEY(chapter_id) REFERENCES chapter (id), 
	CONSTRAINT fk_card_section_id FOREIGN KEY(section_id) REFERENCES section (id), 
	CONSTRAINT fk_card_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE chapter (
	id INTEGER NOT NULL, 
	pack VARCHAR NOT NULL, 
	number INTEGER, 
	part VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, learner_id INTEGER CONSTRAINT fk_chapter_learner_id REFERENCES learner (id), 
	CONSTRAINT pk_chapter PRIMARY KEY (id), 
	CONSTRAINT uq_chapter_pack_number_learner_id UNIQUE (pack, number, learner_id)
);
CREATE TABLE chapter_progress (
	learner_id INTEGER NOT NULL, 
	chapter_id INTEGER NOT NULL, 
	started_at DATETIME, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_chapter_progress PRIMARY KEY (learner_id, chapter_id), 
	CONSTRAINT fk_chapter_progress_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_chapter_progress_chapter_id FOREIGN KEY(chapter_id) REFERENCES chapter (id)
);
CREATE TABLE device (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	name VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	own BOOLEAN NOT NULL, 
	CONSTRAINT pk_device PRIMARY KEY (id), 
	CONSTRAINT uq_device_uid UNIQUE (uid)
);
CREATE TABLE device_settings (
	device_id INTEGER NOT NULL, 
	learner_id INTEGER NOT NULL, 
	applied JSON NOT NULL, 
	CONSTRAINT pk_device_settings PRIMARY KEY (device_id, learner_id), 
	CONSTRAINT fk_device_settings_device_id FOREIGN KEY(device_id) REFERENCES device (id), 
	CONSTRAINT fk_device_settings_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE event (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	learner_id INTEGER NOT NULL, 
	card_id INTEGER, 
	kind VARCHAR NOT NULL, 
	device_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	"offset" INTEGER NOT NULL, 
	day DATE NOT NULL, 
	epoch INTEGER NOT NULL, 
	stamp DATETIME NOT NULL, 
	target BLOB, 
	until DATE, 
	payload JSON, 
	CONSTRAINT pk_event PRIMARY KEY (id), 
	CONSTRAINT uq_event_uid UNIQUE (uid), 
	CONSTRAINT fk_event_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_event_card_id FOREIGN KEY(card_id) REFERENCES card (id), 
	CONSTRAINT fk_event_device_id FOREIGN KEY(device_id) REFERENCES device (id)
);
CREATE TABLE exam (
	learner_id INTEGER NOT NULL, 
	day DATE, 
	planned_on DATE, 
	minutes INTEGER, 
	chapters JSON, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_exam PRIMARY KEY (learner_id), 
	CONSTRAINT fk_exam_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE fact (
	id INTEGER NOT NULL, 
	learner_id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	value DOUBLE NOT NULL, 
	unit VARCHAR NOT NULL, 
	low DOUBLE, 
	high DOUBLE, 
	n INTEGER NOT NULL, 
	method VARCHAR NOT NULL, 
	varies VARCHAR NOT NULL, position INTEGER DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_fact PRIMARY KEY (id), 
	CONSTRAINT uq_fact_run_id_name UNIQUE (run_id, name), 
	CONSTRAINT fk_fact_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_fact_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
CREATE TABLE learner (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_learner PRIMARY KEY (id)
);
CREATE TABLE memory (
	learner_id INTEGER NOT NULL, 
	card_id INTEGER NOT NULL, 
	state INTEGER NOT NULL, 
	step INTEGER, 
	stability DOUBLE, 
	difficulty DOUBLE, 
	due DATE, 
	due_at DATETIME, 
	cause VARCHAR, 
	first_day DATE, 
	last_day DATE, 
	last_review BLOB, 
	reviews INTEGER NOT NULL, 
	lapses INTEGER NOT NULL, 
	agains INTEGER NOT NULL, 
	expected_lapses DOUBLE NOT NULL, 
	suspended BOOLEAN NOT NULL, 
	buried_until DATE, asked BOOLEAN DEFAULT 0 NOT NULL, missed BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_memory PRIMARY KEY (learner_id, card_id), 
	CONSTRAINT fk_memory_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_memory_card_id FOREIGN KEY(card_id) REFERENCES card (id)
);
CREATE TABLE moment (
	id INTEGER NOT NULL, 
	chapter_id INTEGER NOT NULL, 
	section_id INTEGER, 
	lecture INTEGER NOT NULL, 
	seconds INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	video VARCHAR, learner_id INTEGER CONSTRAINT fk_moment_learner_id REFERENCES learner (id), 
	CONSTRAINT pk_moment PRIMARY KEY (id), 
	CONSTRAINT fk_moment_chapter_id FOREIGN KEY(chapter_id) REFERENCES chapter (id), 
	CONSTRAINT fk_moment_section_id FOREIGN KEY(section_id) REFERENCES section (id)
);
CREATE TABLE note (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	root_id INTEGER, 
	learner_id INTEGER, 
	chapter_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	style VARCHAR NOT NULL, 
	prompt VARCHAR NOT NULL, 
	answer VARCHAR NOT NULL, 
	points JSON NOT NULL, 
	family VARCHAR, 
	tags JSON NOT NULL, 
	section VARCHAR, 
	number INTEGER, 
	as_of INTEGER, 
	need INTEGER, 
	synonyms JSON NOT NULL, 
	sources JSON NOT NULL, 
	path VARCHAR NOT NULL, 
	line INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	missing_since DATETIME, front VARCHAR, depth VARCHAR DEFAULT 'core' NOT NULL, book INTEGER, reverse BOOLEAN DEFAULT 1 NOT NULL, guid VARCHAR, 
	CONSTRAINT pk_note PRIMARY KEY (id), 
	CONSTRAINT uq_note_uid_learner_id UNIQUE (uid, learner_id), 
	CONSTRAINT fk_note_root_id FOREIGN KEY(root_id) REFERENCES root (id), 
	CONSTRAINT fk_note_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_note_chapter_id FOREIGN KEY(chapter_id) REFERENCES chapter (id)
);
CREATE TABLE parameters (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	learner_id INTEGER NOT NULL, 
	device_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	day DATE NOT NULL, 
	epoch INTEGER NOT NULL, 
	stamp DATETIME NOT NULL, 
	weights JSON NOT NULL, 
	desired_retention DOUBLE NOT NULL, 
	learning_steps JSON NOT NULL, 
	relearning_steps JSON NOT NULL, 
	maximum_interval INTEGER NOT NULL, fit JSON, 
	CONSTRAINT pk_parameters PRIMARY KEY (id), 
	CONSTRAINT uq_parameters_uid UNIQUE (uid), 
	CONSTRAINT fk_parameters_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_parameters_device_id FOREIGN KEY(device_id) REFERENCES device (id)
);
CREATE TABLE passage (
	id INTEGER NOT NULL, 
	note_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	question VARCHAR NOT NULL, 
	rest VARCHAR NOT NULL, 
	CONSTRAINT pk_passage PRIMARY KEY (id), 
	CONSTRAINT uq_passage_note_id_key UNIQUE (note_id, "key"), 
	CONSTRAINT fk_passage_note_id FOREIGN KEY(note_id) REFERENCES note (id)
);
CREATE VIRTUAL TABLE passage_index USING fts5(question, rest, content='passage', content_rowid='id', tokenize='trigram case_sensitive 1', detail=none);
CREATE TABLE 'passage_index_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'passage_index_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'passage_index_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'passage_index_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE peer (
	uid BLOB NOT NULL, 
	name VARCHAR NOT NULL, 
	done BIGINT NOT NULL, 
	tail VARCHAR NOT NULL, 
	seen VARCHAR NOT NULL, 
	entries INTEGER NOT NULL, 
	torn INTEGER NOT NULL, 
	refused INTEGER NOT NULL, 
	newest DATETIME, 
	CONSTRAINT pk_peer PRIMARY KEY (uid)
);
CREATE TABLE prediction (
	id INTEGER NOT NULL, 
	learner_id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	question VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	answer VARCHAR, 
	low DOUBLE, 
	high DOUBLE, 
	choices INTEGER NOT NULL, 
	confidence DOUBLE, 
	naive BOOLEAN NOT NULL, 
	grade VARCHAR, 
	score DOUBLE, 
	card_id INTEGER, 
	CONSTRAINT pk_prediction PRIMARY KEY (id), 
	CONSTRAINT fk_prediction_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT uq_prediction_run_id UNIQUE (run_id), 
	CONSTRAINT fk_prediction_run_id FOREIGN KEY(run_id) REFERENCES run (id), 
	CONSTRAINT fk_prediction_card_id FOREIGN KEY(card_id) REFERENCES card (id)
);
CREATE TABLE response (
	id INTEGER NOT NULL, 
	learner_id INTEGER NOT NULL, 
	attempt_id INTEGER NOT NULL, 
	note_id INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	ticked JSON NOT NULL, 
	points INTEGER NOT NULL, 
	hits INTEGER NOT NULL, 
	confidence DOUBLE, 
	flagged BOOLEAN NOT NULL, 
	revealed_at DATETIME, 
	grade VARCHAR, 
	graded_at DATETIME, 
	entries JSON NOT NULL, 
	changed_at DATETIME NOT NULL, variant VARCHAR, device_id INTEGER CONSTRAINT fk_response_device_id REFERENCES device (id), epoch INTEGER, stamp DATETIME, 
	CONSTRAINT pk_response PRIMARY KEY (id), 
	CONSTRAINT uq_response_attempt_id_note_id UNIQUE (attempt_id, note_id), 
	CONSTRAINT fk_response_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_response_attempt_id FOREIGN KEY(attempt_id) REFERENCES attempt (id), 
	CONSTRAINT fk_response_note_id FOREIGN KEY(note_id) REFERENCES note (id)
);
CREATE TABLE review (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	learner_id INTEGER NOT NULL, 
	card_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	rating INTEGER NOT NULL, 
	device_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	"offset" INTEGER NOT NULL, 
	day DATE NOT NULL, 
	epoch INTEGER NOT NULL, 
	stamp DATETIME NOT NULL, 
	duration INTEGER NOT NULL, 
	variant VARCHAR, 
	arm VARCHAR, 
	effective_day DATE NOT NULL, 
	state_before INTEGER NOT NULL, 
	stability_before DOUBLE, 
	difficulty_before DOUBLE, 
	state_after INTEGER NOT NULL, 
	stability_after DOUBLE, 
	difficulty_after DOUBLE, last_day_before DATE, interval INTEGER, retention DOUBLE, 
	CONSTRAINT pk_review PRIMARY KEY (id), 
	CONSTRAINT uq_review_uid UNIQUE (uid), 
	CONSTRAINT fk_review_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_review_card_id FOREIGN KEY(card_id) REFERENCES card (id), 
	CONSTRAINT fk_review_device_id FOREIGN KEY(device_id) REFERENCES device (id)
);
CREATE TABLE rewording (
	learner_id INTEGER NOT NULL, 
	note_id INTEGER NOT NULL, 
	CONSTRAINT pk_rewording PRIMARY KEY (learner_id, note_id), 
	CONSTRAINT fk_rewording_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_rewording_note_id FOREIGN KEY(note_id) REFERENCES note (id)
);
CREATE TABLE root (
	id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	learner_id INTEGER, 
	stamp VARCHAR NOT NULL, 
	read_at DATETIME NOT NULL, 
	CONSTRAINT pk_root PRIMARY KEY (id), 
	CONSTRAINT uq_root_path UNIQUE (path), 
	CONSTRAINT fk_root_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	uid BLOB NOT NULL, 
	learner_id INTEGER NOT NULL, 
	lesson VARCHAR NOT NULL, 
	pack VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	knobs JSON NOT NULL, 
	canonical VARCHAR NOT NULL, 
	seeds INTEGER, 
	seed INTEGER, 
	device VARCHAR, 
	python VARCHAR, 
	torch VARCHAR, 
	threads INTEGER, 
	seconds DOUBLE NOT NULL, 
	outcome VARCHAR NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME NOT NULL, 
	"offset" INTEGER NOT NULL, device_id INTEGER CONSTRAINT fk_run_device_id REFERENCES device (id), day DATE, epoch INTEGER, stamp DATETIME, explanation VARCHAR, explanation_ticked JSON, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT uq_run_uid UNIQUE (uid), 
	CONSTRAINT fk_run_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE schema_version (
	version INTEGER NOT NULL, 
	applied_at DATETIME NOT NULL, 
	CONSTRAINT pk_schema_version PRIMARY KEY (version)
);
CREATE TABLE section (
	id INTEGER NOT NULL, 
	chapter_id INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	line INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	missing_since DATETIME, learner_id INTEGER CONSTRAINT fk_section_learner_id REFERENCES learner (id), 
	CONSTRAINT pk_section PRIMARY KEY (id), 
	CONSTRAINT uq_section_chapter_id_number UNIQUE (chapter_id, number), 
	CONSTRAINT fk_section_chapter_id FOREIGN KEY(chapter_id) REFERENCES chapter (id)
);
CREATE TABLE section_progress (
	learner_id INTEGER NOT NULL, 
	section_id INTEGER NOT NULL, 
	started_at DATETIME, 
	done_at DATETIME, 
	familiarity INTEGER, 
	text VARCHAR NOT NULL, changed_at DATETIME, 
	CONSTRAINT pk_section_progress PRIMARY KEY (learner_id, section_id), 
	CONSTRAINT fk_section_progress_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id), 
	CONSTRAINT fk_section_progress_section_id FOREIGN KEY(section_id) REFERENCES section (id)
);
CREATE TABLE sight (
	learner_id INTEGER NOT NULL, 
	lesson VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_sight PRIMARY KEY (learner_id, lesson), 
	CONSTRAINT fk_sight_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE stale (
	learner_id INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	CONSTRAINT pk_stale PRIMARY KEY (learner_id), 
	CONSTRAINT fk_stale_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE tallied (
	learner_id INTEGER NOT NULL, 
	review_id BIGINT NOT NULL, 
	event_id BIGINT NOT NULL, 
	CONSTRAINT pk_tallied PRIMARY KEY (learner_id), 
	CONSTRAINT fk_tallied_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE tally (
	learner_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	ratings INTEGER NOT NULL, 
	reviews INTEGER NOT NULL, 
	told INTEGER NOT NULL, 
	hits INTEGER NOT NULL, 
	waits VARCHAR NOT NULL, 
	CONSTRAINT pk_tally PRIMARY KEY (learner_id, day), 
	CONSTRAINT fk_tally_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE told (
	log VARCHAR NOT NULL, 
	upto BIGINT NOT NULL, 
	CONSTRAINT pk_told PRIMARY KEY (log)
);
CREATE TABLE variant (
	note_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	prompt VARCHAR NOT NULL, 
	front VARCHAR, 
	answer VARCHAR NOT NULL, 
	points JSON NOT NULL, 
	need INTEGER, 
	CONSTRAINT pk_variant PRIMARY KEY (note_id, "key"), 
	CONSTRAINT fk_variant_note_id FOREIGN KEY(note_id) REFERENCES note (id)
);
CREATE TABLE version (
	uid BLOB NOT NULL, 
	learner_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	value JSON NOT NULL, 
	stamp DATETIME, 
	replaces JSON NOT NULL, 
	replaced BOOLEAN NOT NULL, 
	shown BOOLEAN NOT NULL, 
	told BOOLEAN NOT NULL, 
	CONSTRAINT pk_version PRIMARY KEY (uid), 
	CONSTRAINT fk_version_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE TABLE waiting (
	uid BLOB NOT NULL, 
	peer_uid BLOB NOT NULL, 
	why VARCHAR NOT NULL, 
	line VARCHAR NOT NULL, 
	CONSTRAINT pk_waiting PRIMARY KEY (uid)
);
