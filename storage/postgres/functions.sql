-- SQLite's functions, as far as the stores use them, under SQLite's names: what `translate` calls. What SQLite marks as
-- JSON has PostgreSQL's type `json` here, so that it is taken up as such and not as a text.
-- JSON is held as text, and read as `json`, not `jsonb`: that keeps the order of keys, and takes what Telegram sends.
CREATE SCHEMA IF NOT EXISTS polar;

-- Casts that refuse nothing.
CREATE FUNCTION polar.as_integer(value text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  digits numeric := coalesce(substring(value FROM '^[ \t\n\v\f\r]*([-+]?[0-9]+)'), '0')::numeric;
BEGIN
  RETURN least(greatest(digits, -9223372036854775808), 9223372036854775807)::bigint;
END $$;
CREATE FUNCTION polar.as_integer(value bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value';
CREATE FUNCTION polar.as_integer(value integer) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value::bigint';
CREATE FUNCTION polar.as_integer(value boolean) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT CASE WHEN value THEN 1 ELSE 0 END';
CREATE FUNCTION polar.as_integer(value double precision) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT CASE WHEN value >= 9223372036854775807 THEN 9223372036854775807
     WHEN value <= -9223372036854775808 THEN -9223372036854775808 ELSE trunc(value)::bigint END';

CREATE FUNCTION polar.as_real(value text) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT coalesce(substring(value FROM '^[ \t\n\v\f\r]*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)'), '0')
    ::double precision
$$;
CREATE FUNCTION polar.as_real(value double precision) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT value';

CREATE FUNCTION polar.as_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value';
CREATE FUNCTION polar.as_text(value json) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value::text';
CREATE FUNCTION polar.as_text(value bigint) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value::text';
CREATE FUNCTION polar.as_text(value integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value::text';
CREATE FUNCTION polar.as_text(value double precision) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE WHEN value::text ~ '[.eE]' THEN value::text ELSE value::text || '.0' END
$$;
CREATE FUNCTION polar.as_text(value bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN convert_from(value, 'UTF8');
EXCEPTION WHEN data_exception THEN
  RETURN '';  -- no text of ours
END $$;

CREATE FUNCTION polar.as_blob(value text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT convert_to(value, ''UTF8'')';
CREATE FUNCTION polar.as_blob(value json) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT convert_to(value::text, ''UTF8'')';
CREATE FUNCTION polar.as_blob(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT value';

-- Whether a text is JSON. (PostgreSQL 16 can be asked that; before, one has to try.)
CREATE FUNCTION polar.json_valid(document text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  PERFORM document::json;
  RETURN true;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN false;
END $$;

DO $$
BEGIN
  IF current_setting('server_version_num')::integer >= 160000 THEN
    CREATE OR REPLACE FUNCTION polar.json_valid(document text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS
      'BEGIN RETURN pg_input_is_valid(document, ''json''); END';
  END IF;
END $$;

-- The steps of a path such as `$.run.companions[0].id`.
CREATE FUNCTION polar.json_steps(path text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  IF path ~ '^\$(\.[^."\[]+)*$' THEN
    RETURN string_to_array(substr(path, 3), '.');
  END IF;
  RETURN (
    SELECT array_agg(coalesce(step[1], step[2], step[3]) ORDER BY place)
    FROM regexp_matches(path, '\."([^"]*)"|\.([^.\[]+)|\[(\d+)\]', 'g') WITH ORDINALITY AS found (step, place));
END $$;

-- JSON of which every string can be read. What no text of PostgreSQL can hold is not in it: NULs are left out, a half of
-- a character is U+FFFD. Only where one is written as an escape can there be any.
CREATE FUNCTION polar.json_read(document text) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  IF document ~ '\\u(0000|[dD][89a-fA-F])' THEN
    document := regexp_replace(document, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g');
    document := regexp_replace(
      document, '(?<!\\)((?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])', '\1\\ufffd', 'g');
    document := regexp_replace(
      document, '(?<!\\|\\u[dD][89abAB][0-9a-fA-F]{2})((?:\\\\)*)\\u[dD][c-fC-F][0-9a-fA-F]{2}', '\1\\ufffd', 'g');
  END IF;
  RETURN document::json;
END $$;

CREATE FUNCTION polar.json_atom(value json) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN CASE json_typeof(value)
    WHEN 'string' THEN value #>> '{}'
    WHEN 'boolean' THEN CASE value::text WHEN 'true' THEN '1' ELSE '0' END
    WHEN 'null' THEN NULL
    ELSE value::text END;
END $$;

CREATE FUNCTION polar.json_extract(document json, path text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN polar.json_atom(document #> polar.json_steps(path));
END $$;

CREATE FUNCTION polar.json_extract(document text, path text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN polar.json_atom(polar.json_read(document) #> polar.json_steps(path));
END $$;

CREATE FUNCTION polar.json_type(value json) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN CASE json_typeof(value)
    WHEN 'string' THEN 'text'
    WHEN 'number' THEN CASE WHEN value::text ~ '[.eE]' THEN 'real' ELSE 'integer' END
    WHEN 'boolean' THEN value::text
    ELSE json_typeof(value) END;
END $$;

CREATE FUNCTION polar.json_type(document text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT polar.json_type(polar.json_read(document))';
CREATE FUNCTION polar.json_type(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT polar.json_type(polar.json_read(document) #> polar.json_steps(path))';

CREATE FUNCTION polar.json(document text) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS 'SELECT polar.json_read(document)';
CREATE FUNCTION polar.json(document json) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS 'SELECT document';

CREATE FUNCTION polar.json_quote(value text) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT coalesce(to_json(value), ''null''::json)';
CREATE FUNCTION polar.json_quote(value bigint) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT coalesce(to_json(value), ''null''::json)';
CREATE FUNCTION polar.json_quote(value integer) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_quote(value::bigint)';
CREATE FUNCTION polar.json_quote(value double precision) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT coalesce(polar.as_text(value)::json, ''null''::json)';
CREATE FUNCTION polar.json_quote(value json) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT coalesce(value, ''null''::json)';

-- An object of members that are written already, with no blank in between.
CREATE FUNCTION polar.json_members(names text[], members json[]) RETURNS json LANGUAGE sql IMMUTABLE AS $$
  SELECT ('{' || coalesce(string_agg(to_json(name)::text || ':' || member::text, ',' ORDER BY place), '') || '}')::json
  FROM unnest(names, members) WITH ORDINALITY AS found (name, member, place)
$$;

-- The elements of an object or an array.
CREATE FUNCTION polar.json_each(document json)
RETURNS TABLE (key text, value text, type text, atom text) LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  CASE json_typeof(document)
    WHEN 'object' THEN
      RETURN QUERY SELECT member.key, polar.json_atom(member.value), polar.json_type(member.value),
        CASE WHEN json_typeof(member.value) NOT IN ('object', 'array') THEN polar.json_atom(member.value) END
      FROM pg_catalog.json_each(document) AS member;
    WHEN 'array' THEN
      RETURN QUERY SELECT (member.place - 1)::text, polar.json_atom(member.value), polar.json_type(member.value),
        CASE WHEN json_typeof(member.value) NOT IN ('object', 'array') THEN polar.json_atom(member.value) END
      FROM json_array_elements(document) WITH ORDINALITY AS member (value, place);
    ELSE
      RETURN QUERY SELECT NULL::text, polar.json_atom(document), polar.json_type(document), polar.json_atom(document);
  END CASE;
END $$;

CREATE FUNCTION polar.json_each(document text)
RETURNS TABLE (key text, value text, type text, atom text) LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT * FROM polar.json_each(polar.json_read(document))';
CREATE FUNCTION polar.json_each(document text, path text)
RETURNS TABLE (key text, value text, type text, atom text) LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT * FROM polar.json_each(polar.json_read(document) #> polar.json_steps(path))';

-- Steps beyond the end of what is there make objects; steps into what is no object change nothing.
CREATE FUNCTION polar.json_put(document json, steps text[], value json) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  kind text := json_typeof(document);
  others text[] := steps[2:];
  names text[];
  members json[];
BEGIN
  IF cardinality(steps) = 0 THEN
    RETURN value;
  ELSIF document IS NULL THEN
    RETURN polar.json_members(steps[1:1], ARRAY[polar.json_put(NULL, others, value)]);
  ELSIF kind = 'object' THEN
    SELECT array_agg(key ORDER BY place),
      array_agg(CASE key WHEN steps[1] THEN polar.json_put(member.value, others, $3) ELSE member.value END ORDER BY place)
    INTO names, members FROM pg_catalog.json_each(document) WITH ORDINALITY AS member (key, value, place);
    IF steps[1] <> ALL (names) OR names IS NULL THEN
      names := names || steps[1];
      members := members || polar.json_put(NULL, others, value);
    END IF;
    RETURN polar.json_members(names, members);
  ELSIF kind = 'array' AND steps[1] ~ '^\d+$' THEN
    RETURN ('[' || coalesce((
      SELECT string_agg(CASE place - 1 WHEN steps[1]::integer
        THEN polar.json_put(member.value, others, $3) ELSE member.value END::text, ',' ORDER BY place)
      FROM json_array_elements(document) WITH ORDINALITY AS member (value, place)), '') || ']')::json;
  END IF;
  RETURN document;
END $$;

CREATE FUNCTION polar.json_set(document json, path text, value json) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_put(document, polar.json_steps(path), coalesce(value, ''null''::json)) WHERE document IS NOT NULL';
CREATE FUNCTION polar.json_set(document text, path text, value json) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_set(polar.json_read(document), path, value)';
CREATE FUNCTION polar.json_set(document text, path text, value text) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_set(polar.json_read(document), path, polar.json_quote(value))';
CREATE FUNCTION polar.json_set(document text, path text, value bigint) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_set(polar.json_read(document), path, polar.json_quote(value))';
CREATE FUNCTION polar.json_set(document json, path text, value text) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_set(document, path, polar.json_quote(value))';
CREATE FUNCTION polar.json_set(document json, path text, value bigint) RETURNS json LANGUAGE sql IMMUTABLE AS
  'SELECT polar.json_set(document, path, polar.json_quote(value))';

CREATE FUNCTION polar.json_without(document json, steps text[]) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  kind text := json_typeof(document);
  is_last boolean := cardinality(steps) = 1;
BEGIN
  IF kind = 'object' AND document -> steps[1] IS NOT NULL THEN
    RETURN (
      SELECT polar.json_members(array_agg(key ORDER BY place), array_agg(
        CASE key WHEN steps[1] THEN polar.json_without(member.value, steps[2:]) ELSE member.value END ORDER BY place))
      FROM pg_catalog.json_each(document) WITH ORDINALITY AS member (key, value, place) WHERE NOT (is_last AND key = steps[1]));
  ELSIF kind = 'array' AND steps[1] ~ '^\d+$' THEN
    RETURN ('[' || coalesce((
      SELECT string_agg(CASE place - 1 WHEN steps[1]::integer
        THEN polar.json_without(member.value, steps[2:]) ELSE member.value END::text, ',' ORDER BY place)
      FROM json_array_elements(document) WITH ORDINALITY AS member (value, place)
      WHERE NOT (is_last AND place - 1 = steps[1]::integer)), '') || ']')::json;
  END IF;
  RETURN document;
END $$;

CREATE FUNCTION polar.json_remove(document json, paths text[]) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  path text;
BEGIN
  FOREACH path IN ARRAY paths LOOP
    document := polar.json_without(document, polar.json_steps(path));
  END LOOP;
  RETURN document;
END $$;

CREATE FUNCTION polar.json_remove(document text, paths text[]) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT polar.json_remove(polar.json_read(document), paths)';

-- RFC 7396.
CREATE FUNCTION polar.json_patch(document json, patch json) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  change record;
BEGIN
  IF json_typeof(patch) <> 'object' THEN
    RETURN patch;
  ELSIF json_typeof(document) <> 'object' THEN
    document := '{}';
  END IF;
  FOR change IN SELECT * FROM pg_catalog.json_each(patch) LOOP
    document := CASE json_typeof(change.value)
      WHEN 'null' THEN polar.json_without(document, ARRAY[change.key])
      WHEN 'object' THEN polar.json_put(document, ARRAY[change.key],
        polar.json_patch(coalesce(document -> change.key, '{}'::json), change.value))
      ELSE polar.json_put(document, ARRAY[change.key], change.value) END;
  END LOOP;
  RETURN document;
END $$;

CREATE FUNCTION polar.json_patch(document text, patch text) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT polar.json_patch(polar.json_read(document), polar.json_read(patch))';
CREATE FUNCTION polar.json_patch(document text, patch json) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT polar.json_patch(polar.json_read(document), patch)';
CREATE FUNCTION polar.json_patch(document json, patch text) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT polar.json_patch(document, polar.json_read(patch))';

-- What `json_build_object` makes has blanks in it.
CREATE FUNCTION polar.json_object(built json) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT polar.json_members(array_agg(key ORDER BY place), array_agg(value ORDER BY place))
  FROM pg_catalog.json_each(built) WITH ORDINALITY AS member (key, value, place)
$$;

CREATE FUNCTION polar.typeof(value text) RETURNS text LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN value IS NULL THEN ''null'' ELSE ''text'' END';
CREATE FUNCTION polar.typeof(value bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN value IS NULL THEN ''null'' ELSE ''integer'' END';
CREATE FUNCTION polar.typeof(value integer) RETURNS text LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN value IS NULL THEN ''null'' ELSE ''integer'' END';
CREATE FUNCTION polar.typeof(value double precision) RETURNS text LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN value IS NULL THEN ''null'' ELSE ''real'' END';
CREATE FUNCTION polar.typeof(value bytea) RETURNS text LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN value IS NULL THEN ''null'' ELSE ''blob'' END';

-- The greater and the lesser of two; NULL where one is.
CREATE FUNCTION polar.max(one integer, other integer) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT CASE WHEN one >= other THEN one ELSE other END::bigint';
CREATE FUNCTION polar.min(one integer, other integer) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT CASE WHEN one <= other THEN one ELSE other END::bigint';
CREATE FUNCTION polar.max(one bigint, other bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT CASE WHEN one >= other THEN one ELSE other END';
CREATE FUNCTION polar.max(one double precision, other double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS 'SELECT CASE WHEN one >= other THEN one ELSE other END';
CREATE FUNCTION polar.min(one bigint, other bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT CASE WHEN one <= other THEN one ELSE other END';
CREATE FUNCTION polar.min(one double precision, other double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS 'SELECT CASE WHEN one <= other THEN one ELSE other END';

-- PostgreSQL's own sum of whole numbers is none, and divides as none.
CREATE AGGREGATE polar.sum(bigint) (SFUNC = int8pl, STYPE = bigint);
CREATE AGGREGATE polar.sum(integer) (SFUNC = int4_sum, STYPE = bigint);
CREATE FUNCTION polar.add_text(total double precision, value text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
  'SELECT CASE WHEN value IS NULL THEN total ELSE coalesce(total, 0) + polar.as_real(value) END';
CREATE AGGREGATE polar.sum(text) (SFUNC = polar.add_text, STYPE = double precision);
CREATE AGGREGATE polar.sum(double precision) (SFUNC = float8pl, STYPE = double precision);

-- Of the digits that tell the number apart from all others, not of the first fifteen.
CREATE FUNCTION polar.round(value double precision, places bigint)
RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS
  'SELECT round(value::text::numeric, places::integer)::double precision';

-- The day of an instant in seconds, in UTC; NULL where the calendar has none.
CREATE FUNCTION polar.date(seconds bigint, unit text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN CASE WHEN seconds BETWEEN -62135596800 AND 253402300799
    THEN to_char(to_timestamp(seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD') END;
END $$;

CREATE FUNCTION polar.hex(value bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT upper(encode(value, ''hex''))';

-- Of chance that nobody can guess, 244 bits in every 32 bytes.
CREATE FUNCTION polar.randomblob(bytes bigint) RETURNS bytea LANGUAGE sql VOLATILE STRICT AS $$
  SELECT substring(
    string_agg(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), '') FROM 1 FOR bytes::integer)
  FROM generate_series(0, bytes / 32)
$$;
