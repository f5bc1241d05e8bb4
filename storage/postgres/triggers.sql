-- What the triggers of storage/migrations do, and the rows that those enter; up to the version with which PostgreSQL
-- began. Not here: what brings SQLite's index of words up to date (polar_memory_changes), which PostgreSQL has not.

INSERT INTO polar.polar_keys VALUES ('personality', lower(polar.hex(polar.randomblob(32))));
INSERT INTO polar.polar_totals VALUES ('updates.done', 0);
INSERT INTO polar.polar_sequences VALUES ('polar_updates', 0), ('polar_delivery_queue', 0);

CREATE FUNCTION polar.day(ms bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN coalesce(polar.date(ms / 1000, 'unixepoch'), '');
END $$;

CREATE FUNCTION polar.field(document text, path text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN coalesce(CASE WHEN polar.json_valid(document) THEN polar.json_extract(document, path) END, '');
END $$;

-- Append-only, kept by the database itself.
CREATE FUNCTION polar.keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER polar_feedback_events_no_update BEFORE UPDATE ON polar_feedback_events
FOR EACH ROW EXECUTE FUNCTION polar.keep();
CREATE TRIGGER polar_feedback_events_no_delete BEFORE DELETE ON polar_feedback_events
FOR EACH ROW EXECUTE FUNCTION polar.keep();
CREATE TRIGGER polar_feedback_events_no_truncate BEFORE TRUNCATE ON polar_feedback_events
FOR EACH STATEMENT EXECUTE FUNCTION polar.keep();
CREATE TRIGGER polar_run_events_no_update BEFORE UPDATE ON polar_run_events
FOR EACH ROW EXECUTE FUNCTION polar.keep();
CREATE TRIGGER polar_run_events_no_delete BEFORE DELETE ON polar_run_events
FOR EACH ROW EXECUTE FUNCTION polar.keep();
CREATE TRIGGER polar_run_events_no_truncate BEFORE TRUNCATE ON polar_run_events
FOR EACH STATEMENT EXECUTE FUNCTION polar.keep();

-- What is there already is not entered again, and an upsert does not reach its DO UPDATE. Each key is looked for by
-- itself: of both at once PostgreSQL would make a plan that walks the table, and keep it as the table grows.
CREATE FUNCTION polar.feedback_entered_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM polar.polar_feedback_events WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM polar.polar_feedback_events WHERE rowid = NEW.rowid) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER polar_feedback_events_no_replace BEFORE INSERT ON polar_feedback_events
FOR EACH ROW EXECUTE FUNCTION polar.feedback_entered_once();

CREATE FUNCTION polar.run_entered_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM polar.polar_run_events WHERE sequence = NEW.sequence) OR EXISTS (
    SELECT 1 FROM polar.polar_run_events WHERE source = NEW.source AND id = NEW.id AND runId = NEW.runId
  ) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER polar_run_events_no_replace BEFORE INSERT ON polar_run_events
FOR EACH ROW EXECUTE FUNCTION polar.run_entered_once();

-- What a page over millions of rows needs at once, counted as the rows are written.
CREATE FUNCTION polar.count_feedback() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  day text := polar.day(NEW.createdAtMs);
  automation text := polar.field(NEW.payload, '$.producedBy.automationId');
  profile text := polar.field(NEW.payload, '$.producedBy.profileId');
  added integer := CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE 0 END;
  removed integer := 1 - added;
BEGIN
  INSERT INTO polar.polar_daily_feedback AS so_far
  VALUES (day, coalesce(NEW.emoji, ''), coalesce(NEW.polarity, 'neutral'), automation, profile, added, removed)
  ON CONFLICT ON CONSTRAINT polar_daily_feedback_pkey
  DO UPDATE SET added = so_far.added + excluded.added, removed = so_far.removed + excluded.removed;
  INSERT INTO polar.polar_chat_feedback AS so_far VALUES (
    NEW.sessionId, day, automation, profile,
    CASE WHEN NEW.polarity = 'positive' THEN added - removed ELSE 0 END,
    CASE WHEN NEW.polarity = 'negative' THEN added - removed ELSE 0 END,
    CASE WHEN NEW.polarity = 'neutral' THEN added - removed ELSE 0 END,
    NEW.createdAtMs)
  ON CONFLICT ON CONSTRAINT polar_chat_feedback_pkey DO UPDATE SET
    positive = so_far.positive + excluded.positive, negative = so_far.negative + excluded.negative,
    neutral = so_far.neutral + excluded.neutral, lastMs = greatest(so_far.lastMs, excluded.lastMs);
  RETURN NULL;
END $$;
CREATE TRIGGER polar_feedback_events_daily AFTER INSERT ON polar_feedback_events
FOR EACH ROW WHEN (NEW.type IN ('reaction_added', 'reaction_removed')) EXECUTE FUNCTION polar.count_feedback();

