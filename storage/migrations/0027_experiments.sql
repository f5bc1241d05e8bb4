-- Experiments: who gets which variant is worked out from name, salt and unit, and kept nowhere. Variants are a JSON list
-- in order, each with its name, its weight, and what it changes; none of it changes once an experiment has started.
CREATE TABLE polar_experiments (
  name TEXT NOT NULL PRIMARY KEY,
  salt TEXT NOT NULL,
  unit TEXT NOT NULL,
  variants TEXT NOT NULL,
  untilMs INTEGER NOT NULL,
  people INTEGER,
  budgetUsd REAL,
  status TEXT NOT NULL,
  endedBecause TEXT,
  startedAtMs INTEGER NOT NULL,
  endedAtMs INTEGER
);

-- One at a time: an answer names one experiment.
CREATE UNIQUE INDEX polar_experiments_running ON polar_experiments (status) WHERE status = 'running';

-- What each variant has come to, counted as it happens.
CREATE TABLE polar_experiment_variants (
  experiment TEXT NOT NULL,
  variant TEXT NOT NULL,
  units INTEGER NOT NULL DEFAULT 0,
  rated INTEGER NOT NULL DEFAULT 0,
  answers INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  failuresInRow INTEGER NOT NULL DEFAULT 0,
  usd REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (experiment, variant)
) WITHOUT ROWID;

-- Who has taken part, so that each is counted once, and what they said first, in that order: by it harm is noticed. A
-- unit is a chat, a topic of a forum, or a day.
CREATE TABLE polar_experiment_units (
  sequence INTEGER PRIMARY KEY,
  unit TEXT NOT NULL,
  experiment TEXT NOT NULL,
  variant TEXT NOT NULL,
  ratedAs INTEGER,
  ratedPlace INTEGER,
  UNIQUE (unit, experiment)
);

CREATE INDEX polar_experiment_units_rated ON polar_experiment_units (experiment, ratedPlace)
WHERE ratedPlace IS NOT NULL;