CREATE FUNCTION polar.count_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO polar.polar_daily_messages AS so_far VALUES (polar.day(NEW.createdAtMs), NEW.role, 1)
  ON CONFLICT (day, role) DO UPDATE SET count = so_far.count + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER polar_messages_daily AFTER INSERT ON polar_messages
FOR EACH ROW EXECUTE FUNCTION polar.count_message();

CREATE FUNCTION polar.count_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO polar.polar_daily_turns AS so_far VALUES (
    polar.day(NEW.createdAtMs), NEW.kind, NEW.outcome,
    CASE WHEN NEW.durationMs <= 10 THEN '0.01' WHEN NEW.durationMs <= 50 THEN '0.05'
      WHEN NEW.durationMs <= 100 THEN '0.1' WHEN NEW.durationMs <= 500 THEN '0.5'
      WHEN NEW.durationMs <= 1000 THEN '1' WHEN NEW.durationMs <= 5000 THEN '5'
      WHEN NEW.durationMs <= 15000 THEN '15' WHEN NEW.durationMs <= 60000 THEN '60' ELSE '+Inf' END,
    1, NEW.durationMs)
  ON CONFLICT (day, kind, outcome, le)
  DO UPDATE SET count = so_far.count + 1, durationMs = so_far.durationMs + excluded.durationMs;
  RETURN NULL;
END $$;
CREATE TRIGGER polar_audit_daily AFTER INSERT ON polar_audit FOR EACH ROW EXECUTE FUNCTION polar.count_turn();

CREATE FUNCTION polar.count_send() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO polar.polar_daily_sends AS so_far
  VALUES (polar.day(NEW.updatedAtMs), CASE NEW.status WHEN 'pending' THEN 'retried' ELSE NEW.status END, 1)
  ON CONFLICT (day, result) DO UPDATE SET count = so_far.count + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER polar_delivery_queue_daily AFTER UPDATE OF status ON polar_delivery_queue
FOR EACH ROW WHEN (NEW.status <> OLD.status AND NEW.status <> 'sending') EXECUTE FUNCTION polar.count_send();

CREATE FUNCTION polar.count_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO polar.polar_daily_runs AS so_far
  VALUES (polar.day(NEW.createdAtMs), NEW.source, polar.field(NEW.output, '$.status'), 1)
  ON CONFLICT (day, source, status) DO UPDATE SET count = so_far.count + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER polar_run_events_daily AFTER INSERT ON polar_run_events
FOR EACH ROW EXECUTE FUNCTION polar.count_run();

CREATE FUNCTION polar.count_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE polar.polar_totals SET count = count + 1 WHERE name = 'updates.done';
  RETURN NULL;
END $$;
CREATE TRIGGER polar_updates_done AFTER UPDATE OF status ON polar_updates
FOR EACH ROW WHEN (NEW.status = 'done' AND OLD.status <> 'done') EXECUTE FUNCTION polar.count_update();

-- What calls of a model cost, by model, by person and by chat.
CREATE FUNCTION polar.count_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO polar.polar_daily_spend AS so_far
  SELECT subject.kind, polar.day(NEW.createdAtMs), subject.name, 1,
    CASE NEW.outcome WHEN 'answered' THEN 0 ELSE 1 END, CASE WHEN NEW.usd IS NULL THEN 1 ELSE 0 END,
    coalesce(NEW.inputTokens, 0), coalesce(NEW.outputTokens, 0), coalesce(NEW.usd, 0), coalesce(NEW.latencyMs, 0)
  FROM (VALUES ('model', NEW.model), ('user', NEW.userId), ('session', NEW.sessionId)) AS subject (kind, name)
  ON CONFLICT (kind, day, name) DO UPDATE SET
    calls = so_far.calls + 1, unanswered = so_far.unanswered + excluded.unanswered,
    unpriced = so_far.unpriced + excluded.unpriced, inputTokens = so_far.inputTokens + excluded.inputTokens,
    outputTokens = so_far.outputTokens + excluded.outputTokens,
    usd = polar.round(so_far.usd + excluded.usd, 9), latencyMs = so_far.latencyMs + excluded.latencyMs;
  RETURN NULL;
END $$;
CREATE TRIGGER polar_calls_daily AFTER UPDATE OF outcome ON polar_calls
FOR EACH ROW WHEN (OLD.outcome = 'open' AND NEW.outcome <> 'open') EXECUTE FUNCTION polar.count_call();

-- The highest sequence that was ever given in a table.
CREATE FUNCTION polar.count_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO polar.polar_sequences AS so_far VALUES (TG_TABLE_NAME, NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = greatest(so_far.highest, excluded.highest);
  RETURN NULL;
END $$;
CREATE TRIGGER polar_updates_given AFTER INSERT OR UPDATE OF sequence ON polar_updates
FOR EACH ROW EXECUTE FUNCTION polar.count_sequence();
CREATE TRIGGER polar_delivery_queue_given AFTER INSERT OR UPDATE OF sequence ON polar_delivery_queue
FOR EACH ROW EXECUTE FUNCTION polar.count_sequence();
